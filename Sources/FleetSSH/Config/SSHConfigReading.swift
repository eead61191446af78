/// One pass over the directives for one host.
struct SSHConfigReading {
    private let query: SSHConfig.Query
    private var settings: SSHConfig.Settings
    private var hostName: String?
    private var identityFiles: [SSHConfigDirective] = []
    private var certificateFiles: [SSHConfigDirective] = []
    private var userFiles: SSHConfigDirective?
    private var globalFiles: SSHConfigDirective?
    private var agent: SSHConfigDirective?
    private var command: SSHConfigDirective?

    init(_ query: SSHConfig.Query) {
        self.query = query
        settings = SSHConfig.Settings(hostName: query.host)
    }

    // MARK: - Conditions

    /// Whether the lines under these conditions are for this host, as far as it is known by now.
    func holds(_ conditions: [SSHConfigDirective.Condition]) -> Bool {
        conditions.allSatisfy { condition in
            switch condition {
            case .host(let patterns): patterns.match(query.host.lowercased())
            case .match(let criteria): criteria.allSatisfy(holds)
            }
        }
    }

    private func holds(_ criterion: SSHConfigDirective.Criterion) -> Bool {
        switch criterion {
        case .all: true
        case .secondReading: false
        case .host(let patterns, let isNegated):
            patterns.match((hostName ?? query.host).lowercased()) != isNegated
        case .originalHost(let patterns, let isNegated): patterns.match(query.host.lowercased()) != isNegated
        case .user(let patterns, let isNegated):
            patterns.match(query.user ?? settings.user ?? query.localUser) != isNegated
        case .localUser(let patterns, let isNegated): patterns.match(query.localUser) != isNegated
        }
    }

    // MARK: - Settings

    /// Takes a directive, unless an earlier one said it already.
    mutating func heed(_ directive: SSHConfigDirective) throws(SSHConfigMistake) {
        let value = directive.values[0]
        switch directive.key {
        case .hostname: if hostName == nil { hostName = try expand(value, directive, allowed: "h") }
        case .user: settings.user = settings.user ?? value
        case .port: settings.port = settings.port ?? Int(value)
        case .identityfile: identityFiles.append(directive)
        case .certificatefile: certificateFiles.append(directive)
        case .identitiesonly:
            settings.usesOnlyIdentityFiles =
                settings.usesOnlyIdentityFiles ?? ["yes", "true"].contains(value.lowercased())
        case .identityagent: agent = agent ?? directive
        case .proxyjump where settings.proxyJump == nil && command == nil: settings.proxyJump = value
        case .proxycommand where settings.proxyJump == nil && command == nil: command = directive
        case .proxyjump, .proxycommand: break
        case .userknownhostsfile: userFiles = userFiles ?? directive
        case .globalknownhostsfile: globalFiles = globalFiles ?? directive
        case .stricthostkeychecking:
            settings.strictHostKeyChecking = settings.strictHostKeyChecking ?? value.lowercased()
        case .hostkeyalias:
            throw directive.mistake(
                "HostKeyAlias is not supported: the key of \(query.host) is looked up under its own name; "
                    + "add it to known_hosts under that name")
        }
    }

    /// The settings, with the tokens that only now have a value worked out.
    consuming func finished() throws(SSHConfigMistake) -> SSHConfig.Settings {
        settings.hostName = hostName ?? query.host
        settings.identityFiles = try files(identityFiles)
        settings.certificateFiles = try files(certificateFiles)
        settings.userKnownHostsFiles = try paths(userFiles)
        settings.globalKnownHostsFiles = try paths(globalFiles)
        if let agent {
            let value = agent.values[0]
            settings.identityAgent = value.lowercased() == "none" ? "none" : try path(value, agent)
        }
        if let command {
            let text = command.values.joined(separator: " ")
            settings.proxyCommand = text.lowercased() == "none" ? nil : text
        }
        if settings.proxyJump?.lowercased() == "none" { settings.proxyJump = nil }
        return settings
    }

    private func files(_ directives: [SSHConfigDirective]) throws(SSHConfigMistake) -> [String] {
        var files: [String] = []
        for directive in directives where directive.values[0].lowercased() != "none" {
            files.append(try path(directive.values[0], directive))
        }
        return files
    }

    private func paths(_ directive: SSHConfigDirective?) throws(SSHConfigMistake) -> [String]? {
        guard let directive else { return nil }
        var paths: [String] = []
        for value in directive.values where value.lowercased() != "none" { paths.append(try path(value, directive)) }
        return paths
    }

    private func path(_ text: String, _ directive: SSHConfigDirective) throws(SSHConfigMistake) -> String {
        if text.hasPrefix("$"), !text.hasPrefix("${") { return text }
        let expanded = try expand(text, directive, allowed: "dhnpru")
        if expanded == "~" || expanded.hasPrefix("~/") { return query.home + expanded.dropFirst() }
        return expanded
    }

    /// Puts values in the place of `%` tokens.
    private func expand(
        _ text: String, _ directive: SSHConfigDirective, allowed: String
    ) throws(SSHConfigMistake) -> String {
        guard text.contains("%") || text.contains("${") else { return text }
        if text.contains("${") {
            throw directive.mistake("\"\(text)\": environment variables are not read here; write the path")
        }
        var result = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            guard let token = rest.popFirst() else { throw directive.mistake("\"\(text)\" ends in a lone %; write %%") }
            guard token != "%" else {
                result.append("%")
                continue
            }
            guard allowed.contains(token) else {
                let known = allowed.map { "%\($0)" }.joined(separator: ", ")
                throw directive.mistake(
                    "\"\(text)\" holds %\(token), which is not known here; known are \(known) and %%")
            }
            result += value(of: token)
        }
        return result
    }

    private func value(of token: Character) -> String {
        switch token {
        case "d": query.home
        case "h": hostName ?? query.host
        case "n": query.host
        case "p": String(query.port ?? settings.port ?? 22)
        case "r": query.user ?? settings.user ?? query.localUser
        default: query.localUser
        }
    }
}
