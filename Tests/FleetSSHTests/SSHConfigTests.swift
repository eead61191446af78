import Testing

@testable import FleetSSH

/// `ssh_config` as ssh(1) reads it: first values, conditions, tokens; and every line that cannot be used, with its place.
struct SSHConfigTests {
    private static func files(_ texts: [String: String]) -> SSHConfigFiles {
        SSHConfigFiles(
            text: { texts[$0] },
            matching: { pattern, _ in
                pattern.hasSuffix("*")
                    ? texts.keys.filter { $0.hasPrefix(pattern.dropLast()) }.sorted()
                    : texts[pattern] == nil ? [] : [pattern]
            })
    }

    private static func settings(
        _ text: String, of host: String = "web-1", user: String? = nil, port: Int? = nil, more: [String: String] = [:]
    ) throws -> SSHConfig.Settings {
        let config = try SSHConfig(["config"], through: files(more.merging(["config": text]) { $1 }))
        return try config.settings(
            SSHConfig.Query(host: host, user: user, port: port, localUser: "me", home: "/home/me"))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var host = "web-1"
        var user: String?
        var expected: @Sendable (inout SSHConfig.Settings) -> Void
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(name: "nothing", text: "\n# a comment\n   \n\t# another\n") { _ in },
        Row(name: "the first value wins", text: "Host web-*\nUser a\nHost *\nUser b\nPort 2200") {
            ($0.user, $0.port) = ("a", 2200)
        },
        Row(name: "equals signs, quotes, case, comments", text: "hOsT=\"web-1\" # here\n  USER = \"a b\"   # there") {
            $0.user = "a b"
        },
        Row(name: "carriage returns", text: "Host web-1\r\nUser a\r\nPort 22\r\n") { ($0.user, $0.port) = ("a", 22) },
        Row(name: "a negated pattern excludes", text: "Host * !web-1\nUser a") { _ in },
        Row(name: "a negation alone matches nobody", text: "Host !web-2\nUser a") { _ in },
        Row(name: "question marks", text: "Host web-?\nUser a\nHost web-??\nPort 1") { $0.user = "a" },
        Row(name: "settings before any block hold for all", text: "User a\nHost other\nUser b") { $0.user = "a" },
        Row(
            name: "identity files gather",
            text: "IdentityFile ~/.ssh/%r_%n\nHost *\nIdentityFile /k/%%\nIdentityFile none"
        ) {
            $0.identityFiles = ["/home/me/.ssh/me_web-1", "/k/%"]
        },
        Row(
            name: "certificate files gather", text: "CertificateFile ~/.ssh/%u-cert.pub\nCertificateFile /c/%n"
        ) {
            $0.certificateFiles = ["/home/me/.ssh/me-cert.pub", "/c/web-1"]
        },
        Row(
            name: "tokens see what is known at the end",
            text: "IdentityFile %d/%h:%p:%r:%u\nHostName %h.example.com\nPort 5\nUser x"
        ) {
            ($0.hostName, $0.port, $0.user) = ("web-1.example.com", 5, "x")
            $0.identityFiles = ["/home/me/web-1.example.com:5:x:me"]
        },
        Row(
            name: "Match host sees HostName, originalhost the name",
            text: "HostName db\nMatch host db\nUser a\nMatch originalhost web-1\nPort 7"
        ) {
            ($0.hostName, $0.user, $0.port) = ("db", "a", 7)
        },
        Row(name: "Match host before HostName sees the name", text: "Match host db\nUser a\nMatch all\nHostName db") {
            $0.hostName = "db"
        },
        Row(
            name: "Match user, negated, with several criteria",
            text: "Match user root host web-*\nPort 1\nMatch !user root\nPort 2", user: "root"
        ) {
            ($0.user, $0.port) = (nil, 1)
        },
        Row(name: "Match localuser", text: "Match localuser me,other\nPort 1\nMatch localuser=you\nUser x") {
            $0.port = 1
        },
        Row(name: "Match final is for a second reading", text: "Match final\nPort 1\nMatch canonical all\nPort 2") {
            _ in
        },
        Row(name: "ProxyJump after ProxyCommand does not count", text: "ProxyCommand nc %h %p\nProxyJump bastion") {
            $0.proxyCommand = "nc %h %p"
        },
        Row(name: "ProxyCommand after ProxyJump does not count", text: "ProxyJump a,b\nProxyCommand nc %h %p") {
            $0.proxyJump = "a,b"
        },
        Row(name: "ProxyJump none stays none", text: "ProxyJump none\nProxyJump bastion") { _ in },
        Row(
            name: "known_hosts files",
            text: "UserKnownHostsFile ~/a \"/b c\"\nGlobalKnownHostsFile none\nStrictHostKeyChecking Accept-New"
        ) {
            ($0.userKnownHostsFiles, $0.globalKnownHostsFiles) = (["/home/me/a", "/b c"], [])
            $0.strictHostKeyChecking = "accept-new"
        },
        Row(name: "the agent", text: "IdentityAgent ~/agent\nIdentitiesOnly yes\nIdentitiesOnly no") {
            ($0.identityAgent, $0.usesOnlyIdentityFiles) = ("/home/me/agent", true)
        },
        Row(
            name: "what fleet does not need",
            text: "ControlMaster auto\nForwardAgent yes\nSendEnv LANG LC_*\nServerAliveInterval 5"
        ) { _ in },
        Row(name: "names are matched without case", text: "Host WEB-1\nUser a", host: "Web-1") {
            ($0.hostName, $0.user) = ("Web-1", "a")
        },
    ]

    @Test("settings", arguments: rows)
    func reading(_ row: Row) throws {
        var expected = SSHConfig.Settings(hostName: row.host)
        row.expected(&expected)
        #expect(try Self.settings(row.text, of: row.host, user: row.user) == expected)
    }

    @Test("included files are read where they are included, under the block's condition, and end with their own blocks")
    func include() throws {
        let more = [
            "parts/1": "User one\nHost other\nPort 1", "parts/2": "Port 2", "nested": "Include parts/1\nUser late",
        ]
        #expect(try Self.settings("Include parts/*\nUser x", more: more).user == "one")
        #expect(try Self.settings("Include parts/*\nUser x", more: more).port == 2)
        #expect(try Self.settings("Host none\nInclude parts/*\nHost *\nUser x", more: more).user == "x")
        #expect(try Self.settings("Include nested\n", of: "other", more: more).port == 1)
        #expect(try Self.settings("Include no/such/*\nUser x", more: more).user == "x")
    }

    @Test("a file that includes itself is told, not followed for ever")
    func loop() {
        #expect(throws: SSHConfigMistakes.self) { try Self.settings("Include config") }
    }

    static let malformed: [(String, String)] = [
        ("Host", "config:1:1: Host needs at least one pattern, such as web-*"),
        ("Match", "config:1:1: Match needs a criterion, such as: Match host web-*"),
        ("Match host", "config:1:7: Match host needs a list of patterns, such as web-*,!web-3"),
        (
            "\n  Match exec \"test -f x\"",
            "config:2:9: Match exec is not supported: fleet runs no command and asks no network to read its settings; use Match host or Host"
        ),
        ("Match hots a", "config:1:7: Match knows no \"hots\"; expected all, host, originalhost, user or localuser"),
        ("Include", "config:1:1: Include needs a path"),
        ("User", "config:1:1: User needs a value"),
        ("User a b", "config:1:6: one value was expected, and 2 were found"),
        ("User \"a", "config:1:6: the quote is not closed"),
        ("Port 0", "config:1:6: \"0\" is no port; expected 1 to 65535"),
        ("Port =  70000", "config:1:9: \"70000\" is no port; expected 1 to 65535"),
        ("Port ssh", "config:1:6: \"ssh\" is no port; expected 1 to 65535"),
        ("IdentitiesOnly maybe", "config:1:16: \"maybe\" is neither yes nor no"),
        ("StrictHostKeyChecking never", "config:1:23: \"never\" was found; expected yes, accept-new or ask"),
        ("ProxyJump a,,b", "config:1:11: \"a,,b\" is no list of [user@]host[:port]"),
        ("Hostnme x", "config:1:1: ssh_config has no keyword \"Hostnme\"; did you mean hostname?"),
        ("Frobnicate yes", "config:1:1: ssh_config has no keyword \"Frobnicate\""),
        ("= x", "config:1:1: a keyword was expected"),
    ]

    @Test("a malformed line is told with its place, whichever host is asked for", arguments: malformed)
    func mistake(text: String, words: String) {
        #expect {
            try Self.settings(text)
        } throws: {
            ($0 as? SSHConfigMistakes)?.description == words
        }
    }

    @Test("all mistakes are told at once")
    func all() {
        #expect {
            try Self.settings("Port x\nUser a\nHots b")
        } throws: {
            ($0 as? SSHConfigMistakes)?.all.map(\.line) == [1, 3]
        }
    }

    static let unsupported: [(String, String)] = [
        ("HostKeyAlias x", "HostKeyAlias is not supported"),
        ("IdentityFile %C", "holds %C, which is not known here; known are %d, %h, %n, %p, %r, %u and %%"),
        ("HostName %n", "holds %n, which is not known here; known are %h and %%"),
        ("HostName a%", "ends in a lone %"),
        ("UserKnownHostsFile ${HOME}/x", "environment variables are not read here"),
    ]

    @Test("what cannot be heeded is told only for the hosts that need it", arguments: unsupported)
    func cannotHeed(text: String, words: String) throws {
        #expect {
            try Self.settings("Host web-1\n\(text)")
        } throws: {
            ($0 as? SSHConfigMistake)?.description.contains(words) ?? false
        }
        #expect(try Self.settings("Host web-1\n\(text)", of: "db-1") == SSHConfig.Settings(hostName: "db-1"))
    }
}
