/// Reads ssh_config files into directives, and collects what is wrong with them.
struct SSHConfigParser {
    private let files: SSHConfigFiles
    private(set) var directives: [SSHConfigDirective] = []
    private(set) var mistakes: [SSHConfigMistake] = []

    /// As deep as ssh(1) goes.
    private static let deepest = 16

    init(_ files: SSHConfigFiles) { self.files = files }

    /// Reads a file's text; the conditions are those of the block that includes it.
    mutating func read(_ text: String, file: String, conditions: [SSHConfigDirective.Condition] = [], depth: Int = 0) {
        var own: SSHConfigDirective.Condition?
        for (offset, bytes) in text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let place = Place(file: file, line: offset + 1)
            do throws(SSHConfigLine.Broken) {
                let line = try SSHConfigLine(Substring(bytes))
                guard let keyword = line.keyword else { continue }
                switch keyword.text.lowercased() {
                case "host": own = host(line, keyword, place) ?? own
                case "match": own = match(line, keyword, place) ?? own
                case "include":
                    include(line, keyword, place, conditions + (own.map { [$0] } ?? []), depth)
                default: setting(line, keyword, place, conditions + (own.map { [$0] } ?? []))
                }
            } catch {
                refuse(place, error.column, error.message)
            }
        }
    }

    private struct Place {
        var file: String
        var line: Int
    }

    private mutating func refuse(_ place: Place, _ column: Int, _ message: String) {
        mistakes.append(SSHConfigMistake(file: place.file, line: place.line, column: column, message: message))
    }

    // MARK: - Blocks

    private mutating func host(
        _ line: SSHConfigLine, _ keyword: SSHConfigLine.Word, _ place: Place
    ) -> SSHConfigDirective.Condition? {
        guard !line.arguments.isEmpty else {
            refuse(place, keyword.column, "Host needs at least one pattern, such as web-*")
            return nil
        }
        return .host(line.arguments.map { HostPattern($0.text.lowercased()) })
    }

    private mutating func match(
        _ line: SSHConfigLine, _ keyword: SSHConfigLine.Word, _ place: Place
    ) -> SSHConfigDirective.Condition? {
        guard !line.arguments.isEmpty else {
            refuse(place, keyword.column, "Match needs a criterion, such as: Match host web-*")
            return nil
        }
        var criteria: [SSHConfigDirective.Criterion] = []
        var rest = line.arguments[...]
        while let word = rest.popFirst() {
            guard let criterion = criterion(word, &rest, place) else { return nil }
            criteria.append(criterion)
        }
        return .match(criteria)
    }

    private mutating func criterion(
        _ word: SSHConfigLine.Word, _ rest: inout ArraySlice<SSHConfigLine.Word>, _ place: Place
    ) -> SSHConfigDirective.Criterion? {
        let isNegated = word.text.hasPrefix("!")
        // `host=web-*` in newer files.
        let parts = word.text.drop { $0 == "!" }.split(separator: "=", maxSplits: 1).map(String.init)
        let name = (parts.first ?? "").lowercased()
        switch name {
        case "all": return .all
        case "canonical", "final": return .secondReading
        case "exec", "localnetwork", "tagged", "version", "sessiontype", "command":
            refuse(
                place, word.column,
                "Match \(name) is not supported: fleet runs no command and asks no network to read its settings; "
                    + "use Match host or Host")
            return nil
        case "host", "originalhost", "user", "localuser": break
        default:
            refuse(
                place, word.column,
                "Match knows no \"\(word.text)\"; expected all, host, originalhost, user or localuser")
            return nil
        }
        guard let list = parts.count == 2 ? parts[1] : rest.popFirst()?.text, !list.isEmpty else {
            refuse(place, word.column, "Match \(name) needs a list of patterns, such as web-*,!web-3")
            return nil
        }
        let isHost = name.hasSuffix("host")
        let patterns = list.split(separator: ",").map { HostPattern(isHost ? $0.lowercased() : String($0)) }
        switch name {
        case "host": return .host(patterns, isNegated: isNegated)
        case "originalhost": return .originalHost(patterns, isNegated: isNegated)
        case "user": return .user(patterns, isNegated: isNegated)
        default: return .localUser(patterns, isNegated: isNegated)
        }
    }

    private mutating func include(
        _ line: SSHConfigLine, _ keyword: SSHConfigLine.Word, _ place: Place,
        _ conditions: [SSHConfigDirective.Condition], _ depth: Int
    ) {
        guard !line.arguments.isEmpty else { return refuse(place, keyword.column, "Include needs a path") }
        guard depth < Self.deepest else {
            return refuse(
                place, keyword.column, "files are included more than \(Self.deepest) deep: does one include itself?")
        }
        for word in line.arguments {
            for path in files.matching(word.text, place.file) {
                guard let text = files.text(path) else {
                    refuse(place, word.column, "\(path) cannot be read")
                    continue
                }
                read(text, file: path, conditions: conditions, depth: depth + 1)
            }
        }
    }

    // MARK: - Settings

    private mutating func setting(
        _ line: SSHConfigLine, _ keyword: SSHConfigLine.Word, _ place: Place,
        _ conditions: [SSHConfigDirective.Condition]
    ) {
        let name = keyword.text.lowercased()
        guard let key = SSHConfigDirective.Key(rawValue: name) else {
            guard !SSHConfigKeywords.ignored.contains(name), name != "ignoreunknown" else { return }
            let hint = SSHConfigKeywords.near(name).map { "; did you mean \($0)?" } ?? ""
            return refuse(place, keyword.column, "ssh_config has no keyword \"\(keyword.text)\"\(hint)")
        }
        guard let first = line.arguments.first, !first.text.isEmpty else {
            return refuse(place, keyword.column, "\(keyword.text) needs a value")
        }
        let values = line.arguments.map(\.text)
        if let objection = Self.objection(to: values, of: key) { return refuse(place, first.column, objection) }
        directives.append(
            SSHConfigDirective(
                key: key, values: values, conditions: conditions, file: place.file, line: place.line,
                column: first.column))
    }

    private static func objection(to values: [String], of key: SSHConfigDirective.Key) -> String? {
        let takesMany: Set<SSHConfigDirective.Key> = [.userknownhostsfile, .globalknownhostsfile, .proxycommand]
        if values.count > 1, !takesMany.contains(key) {
            return "one value was expected, and \(values.count) were found"
        }
        switch key {
        case .port:
            let isPort = Int(values[0]).map { (1...65535).contains($0) } ?? false
            return isPort ? nil : "\"\(values[0])\" is no port; expected 1 to 65535"
        case .identitiesonly:
            return ["yes", "no", "true", "false"].contains(values[0].lowercased())
                ? nil : "\"\(values[0])\" is neither yes nor no"
        case .stricthostkeychecking:
            let known = ["yes", "no", "ask", "off", "accept-new", "true", "false"]
            return known.contains(values[0].lowercased())
                ? nil : "\"\(values[0])\" was found; expected yes, accept-new or ask"
        case .proxyjump:
            return values[0].split(separator: ",", omittingEmptySubsequences: false).contains(where: \.isEmpty)
                ? "\"\(values[0])\" is no list of [user@]host[:port]" : nil
        default: return nil
        }
    }
}
