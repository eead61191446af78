import FleetExpressions
import FleetModel

/// Finds what is probably a slip: a zone or pool that only one host names, among others that many share.
struct InventoryCheck {
    private let document: InventoryDocument

    init(_ document: InventoryDocument) { self.document = document }

    var warnings: [Diagnostic] {
        let hosts = document.inventory.hosts
        return loners(hosts.map { ($0, $0.zone?.rawValue) }, "zone")
            + loners(hosts.map { ($0, $0.pool?.rawValue) }, "pool")
    }

    private func loners(_ values: [(host: Host, value: String?)], _ name: String) -> [Diagnostic] {
        let counts = Dictionary(grouping: values.compactMap(\.value)) { $0 }.mapValues(\.count)
        let shared = counts.filter { $0.value > 1 }.keys.sorted()
        return values.compactMap { host, value in
            guard let value, counts[value] == 1 else { return nil }
            guard let near = Suggestion.nearest(to: value, among: shared) else { return nil }
            return Diagnostic(
                "host \"\(host.name)\" has \(name) \"\(value)\", which no other host uses (known: \(shared.joined(separator: ", ")))",
                at: document.location(of: name, on: host.name) ?? SourceLocation(file: "inventory"),
                suggestion: "did you mean \"\(near)\"?", severity: .warning)
        }
    }
}
