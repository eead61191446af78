import FleetModel

/// What a node that was set aside bears: the step as a label, for selectors, and the reason beside it as an annotation, for
/// whoever describes the Node at night.
///
/// Both come and go in one patch. A Node may have lost one of them by hand: either makes it marked.
public enum QuarantineMark {
    /// The label; its value is the kind of the step.
    public static let label = "fleet.run/quarantined"
    /// The annotation; its value is the reason, on one line.
    public static let annotation = "fleet.run/quarantine-reason"
    /// The most characters of a reason that are written on a Node; the journal has all of it.
    public static let mostCharacters = 250

    /// A reason on one line, without control characters and what turns text around, cut where it is long.
    static func words(_ reason: String) -> String {
        let scalars = reason.unicodeScalars.map { scalar -> Character in
            [.control, .format].contains(scalar.properties.generalCategory) ? " " : Character(scalar)
        }
        let line = String(scalars).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > mostCharacters ? String(line.prefix(mostCharacters - 1)) + "…" : line
    }
}

extension Node {
    /// Whether it bears the mark of a node that was set aside, or a part of it.
    var isMarkedQuarantined: Bool {
        self.labels[QuarantineMark.label] != nil || self.annotations[QuarantineMark.annotation] != nil
    }
}

extension NodePatch {
    /// Marks a node that was set aside in a step.
    mutating func markQuarantined(in step: String, because reason: String) {
        labels[QuarantineMark.label] = step
        annotations[QuarantineMark.annotation] = QuarantineMark.words(reason)
    }

    /// Takes off what of the mark a Node bears.
    mutating func unmarkQuarantined(_ node: Node) {
        if node.labels[QuarantineMark.label] != nil { labels[QuarantineMark.label] = .some(nil) }
        if node.annotations[QuarantineMark.annotation] != nil { annotations[QuarantineMark.annotation] = .some(nil) }
    }
}
