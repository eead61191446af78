public import FleetModel

/// One plain sentence about a run: when, in which wave, on which node, what.
public struct EventLine: Hashable, Sendable {
    /// When.
    public var time: Instant
    /// The wave; nil for the run's own.
    public var wave: Int?
    /// The node; nil for the wave's or run's own.
    public var node: NodeName?
    /// What, with reasons in the cluster's own words.
    public let text: String
    /// What it says about the world.
    public var tone: TextStyle.Tone
    /// Whether it is shown with `--verbose` only.
    public var isDetail: Bool

    /// A sentence; others' line breaks in it become blanks, their control characters visible.
    public init(
        at time: Instant, wave: Int? = nil, node: NodeName? = nil, _ text: String, _ tone: TextStyle.Tone = .normal,
        isDetail: Bool = false
    ) {
        self.time = time
        self.wave = wave
        self.node = node
        self.text = VisibleText.oneLine(text)
        self.tone = tone
        self.isDetail = isDetail
    }

    /// `14:02:11Z  wave 1  web-001  cordon: SchedulingDisabled`; node names are padded to a width so that lines align.
    public func text(_ style: TextStyle, nodeWidth: Int = 0) -> String {
        var parts = [style(.faint, time.clockText)]
        if let wave { parts.append(style(.faint, "wave \(wave)")) }
        if let node {
            let name = VisibleText.oneLine(node.rawValue)
            let blanks = String(repeating: " ", count: max(0, nodeWidth - name.count))
            parts.append(style(.strong, name) + blanks)
        }
        parts.append(style(tone, text))
        return parts.joined(separator: "  ")
    }
}
