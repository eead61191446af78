public import FleetModel
import FleetWire

extension KubernetesClient {
    /// Reads a Node's conditions and the warning events about it; nil where there is no such Node.
    ///
    /// A user who may not list events has none.
    public func health(of node: NodeName) async throws(ClusterFailure) -> NodeHealth? {
        // A list, which every reader of the cluster may ask for anyway.
        let request = APIRequest(
            .get, APIResource.nodes.path, query: [("fieldSelector", "metadata.name=\(node)")])
        let nodes = try await read(request, subject: "read Node \(node)")["items"].elements
        guard let json = nodes.first else { return nil }
        let conditions = json["status"]["conditions"].elements.map { condition in
            NodeHealth.Condition(
                type: condition["type"].string ?? "", status: condition["status"].string ?? "",
                reason: condition["reason"].string ?? "", message: condition["message"].string ?? "")
        }
        return NodeHealth(conditions: conditions, warnings: try await warnings(about: node))
    }

    private func warnings(about node: NodeName) async throws(ClusterFailure) -> [String] {
        let selector = "involvedObject.kind=Node,involvedObject.name=\(node),type=Warning"
        // Events about what has no namespace are kept in this one.
        let request = APIRequest(.get, "/api/v1/namespaces/default/events", query: [("fieldSelector", selector)])
        let events: [JSONValue]
        do throws(ClusterFailure) {
            events = try await read(request, subject: "list events about Node \(node)")["items"].elements
        } catch {
            if error.code == .forbidden { return [] }
            throw error
        }
        // What fleet itself told of the Node explains nothing.
        let others = events.filter { $0["reportingComponent"].string != "fleet.run/fleet" }
        let dated = others.map { event in
            (
                time: event["lastTimestamp"].string ?? event["eventTime"].string ?? "",
                text: event["message"].string ?? ""
            )
        }
        var seen: Set<String> = []
        return dated.sorted { $0.time > $1.time }.map(\.text).filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}
