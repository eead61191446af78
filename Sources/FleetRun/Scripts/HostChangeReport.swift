/// What a host-state script did or found.
public struct HostChangeReport: Hashable, Sendable {
    /// What was changed, each as an order carried out, such as `turn swap off`.
    public let changed: [String]
    /// What was so already, such as `swap is off`.
    public let holds: [String]
    /// What a dry run would change.
    public let pending: [String]
    /// What was refused or failed, with the reason; nil when nothing was.
    public let failure: String?

    /// Reads the answer.
    public init(_ answer: NodeAnswer) {
        changed = answer.all("changed")
        holds = answer.all("holds")
        pending = answer.all("would")
        failure = answer.last("refused") ?? answer.last("failed")
    }

    /// What was done, else what was so already.
    var sentence: String { (changed.isEmpty ? holds : changed).joined(separator: "; ") }
}
