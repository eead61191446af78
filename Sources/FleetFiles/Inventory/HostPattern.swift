public import FleetExpressions
public import FleetModel

/// Which hosts are meant: Ansible's patterns (`kube_node:&zone_b:!node003`, `web*`, `~web\d+`, `kube_node[0:2]`), and
/// fleet's `zone=b,pool=general`.
///
/// Unlike Ansible, a term that matches nothing is a mistake: a misspelt exclusion would widen a run.
public struct HostPattern: Sendable {
    enum Modifier {
        case union, intersection, exclusion
    }

    struct Term {
        var modifier: Modifier
        var text: String
    }

    /// The pattern as it was written.
    public let text: String
    private let terms: [Term]
    private let location: SourceLocation

    /// Reads a pattern; `@file` terms (one host or pattern a line) are read through the tree.
    public init(_ text: String, at location: SourceLocation, tree: (any FileTree)? = nil) throws(Diagnostic) {
        self.text = text
        self.location = location
        var terms: [Term] = []
        for part in try Self.split(text, at: location) {
            guard part.hasPrefix("@") else {
                terms.append(Self.term(part))
                continue
            }
            terms += try Self.lines(of: String(part.dropFirst()), at: location, tree).map(Self.term)
        }
        guard !terms.isEmpty else {
            throw Diagnostic("the pattern is empty", at: location, expected: "hosts or groups, such as kube_node")
        }
        self.terms = terms
    }

    /// The hosts, in the order in which the terms bring them in.
    ///
    /// `attribute` says what a host's zone, pool or variable is for `name=value` terms; the inventory's own when omitted.
    public func hosts(
        in inventory: Inventory, attribute: ((Host, String) -> String?)? = nil
    ) throws(Diagnostic) -> [Host] {
        let matcher = PatternMatcher(inventory: inventory, location: location, attribute: attribute ?? Self.attribute)
        var chosen: [Host] = []
        for term in ordered {
            let matched = try matcher.hosts(term.text)
            let names = Set(matched.map(\.name))
            switch term.modifier {
            case .union:
                var present = Set(chosen.map(\.name))
                chosen += matched.filter { present.insert($0.name).inserted }
            case .intersection: chosen.removeAll { !names.contains($0.name) }
            case .exclusion: chosen.removeAll { names.contains($0.name) }
            }
        }
        return chosen
    }

    /// Why terms match nothing, for each of them; empty where all match something.
    public func mistakes(in inventory: Inventory) -> [Diagnostic] {
        let matcher = PatternMatcher(inventory: inventory, location: location, attribute: Self.attribute)
        return terms.compactMap { term in
            do throws(Diagnostic) { _ = try matcher.hosts(term.text) } catch { return error }
            return nil
        }
    }

    /// Unions first, then intersections, then exclusions; without a union the pattern begins with `all`.
    private var ordered: [Term] {
        let unions = terms.filter { $0.modifier == .union }
        return (unions.isEmpty ? [Term(modifier: .union, text: "all")] : unions)
            + terms.filter { $0.modifier == .intersection } + terms.filter { $0.modifier == .exclusion }
    }

    /// `zone`, `pool`, `kubernetes_node`, or any variable with text in it.
    public static func attribute(_ host: Host, _ name: String) -> String? {
        switch name {
        case "zone": host.zone?.rawValue
        case "pool": host.pool?.rawValue
        case "kubernetes_node": host.node.rawValue
        default: host.variables[name]?.scalarText
        }
    }

    // MARK: - Reading

    private static func term(_ text: String) -> Term {
        switch text.first {
        case "&": Term(modifier: .intersection, text: String(text.dropFirst()))
        case "!": Term(modifier: .exclusion, text: String(text.dropFirst()))
        default: Term(modifier: .union, text: text)
        }
    }

    private static func split(_ text: String, at location: SourceLocation) throws(Diagnostic) -> [String] {
        let parts = separated(text).map { $0.trimmed }.filter { !$0.isEmpty }
        let comparisons = parts.filter { PatternMatcher.comparison($0) != nil }
        guard text.contains(","), !comparisons.isEmpty else { return parts }
        guard comparisons.count == parts.count else {
            throw Diagnostic(
                "commas join hosts and groups, but name=value terms narrow them", at: location, found: "\"\(text)\"",
                suggestion:
                    "write \(parts.filter { PatternMatcher.comparison($0) == nil }.joined(separator: ":")):&\(comparisons[0])"
            )
        }
        return parts.map { "&" + $0 }
    }

    private static func separated(_ text: String) -> [String] {
        if text.contains(",") { return text.split(separator: ",").map(String.init) }
        if HostAddress(text) != nil { return [text] }
        return text.matches(of: /(?:[^\s:\[\]]|\[[^\]]*\])+/).map { String($0.output) }
    }

    private static func lines(
        of file: String, at location: SourceLocation, _ tree: (any FileTree)?
    ) throws(Diagnostic) -> [String] {
        guard let tree, tree.kind(of: file) == .file else {
            throw Diagnostic("there is no file \"\(file)\" to take hosts from", at: location)
        }
        return try TextFile.read(file, in: tree).split(whereSeparator: \.isNewline)
            .map { $0.trimmed }.filter { !$0.isEmpty }
    }
}
