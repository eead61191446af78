import FleetModel
public import FleetPlanning

/// What a plan's targets carry, for people: pods by owner and zone (D1), requests and limits against what the rest of
/// the cluster can take (D2), and what every budget permits (D14).
public struct LoadText: Sendable {
    private let load: TargetLoad
    private let style: TextStyle
    private let namesPods: Bool

    /// The text of a load; with `namesPods` it names every pod.
    public init(_ load: TargetLoad, namesPods: Bool = false, style: TextStyle = .plain) {
        self.load = load
        self.namesPods = namesPods
        self.style = style
    }

    /// Owners, nodes, and whether the sum fits.
    public var text: String {
        [owners, namesPods ? pods : "", budgets, nodes, sum].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    // MARK: - Pods by owner

    private var zones: [String] { Set(load.owners.flatMap(\.podsByZone.keys)).sorted() }

    private var pods: String {
        load.owners.map { owner in
            ([owner.owner] + (owner.pods ?? []).map { "  \($0)" }).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private var owners: String {
        guard !load.owners.isEmpty else { return "no pods on the targets" }
        let zones = zones
        var table = TextTable(
            ["namespace", "owner", "pods"] + zones.map { $0.isEmpty ? "no zone" : "zone \($0)" } + [""])
        for owner in load.owners.sorted(by: {
            ($1.leaves ? 1 : 0, $0.namespace, $0.owner) < ($0.leaves ? 1 : 0, $1.namespace, $1.owner)
        }) {
            let counts = zones.map { zone -> TextTable.Cell in
                owner.podsByZone[zone].map { "\($0)" } ?? TextTable.Cell("·", .faint)
            }
            let fate = owner.leaves ? TextTable.Cell("leave") : TextTable.Cell("stay with the node", .faint)
            table.add(
                [
                    TextTable.Cell(owner.namespace), TextTable.Cell(name(of: owner)),
                    "\(owner.podsByZone.values.reduce(0, +))",
                ]
                    + counts + [fate])
        }
        return table.text(style)
    }

    /// The namespace has a column of its own.
    private func name(of owner: TargetLoad.OwnerLoad) -> String {
        owner.owner.split(separator: " ", maxSplits: 1).map(String.init).map { part in
            part.hasPrefix(owner.namespace + "/") ? String(part.dropFirst(owner.namespace.count + 1)) : part
        }.joined(separator: " ")
    }

    // MARK: - Budgets

    private var budgets: String {
        guard let budgets = load.budgets, !budgets.isEmpty else { return "" }
        var table = TextTable([
            "namespace", "budget", "bound", "healthy", "needs", "permits now", "pods on the targets",
        ])
        for budget in budgets {
            let permits =
                budget.allowed > 0 || budget.podsOnTargets == 0
                ? TextTable.Cell("\(budget.allowed)") : TextTable.Cell("0", .warning)
            table.add([
                TextTable.Cell(budget.key.namespace), TextTable.Cell(budget.key.name), TextTable.Cell(budget.bound),
                "\(budget.healthy)", "\(budget.desired)", permits, "\(budget.podsOnTargets)",
            ])
        }
        return table.text(style)
    }

    // MARK: - Requests and limits

    private var nodes: String {
        guard !load.nodes.isEmpty else { return "" }
        var table = TextTable([
            "node", "zone", "pods", "cpu requested", "limits", "of", "memory requested", "limits", "of",
        ])
        for node in load.nodes {
            table.add([
                TextTable.Cell(node.node.rawValue), TextTable.Cell(node.zone?.rawValue ?? "·"),
                TextTable.Cell("\(node.pods)/\(node.allocatable.pods)"),
                TextTable.Cell(share(node.requests.milliCPU, of: node.allocatable.milliCPU, Self.cores)),
                TextTable.Cell(Self.cores(node.limits.milliCPU)), TextTable.Cell(Self.cores(node.allocatable.milliCPU)),
                TextTable.Cell(share(node.requests.memory, of: node.allocatable.memory, Self.bytes)),
                TextTable.Cell(Self.bytes(node.limits.memory)), TextTable.Cell(Self.bytes(node.allocatable.memory)),
            ])
        }
        return table.text(style)
    }

    private func share(_ amount: Int64, of whole: Int64, _ words: (Int64) -> String) -> String {
        whole > 0 ? "\(words(amount)) (\(amount * 100 / whole)%)" : words(amount)
    }

    private var sum: String {
        let (need, room) = (load.leaving, load.room)
        let fits = Int64(load.leavingPods) <= room.pods && need.milliCPU <= room.milliCPU && need.memory <= room.memory
        let verdict = fits ? style(.good, "the sum fits") : style(.bad, "the sum does not fit")
        return
            "\(Words.count(load.leavingPods, "pod")) leave with requests of \(Self.cores(need.milliCPU)) cpu and \(Self.bytes(need.memory)); "
            + "the Ready, schedulable nodes that stay have \(Self.cores(room.milliCPU)) cpu, \(Self.bytes(room.memory)) "
            + "and \(room.pods) places left: \(verdict); a single pod that would find no node is a blocker of the plan"
    }

    private static func cores(_ milli: Int64) -> String { RehearsalText.hundredths(Double(milli) / 1000) }

    private static func bytes(_ bytes: Int64) -> String {
        let units: [(Double, String)] = [
            (Double(1 << 40), "Ti"), (Double(1 << 30), "Gi"), (Double(1 << 20), "Mi"),
        ]
        for (size, name) in units where Double(abs(bytes)) >= size {
            let tenths = Int((Double(bytes) / size * 10).rounded())
            return tenths % 10 == 0 ? "\(tenths / 10)\(name)" : "\(tenths / 10).\(abs(tenths % 10))\(name)"
        }
        return "\(bytes)"
    }
}
