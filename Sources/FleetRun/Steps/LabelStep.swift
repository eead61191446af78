public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `label: {labels, role, remove}` – the Node carries the inventory's labels, its zone and what is listed (E11).
public struct LabelStep: Step {
    /// `label`.
    public static let kind = "label"
    /// What it does, for editors and lists.
    public static let purpose = "The Node carries the inventory's labels, its zone and what is listed."

    /// Labels beyond the inventory's; they win.
    public var labels: [String: Template]
    /// `node-role.kubernetes.io/ROLE`, with an empty value; nil sets none.
    public var role: String?
    /// Labels to be taken off.
    public var removed: [String]

    /// Reads `labels`, `role` and `remove`.
    public init?(_ arguments: inout LocatedDecoder) {
        labels = arguments.optional("labels", .dictionary(of: .template)) ?? [:]
        role = arguments.optional("role", .string)
        removed = arguments.optional("remove", .list(of: .string)) ?? []
        for key in labels.keys.sorted() + removed where !LabelText.isKey(key) {
            arguments.report("\"\(key)\" is no label's key")
        }
        if let role, !LabelText.isValue(role) || role.isEmpty { arguments.report("\"\(role)\" is no role") }
    }

    /// The keys of the labels that it sets beyond the inventory's, by name.
    var keys: [String] { labels.keys.sorted() + (role.map { ["node-role.kubernetes.io/\($0)"] } ?? []) }

    /// `label the Node`.
    public var title: String { "label the Node" }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("patch", "nodes")] }
    /// Repeatable.
    public var traits: StepTraits { .repeatable }

    /// Patches what differs, and waits until it shows.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .failed("there is no Node \(context.target.node) to label") }
        let changes: [String: String?]
        do { changes = try self.changes(to: node, in: context) } catch { return .failed("\(title): \(error)") }
        guard !changes.isEmpty else {
            let own = context.memory.acts["label"] != nil
            return .done(changed: own, own ? "labelled" : "its labels are as wanted")
        }
        return context.request(
            "label", "label \(node.name) \(Self.text(changes))",
            .patchNode(node.name, uid: node.uid, NodePatch(labels: changes)),
            waitingFor: "the labels")
    }

    /// Says which labels would change.
    public func preview(_ context: StepContext) -> StepPreview {
        guard let node = context.current else { return StepPreview(["would label the Node once it is there"]) }
        do {
            let changes = try self.changes(to: node, in: context)
            return StepPreview([
                changes.isEmpty ? "nothing to do: its labels are as wanted" : "would label it \(Self.text(changes))"
            ])
        } catch {
            return StepPreview(["cannot \(title): \(error)"])
        }
    }

    private func changes(to node: Node, in context: StepContext) throws -> [String: String?] {
        let member = context.run.inventory.first { $0.node == node.name }
        var wanted = member?.labels ?? [:]
        if let zone = member?.zone { wanted[Self.zoneKey] = zone.rawValue }
        if let role { wanted["node-role.kubernetes.io/\(role)"] = "" }
        for (key, template) in labels { wanted[key] = try template.text(in: context.scope) }
        for (key, value) in wanted where !LabelText.isKey(key) || !LabelText.isValue(value) {
            throw StepRefusal("\"\(key)=\(value)\" is no label")
        }
        if let zone = node.zone?.rawValue, let other = wanted[Self.zoneKey], other != zone {
            throw StepRefusal(
                "the inventory says zone \(other), the Node is labelled \(zone); mend the one that is wrong")
        }
        var changes: [String: String?] = [:]
        for (key, value) in wanted where node.labels[key] != value { changes[key] = value }
        for key in removed where node.labels[key] != nil { changes[key] = .some(nil) }
        return changes
    }

    private static let zoneKey = "topology.kubernetes.io/zone"

    private static func text(_ changes: [String: String?]) -> String {
        changes.sorted { $0.key < $1.key }.map { key, value in value.map { "\(key)=\($0)" } ?? "\(key)-" }
            .joined(separator: " ")
    }
}
