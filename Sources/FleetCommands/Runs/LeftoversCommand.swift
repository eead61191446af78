import ArgumentParser
import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPorts
import FleetReport
import FleetRun

/// `fleet leftovers`: what runs left on a cluster, from any machine; `--restore` undoes it (safety rule 23).
struct LeftoversCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leftovers",
        abstract: "Find what unfinished, lost or ended runs left on the cluster, and undo it.",
        discussion: """
            Every temporary change carries its run and the previous value on the object itself, so neither the run's \
            journal nor its machine is needed. With --restore values are set back where nobody else changed them since; \
            somebody else's values stay, and only fleet's note goes. An unfinished run must be ended first, or taken over.
            """
    )

    @Flag(help: "Set back what is temporary.")
    var restore = false

    @Flag(help: "With --restore: lift fleet's cordons too. Whether a host was cleaned already is yours to know.")
    var uncordon = false

    @Option(
        name: .customLong("in-service"), parsing: .singleValue,
        help: ArgumentHelp(
            "With --restore: a host that was proved off and is well again; fleet's out-of-service taint goes. Repeatable.",
            valueName: "node"))
    var inService: [String] = []

    @OptionGroup(title: "Lock") var lock: LockOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            if uncordon, !restore { throw UsageError("--uncordon belongs to --restore") }
            if !inService.isEmpty, !restore { throw UsageError("--in-service belongs to --restore") }
            let search = LeftoverSearch(liftsCordons: uncordon, nodesInService: Set(inService.map { NodeName($0) }))
            return try await KubernetesClient.withClient(connection: try cluster.connection()) { client in
                guard restore else {
                    output.report(LeftoversReport(try await find(search, client, output), restored: nil))
                    return .done
                }
                return try await restore(search, client, output)
            }
        }
    }

    /// Nobody else may be at work meanwhile: the lock is taken for it, and given back.
    private func restore(_ search: LeftoverSearch, _ client: KubernetesClient, _ output: Output) async throws
        -> FleetExit
    {
        let journal = try SQLiteJournal.open(state)
        try journal.reserve(RunLock.leftovers)
        defer { journal.release(RunLock.leftovers) }
        let runLock = RunLock(client: client, journal: journal, output: output, takeOver: lock.run)
        let cluster = try await client.clusterUID()
        let lease = try await runLock.take(for: RunLock.leftovers, plan: "")
        let report: LeftoversReport
        do {
            report = try await restore(search, client, output)
        } catch {
            await runLock.release(lease)
            throw error
        }
        await runLock.release(lease)
        // Told before it is noted: what was done must not be lost with the note.
        output.report(report)
        try await journal.note(report.restoredWords.map { .now("leftovers --restore", $0, in: cluster) })
        return report.isClean ? .done : .failed
    }

    private func restore(
        _ search: LeftoverSearch, _ client: KubernetesClient, _ output: Output
    ) async throws -> LeftoversReport {
        var restored: [Leftover] = []
        var failures: [String: ClusterFailure] = [:]
        var left = try await find(search, client, output)
        for _ in 0..<8 {
            var seen: Set<String> = []
            let due = left.filter { $0.isRestorable && seen.insert($0.object).inserted }
            if due.isEmpty { break }
            for leftover in due {
                guard case .restore(let request, let version) = leftover.fate else { continue }
                let guarded = version.map { ClusterRequest.ifUnchanged(since: $0, request) } ?? request
                switch await client.perform(guarded) {
                case .succeeded:
                    restored.append(leftover)
                    failures[leftover.object] = nil
                case .failed(let failure): failures[leftover.object] = failure
                }
            }
            // An object's next leftover is found anew: each restoration changes its version.
            left = try await find(search, client, nil)
        }
        return LeftoversReport(left, restored: restored, failures: failures)
    }

    /// What is there now; that tokens may not be looked for is told to an output.
    private func find(
        _ search: LeftoverSearch, _ client: KubernetesClient, _ output: Output?
    ) async throws -> [Leftover] {
        let snapshot = try await client.snapshot()
        var tokens: [StandingToken] = []
        do {
            tokens = try await client.bootstrapTokens()
        } catch {
            output?.warning("bootstrap tokens are not looked for: \(error)")
        }
        return search.leftovers(in: snapshot, tokens: tokens)
    }
}

/// What was found, and what became of it.
struct LeftoversReport: Report {
    /// `fleet.leftovers/v1`.
    struct Document: Encodable {
        let schema = "fleet.leftovers/v1"
        let leftovers: [Item]
        let restored: [Item]
    }

    /// One leftover.
    struct Item: Encodable {
        let kind: Leftover.Kind
        let object: String
        let run: RunID?
        let previous: String?
        let found: String
        let changedSince: Bool
        let restorable: Bool
        let failure: String?
    }

    private let found: [Leftover]
    private let restored: [Leftover]?
    private let failures: [String: ClusterFailure]

    init(_ found: [Leftover], restored: [Leftover]?, failures: [String: ClusterFailure] = [:]) {
        self.found = found
        self.restored = restored
        self.failures = failures
    }

    /// What was set back, a sentence each.
    var restoredWords: [String] { (restored ?? []).map(\.sentence) }

    /// Whether everything that can be set back is.
    var isClean: Bool { found.allSatisfy { !$0.isRestorable } }

    var document: Document {
        Document(leftovers: found.map(item), restored: (restored ?? []).map(item))
    }

    private func item(_ leftover: Leftover) -> Item {
        Item(
            kind: leftover.kind, object: leftover.object, run: leftover.run, previous: leftover.previous,
            found: leftover.found, changedSince: leftover.isChangedSince, restorable: leftover.isRestorable,
            failure: failures[leftover.object]?.description)
    }

    func text(_ style: TextStyle) -> String {
        var parts: [String] = []
        for leftover in restored ?? [] { parts.append("\(style(.good, "restored")): \(leftover.sentence)") }
        for (object, failure) in failures.sorted(by: { $0.key < $1.key }) {
            parts.append("\(style(.bad, "not restored")): \(object): \(failure)")
        }
        guard !found.isEmpty else {
            return (parts + ["nothing of fleet's is left on this cluster"]).joined(separator: "\n")
        }
        var table = TextTable(["object", "what", "now", "before", "run", "note"])
        for leftover in found { table.add(row(leftover)) }
        parts.append(table.text(style))
        if restored == nil, !isClean { parts.append("undo what is temporary with: fleet leftovers --restore") }
        return parts.joined(separator: "\n")
    }

    private func row(_ leftover: Leftover) -> [TextTable.Cell] {
        [
            TextTable.Cell(leftover.object, .strong), TextTable.Cell(leftover.kind.rawValue),
            TextTable.Cell(leftover.found),
            TextTable.Cell(leftover.previous ?? "(none)"), TextTable.Cell(leftover.run?.rawValue ?? "(unknown)"),
            TextTable.Cell(note(leftover)),
        ]
    }

    private func note(_ leftover: Leftover) -> String {
        if case .keep(let why) = leftover.fate { return why }
        return leftover.isChangedSince ? "changed since by somebody else: only fleet's note goes" : ""
    }
}

extension Leftover {
    /// What was set back to what.
    fileprivate var sentence: String {
        let run = run.map { " (run \($0))" } ?? ""
        if kind == .token { return "\(object): revoked\(run)" }
        guard !isChangedSince else {
            return "\(object): fleet's note about \(kind.rawValue) taken off; \(found) stays\(run)"
        }
        return "\(object): \(kind.rawValue) \(found) → \(previous ?? "(none)")\(run)"
    }
}
