import FleetWire
import Foundation

@testable import FleetSimulationServer

/// One recorded exchange with a real API server.
struct Exchange: Sendable {
    let method: String
    let path: String
    let accept: String
    let contentType: String
    let body: [UInt8]
    /// Nil for a watch that went well.
    let status: Int?
    let headers: [String: String]
    let answer: JSONValue
    let events: [JSONValue]

    init(_ json: JSONValue) {
        let request = json["request"]
        method = request["method"].string ?? ""
        path = request["path"].string ?? ""
        accept = request["headers"]["Accept"].string ?? ""
        contentType = request["headers"]["Content-Type"].string ?? ""
        switch request["body"] {
        case .null: body = []
        case .string(let text): body = Array(text.utf8)
        case let value: body = value.serialized
        }
        status = json["response"]["status"].int
        headers = json["response"]["headers"].strings
        answer = json["response"]["body"]
        events = json["watch"].elements
    }

    /// The exchanges of a recording, in order.
    static func all(_ name: String) throws -> [Exchange] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appendingPathComponent("Fixtures/\(name).json")
        return try JSONValue(parsing: Data(contentsOf: file)).elements.map(Exchange.init)
    }
}

/// Comparison of answers by shape: the same members with values of the same kind; names, times and numbers may differ.
enum Shape {
    /// What a real server writes and the simulated one leaves out, each with its reason in the comment.
    private static let omitted: Set<String> = [
        "managedFields",  // field ownership is not tracked
        "podCIDR", "podCIDRs",  // no network is simulated
        "volumes", "volumeMounts",  // the service account's projected token
        "terminatingReplicas",  // not modelled
        "lastState",  // always empty
    ]

    /// Maps whose keys are data.
    private static let data: Set<String> = ["labels", "annotations", "matchLabels", "capacity", "allocatable"]

    /// Where an answer lacks what the recording has, or has it in another kind.
    static func differences(_ recorded: JSONValue, _ answered: JSONValue, at path: String = "") -> [String] {
        switch (recorded, answered) {
        case (.object(let wanted), .object):
            return wanted.flatMap { member -> [String] in
                let inner = "\(path).\(member.key)"
                if omitted.contains(member.key) { return [] }
                guard let found = answered.object?[member.key] else { return ["\(inner) is missing"] }
                return data.contains(member.key) ? [] : differences(member.value, found, at: inner)
            }
        case (.array(let wanted), .array(let found)):
            guard let last = found.last else { return wanted.isEmpty ? [] : ["\(path) is empty"] }
            let compared = path.hasSuffix("conditions") ? [] : wanted
            return compared.enumerated().flatMap { index, element in
                differences(element, index < found.count ? found[index] : last, at: "\(path)[\(index)]")
            }
        case (.string, .string), (.number, .number), (.bool, .bool), (.null, .null): return []
        case (.string, .null) where path.hasSuffix("Time"), (.null, .string) where path.hasSuffix("Time"): return []
        default: return ["\(path) is \(answered), recorded \(recorded)"]
        }
    }
}
