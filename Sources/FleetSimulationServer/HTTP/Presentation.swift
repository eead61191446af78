import FleetModel
import FleetWire

/// The form of an answer that a client accepts.
enum Presentation: Sendable {
    case json
    case partialMetadata
    case table(Table.Included)

    /// The first form of `Accept` that is served.
    init(_ request: APIRequest) {
        self = .json
        for type in request.accept.split(separator: ",") {
            let parts = type.split(separator: ";").map { trimmed($0) }
            let kind = parts.first { $0.hasPrefix("as=") }?.dropFirst(3)
            switch kind {
            case "Table" where parts.contains("v=v1"):
                self = .table(Table.Included(rawValue: request.query["includeObject"] ?? "") ?? .metadata)
                return
            case "PartialObjectMetadataList", "PartialObjectMetadata":
                self = .partialMetadata
                return
            case nil where ["application/json", "*/*", "application/*"].contains(parts.first): return
            default: continue
            }
        }
    }

    /// One object.
    func object(_ json: JSONValue, _ resource: APIResource, now: Instant, header: Bool = true) -> JSONValue {
        let shown = resource.shownForm(json)
        guard shown["kind"].string == resource.kind else { return shown }
        switch self {
        case .json: return shown
        case .partialMetadata: return Table.partialMetadata(shown)
        case .table(let included):
            let metadata: JSONValue = ["resourceVersion": shown["metadata"]["resourceVersion"]]
            return Table.json(
                [json], resource, metadata: metadata, include: included, header: header, now: now)
        }
    }

    /// A list.
    func list(_ page: ListPage, _ resource: APIResource, now: Instant) -> JSONValue {
        switch self {
        case .table(let included):
            return Table.json(page.objects, resource, metadata: page.metadata, include: included, now: now)
        case .partialMetadata:
            return [
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": page.metadata,
                "items": .array(page.objects.map(Table.partialMetadata)),
            ]
        case .json:
            return [
                "kind": "\(resource.kind)List", "apiVersion": .string(resource.groupVersion),
                "metadata": page.metadata, "items": .array(page.objects.map { item($0, resource) }),
            ]
        }
    }

    /// Items of a list carry neither kind nor version.
    private func item(_ json: JSONValue, _ resource: APIResource) -> JSONValue {
        var item = resource.shownForm(json)
        item.removeMember("kind")
        item.removeMember("apiVersion")
        return item
    }
}
