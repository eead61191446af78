import FleetExpressions
import FleetModel
import Testing

private func at(_ line: Int, _ column: Int) -> Place { Place(file: "f.yaml", line: line, column: column) }

private func scalar(_ text: String, _ line: Int, _ column: Int = 9) -> LocatedValue {
    LocatedValue(
        .scalar(LocatedScalar(text: text, value: PlainScalar.value(of: text), textLocation: at(line, column))),
        at: at(line, column))
}

private func mapping(_ entries: [(String, LocatedValue)]) -> LocatedValue {
    let entries = entries.map { LocatedMapping.Entry(key: $0, keyLocation: at($1.location.line, 1), value: $1) }
    return LocatedValue(.mapping(LocatedMapping(entries)), at: at(1, 1))
}

@Suite("Reading mappings")
struct DecoderTests {
    private struct Policy: Equatable {
        var size: CountOrPercent
        var soak: Duration
    }

    private func read(_ value: LocatedValue) throws(Diagnostics) -> Policy {
        try LocatedDecoder.decode(value, as: "a policy") { decoder in
            let size = decoder.required("size", .countOrPercent)
            let soak = decoder.optional("soak", .duration) ?? .seconds(120)
            guard let size else { return nil }
            return Policy(size: size, soak: soak)
        }
    }

    @Test("reads what is there and leaves defaults")
    func reads() throws {
        #expect(
            try read(mapping([("size", scalar("10%", 1)), ("soak", scalar("2m30s", 2))]))
                == Policy(size: .percent(10), soak: .seconds(150)))
        #expect(
            try read(mapping([("size", scalar("5", 1)), ("soak", scalar("", 2))]))
                == Policy(size: .count(5), soak: .seconds(120)))
    }

    @Test("shows every mistake, in order, with mends")
    func mistakes() {
        let error = #expect(throws: Diagnostics.self) {
            try read(mapping([("soak", scalar("soon", 2)), ("sise", scalar("5", 3))]))
        }
        #expect(
            error?.description == """
                f.yaml:1:1: a policy needs "size": expected a number such as 5 or a percentage such as 10%
                f.yaml:2:9: unusable value: found "soon", expected a duration such as 45s, 10m or 2m30s
                f.yaml:3:1: a policy has no key "sise": expected one of size, soak; did you mean "size"?
                """)
    }

    @Test("a list in place of a mapping is one mistake")
    func wrongKind() {
        let error = #expect(throws: Diagnostics.self) { try read(LocatedValue(.sequence([]), at: at(4, 2))) }
        #expect(error?.description == "f.yaml:4:2: this must be a policy: found a list, expected a mapping")
    }

    @Test("ciphertext is refused and not shown")
    func vault() {
        let secret = LocatedValue(
            .scalar(LocatedScalar(text: "66386439", value: .vaulted("66386439"), textLocation: at(2, 9))), at: at(2, 9))
        let error = #expect(throws: Diagnostics.self) { try read(mapping([("size", secret)])) }
        #expect(error?.description.contains("encrypted with Ansible Vault") == true)
        #expect(error?.description.contains("66386439") == false)
    }

    static let selectors: [(String, LabelSelector?)] = [
        ("app=web", LabelSelector(matchLabels: ["app": "web"])),
        ("a==b,c", LabelSelector(matchLabels: ["a": "b"], matchExpressions: [.init("c", .exists)])),
        (
            "x in (a, b),!y",
            LabelSelector(matchExpressions: [.init("x", .isIn, ["a", "b"]), .init("y", .doesNotExist)])
        ),
        ("k8s.io/role!=master", LabelSelector(matchExpressions: [.init("k8s.io/role", .isNotIn, ["master"])])),
        ("", nil), ("a b", nil), ("a=b,", nil),
    ]

    @Test("label selectors", arguments: selectors)
    func selector(_ text: String, _ expected: LabelSelector?) { #expect(LabelSelector(text: text) == expected) }
}

@Suite("Small notations")
struct NotationTests {
    @Test(
        "durations",
        arguments: [
            ("45s", Duration.seconds(45)), ("2m30s", .seconds(150)), ("1h", .seconds(3600)),
            ("2d12h", .seconds(216_000)), ("500ms", .milliseconds(500)),
            ("0", .zero), ("0s", .zero), ("10", nil), ("", nil), ("s", nil), ("30s2m", nil), ("5 m", nil), ("-5s", nil),
            ("1.5h", nil), ("5x", nil),
            ("99999999999s", nil), ("999999999d", nil),
        ] as [(String, Duration?)])
    func duration(_ text: String, _ expected: Duration?) {
        #expect(Duration(text: text) == expected)
        if let expected, expected != .zero { #expect(expected.text == text) }
    }

    @Test(
        "shares",
        arguments: [
            ("10%", .percent(10)), ("5", .count(5)), ("0", .count(0)), ("101%", nil), ("-1", nil), ("%", nil),
            ("", nil), ("5.5", nil),
        ] as [(String, CountOrPercent?)])
    func share(_ text: String, _ expected: CountOrPercent?) { #expect(CountOrPercent(text: text) == expected) }

    @Test(
        "rates",
        arguments: [("20/s", 20.0), ("90/m", 1.5), ("360/h", 0.1), ("0/s", nil), ("5", nil), ("5/d", nil), ("/s", nil)]
            as [(String, Double?)])
    func rate(_ text: String, _ perSecond: Double?) {
        #expect(Rate(text)?.perSecond == perSecond)
        if perSecond != nil { #expect(Rate(text)?.description == text) }
    }

    @Test(
        "times of day",
        arguments: [
            ("01:00", 60), ("1:05", 65), ("24:00", 1440), ("24:01", nil), ("1:60", nil), ("1", nil), ("01:0", nil),
        ] as [(String, Int?)])
    func time(_ text: String, _ minutes: Int?) { #expect(TimeOfDay(text)?.minutes == minutes) }

    @Test(
        "days",
        arguments: [
            ("sat-sun", [.saturday, .sunday]), ("fri-mon", [.friday, .saturday, .sunday, .monday]),
            ("mon,wed", [.monday, .wednesday]),
            ("Tuesday", [.tuesday]), ("mon-wed, fri", [.monday, .tuesday, .wednesday, .friday]), ("someday", nil),
            ("mon-", nil), ("", nil),
        ] as [(String, Set<MaintenanceWindow.Weekday>?)])
    func days(_ text: String, _ expected: Set<MaintenanceWindow.Weekday>?) {
        #expect(MaintenanceWindow.Weekday.days(text) == expected)
    }

    @Test(
        "plain scalars are typed as YAML 1.1 does",
        arguments: [
            ("yes", true), ("Off", false), ("~", .null), ("", .null), ("42", 42), ("-5", -5), ("0644", 420),
            ("0899", "0899"), ("0x1F", 31), ("0b101", 5),
            ("1_000", 1000), ("1:30", 90), ("01:30", "01:30"), ("1.5", 1.5), ("1.5e+3", 1500.0), ("1e5", "1e5"),
            ("1.5e3", "1.5e3"), (".5", 0.5), ("7.", 7.0),
            ("1.10.2", "1.10.2"), ("y", "y"), ("TRUE", true), ("tRUE", "tRUE"), ("-", "-"), ("1-2", "1-2"), ("+5", 5),
            ("10.0.0.1", "10.0.0.1"),
            ("2001-12-14", "2001-12-14"), ("12e", "12e"), ("0", 0), ("00", 0), ("-0.0", -0.0),
        ] as [(String, VariableValue)])
    func plain(_ text: String, _ value: VariableValue) { #expect(PlainScalar.value(of: text) == value) }

    @Test(
        "ssh arguments",
        arguments: [
            (["-o", "ProxyJump=b"], [SSHOption("ProxyJump", "b")]),
            (["-J", "a,b", "-q"], [SSHOption("ProxyJump", "a,b")]),
            (["-oPort=22", "-i", "~/k"], [SSHOption("Port", "22"), SSHOption("IdentityFile", "~/k")]),
            (["-o", "ProxyCommand ssh -W %h:%p b"], [SSHOption("ProxyCommand", "ssh -W %h:%p b")]),
            (["-C", "-p2222"], [SSHOption("Port", "2222")]),
        ] as [([String], [SSHOption])])
    func ssh(_ arguments: [String], _ options: [SSHOption]) {
        #expect(SSHOption.parse(arguments: arguments) == options)
    }

    @Test(
        "suggestions",
        arguments: [
            ("wehn", "when"), ("hsots", "hosts"), ("max-failures", "max_failures"), ("DRAIN", "drain"), ("zzz", nil),
            ("", nil),
        ] as [(String, String?)])
    func suggestion(_ name: String, _ expected: String?) {
        #expect(Suggestion.nearest(to: name, among: ["when", "hosts", "max_failures", "drain"]) == expected)
    }
}
