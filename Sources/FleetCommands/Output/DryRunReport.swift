import FleetModel
import FleetReport
import FleetRuntime

/// What a run would do, node by node; nothing was changed.
struct DryRunReport: Report {
    /// `fleet.dry-run/v1`.
    struct Document: Encodable {
        let schema = "fleet.dry-run/v1"
        let nodes: [Node]
    }

    /// One node's part.
    struct Node: Encodable {
        let node: NodeName
        let wave: Int
        let refusal: String?
        let steps: [Step]
    }

    /// One step's part.
    struct Step: Encodable {
        let step: String
        let would: [String]
    }

    private let nodes: [NodePreview]

    /// The report of previews, in the order of the plan.
    init(_ nodes: [NodePreview]) { self.nodes = nodes }

    var document: Document {
        Document(
            nodes: nodes.map { node in
                Node(
                    node: node.node, wave: node.wave, refusal: node.refusal,
                    steps: node.steps.map { Step(step: $0.kind, would: $0.lines) }
                )
            }
        )
    }

    func text(_ style: TextStyle) -> String {
        let refused = nodes.count { $0.refusal != nil }
        let end =
            refused == 0
            ? "dry run: nothing was changed"
            : "dry run: nothing was changed; \(refused) of \(nodes.count) hosts cannot be worked on"
        return (nodes.map { text($0, style) } + [end]).joined(separator: "\n\n")
    }

    private func text(_ node: NodePreview, _ style: TextStyle) -> String {
        var lines = ["wave \(node.wave)  \(style(.strong, node.node.rawValue))"]
        if let refusal = node.refusal { lines.append("  \(style(.bad, "refused")): \(refusal)") }
        let width = node.steps.reduce(0) { max($0, $1.kind.count) }
        for step in node.steps {
            for (position, line) in step.lines.enumerated() {
                let name = position == 0 ? step.kind : ""
                let blanks = String(repeating: " ", count: width - name.count)
                lines.append("  \(style(.faint, name))\(blanks)  \(line)")
            }
        }
        return lines.joined(separator: "\n")
    }
}
