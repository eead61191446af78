public import FleetModel
import FleetWire

extension KubernetesClient {
    /// Reads a Node's conditions and the warning events about it; nil where there is no such Node.
    public func health(of node: NodeName) async throws(ClusterFailure) -> NodeHealth? {
        let subject = "read Node \(node)"
        let json: JSONValue
        do throws(ClusterFailure) {
            json = try await read(APIRequest(.get, APIResource.nodes.path(name: node.rawValue)), subject: subject)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
        let conditions = json["status"]["conditions"].elements.map { condition in
            NodeHealth.Condition(
                type: condition["type"].string ?? "", status: condition["status"].string ?? "",
                reason: condition["reason"].string ?? "", message: condition["message"].string ?? "")
        }
        return NodeHealth(conditions: conditions, warnings: try await warnings(about: node))
    }

    private func warnings(about node: NodeName) async throws(ClusterFailure) -> [String] {
        let selector = "involvedObject.kind=Node,involvedObject.name=\(node),type=Warning"
        let request = APIRequest(.get, "/api/v1/events", query: [("fieldSelector", selector)])
        let events = try await read(request, subject: "list events about Node \(node)")["items"].elements
        let dated = events.map { event in
            (
                time: event["lastTimestamp"].string ?? event["eventTime"].string ?? "",
                text: event["message"].string ?? ""
            )
        }
        var seen: Set<String> = []
        return dated.sorted { $0.time > $1.time }.map(\.text).filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}
