public import FleetModel

/// An ad-hoc command on many hosts, as a command shows it: identical output told once.
public struct ExecReport: Report {
    /// The results, in the order of the hosts.
    public let results: [ExecResult]
    private let command: String
    private let startedAt: Instant
    private let endedAt: Instant
    private let isStreamed: Bool

    /// The report of a command; `isStreamed` leaves out of the text the output that was told while it came.
    public init(
        command: String, _ results: [ExecResult], from startedAt: Instant, to endedAt: Instant, isStreamed: Bool = false
    ) {
        self.command = command
        self.results = results
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.isStreamed = isStreamed
    }

    /// `fleet.exec/v1`.
    public var document: ExecJSON { ExecJSON(command: command, results, from: startedAt, to: endedAt) }

    /// How many hosts came to an end.
    public func count(_ end: ExecEnd) -> Int { results.count { $0.end == end } }

    /// Groups of hosts with what they printed, and the count.
    public func text(_ style: TextStyle) -> String {
        let groups = OutputGroup.groups(of: results)
        let majority = OutputGroup.majority(of: groups)
        let told = isStreamed ? groups.filter { $0.end != .ok } : groups
        let blocks = told.map { block($0, majority, style) }
        return (blocks + [summary(style)]).joined(separator: isStreamed ? "\n" : "\n\n")
    }

    private func block(_ group: OutputGroup, _ majority: OutputGroup?, _ style: TextStyle) -> String {
        let tone: TextStyle.Tone = group.end == .ok ? .good : group.end == .skipped ? .warning : .bad
        let count = group.results.count > 1 ? " (\(group.results.count) hosts)" : ""
        let head = "\(style(.strong, group.names.description))\(count): \(style(tone, VisibleText.line(group.words)))"
        guard !isStreamed else { return head }
        let others = majority.flatMap { $0 == group ? nil : $0 }
        let hasOutput = !group.standardOutput.isEmpty || !group.standardError.isEmpty
        let isSilentMinority = !hasOutput && (others.map { !$0.standardOutput.isEmpty } ?? false) && group.end == .ok
        var lines = [isSilentMinority ? head + ", without output" : head]
        lines += body(group.standardOutput, others?.standardOutput, "standard output", style)
        lines += body(group.standardError, others?.standardError, "standard error", style, isError: true)
        if group.droppedBytes > 0 { lines.append(style(.warning, "  (\(group.droppedBytes) more bytes were dropped)")) }
        return lines.joined(separator: "\n")
    }

    /// A stream: the difference from the majority's where that is shorter to read, else the stream itself.
    private func body(
        _ text: String, _ majority: String?, _ name: String, _ style: TextStyle, isError: Bool = false
    ) -> [String] {
        guard !text.isEmpty else { return [] }
        if let majority, majority != text, let diff = LineDiff(of: text, from: majority) {
            let title = style(.faint, "  differs from the majority in \(name):")
            return [title] + diff.hunks.map { "  " + VisibleText.line($0) }
        }
        return VisibleText.lines(of: text).map { "  " + (isError ? style(.faint, "! ") : "") + VisibleText.line($0) }
    }

    /// `118 ok, 2 failed in 2.3s`.
    private func summary(_ style: TextStyle) -> String {
        let parts = ExecEnd.allCases.compactMap { end -> String? in
            let number = count(end)
            guard number > 0 || end == .ok else { return nil }
            let tone: TextStyle.Tone = end == .ok ? (number > 0 ? .good : .normal) : end == .skipped ? .warning : .bad
            return style(tone, "\(number) \(end.noun)")
        }
        return parts.joined(separator: ", ") + " in \((endedAt - startedAt).tenths)"
    }
}

extension ExecEnd {
    fileprivate var noun: String {
        switch self {
        case .ok: "ok"
        case .failed: "failed"
        case .timeout: "timed out"
        case .unreachable: "unreachable"
        case .skipped: "not begun"
        }
    }
}

extension Duration {
    /// Seconds with a tenth below a minute, else as ``short``.
    fileprivate var tenths: String {
        let tenths = wholeMicroseconds / 100_000
        return tenths < 600 ? "\(tenths / 10).\(tenths % 10)s" : short
    }
}
