import FleetExpressions
import FleetModel
import Testing

private func scalar(_ text: String) -> LocatedScalar {
    LocatedScalar(text: text, value: .string(text), textLocation: Place(file: "p.yaml", line: 3, column: 7))
}

private let scope = VariableScope([
    "zone": "b", "count": 3, "share": 0.5, "spare": false, "nothing": .null, "names": ["x", "y"],
    "labels": ["tier": "web", "example.com/zone": "b"], "nested": ["list": [["deep": "found"]]],
    "indirect": "{{ zone }}-{{ count }}", "native": "{{ names }}", "loop_a": "{{ loop_b }}", "loop_b": "{{ loop_a }}",
    "probe": ["changed": true, "skipped": false], "inner": ["{{ zone }}"],
    "sealed": .vaulted("$ANSIBLE_VAULT;1.1;AES256\n00"),
])

@Suite("Expressions")
struct ExpressionTests {
    struct Row: CustomTestStringConvertible {
        var text: String
        var value: VariableValue
        var testDescription: String { text }
    }

    static let values: [Row] = [
        Row(text: "zone", value: "b"), Row(text: "labels.tier", value: "web"),
        Row(text: "labels['example.com/zone']", value: "b"), Row(text: "names[-1]", value: "y"),
        Row(text: "names.0", value: "x"),
        Row(text: "nested.list[0].deep", value: "found"), Row(text: "1 + 2 * 3", value: 7),
        Row(text: "(1 + 2) * 3", value: 9),
        Row(text: "-7 // 2", value: -4), Row(text: "-7 % 3", value: 2), Row(text: "7 // -2", value: -4),
        Row(text: "7 % -3", value: -2), Row(text: "7 / 2", value: 3.5),
        Row(text: "2 - -1", value: 3),
        Row(text: "'a' ~ count ~ true", value: "a3true"), Row(text: "[1, 'a', [2]]", value: [1, "a", [2]]),
        Row(text: "'yes' if zone == 'b' else 'no'", value: "yes"), Row(text: "\"q\\\"\\n\"", value: "q\"\n"),
        Row(text: "indirect", value: "b-3"), Row(text: "native", value: ["x", "y"]), Row(text: "inner", value: ["b"]),
        Row(text: "missing | default('d')", value: "d"), Row(text: "labels.missing | d(1)", value: 1),
        Row(text: "nothing | default('d')", value: .null), Row(text: "nothing | default('d', true)", value: "d"),
        Row(text: "'A b' | lower", value: "a b"), Row(text: "zone | upper", value: "B"),
        Row(text: "' x ' | trim", value: "x"),
        Row(text: "names | join(',')", value: "x,y"), Row(text: "'a,b' | split(',') | last", value: "b"),
        Row(text: "'42' | int + 1", value: 43), Row(text: "'1.5' | float", value: 1.5),
        Row(text: "'yes' | bool", value: true),
        Row(text: "names | length", value: 2), Row(text: "[3, 1, 2] | sort | first", value: 1),
        Row(text: "[1, 1] | unique", value: [1]),
        Row(text: "labels | to_json", value: #"{"tier": "web", "example.com/zone": "b"}"#),
        Row(text: "'a' | b64encode", value: "YQ=="), Row(text: "'YQ==' | b64decode", value: "a"),
        Row(text: "'{\"a\": [1, true]}' | from_json", value: ["a": [1, true]]),
        Row(text: "('{\"a\": {\"b\": 2.5}}' | from_json).a.b", value: 2.5),
        Row(text: "'a\nb' | lines | last", value: "b"), Row(text: "'a\r\nb\r\n' | lines", value: ["a", "b"]),
        Row(text: "[3, 1, 2] | max", value: 3),
        Row(text: "['b', 'a'] | min", value: "a"), Row(text: "[1, 2, 3] | sum", value: 6),
        Row(text: "names | union(['z'])", value: ["x", "y", "z"]),
        Row(text: "names | difference(['x'])", value: ["y"]),
        Row(text: "names | intersect(['y', 'q'])", value: ["y"]),
        Row(text: "nested.list | map('deep') | first", value: "found"),
        Row(text: "labels | values | first", value: "web"),
        Row(text: "'web-01' | regex_replace('[0-9]+$', 'x')", value: "web-x"),
        Row(text: "'/etc/x.conf' | basename", value: "x.conf"), Row(text: "'a-b' | replace('-', '_')", value: "a_b"),
        Row(text: "\"it's\" | quote", value: #"'it'"'"'s'"#), Row(text: "['a b', 'c'] | quote", value: "'a b' c"),
    ]

    @Test("have values", arguments: values)
    func value(_ row: Row) throws {
        #expect(try Template(parsing: scalar("{{ \(row.text) }}")).value(in: scope) == row.value)
    }

    static let conditions: [(String, Bool)] = [
        ("zone == 'b'", true), ("zone != 'b'", false), ("count > 2 and count <= 3", true), ("not spare", true),
        ("spare or zone in 'abc'", true),
        ("'x' in names", true), ("'z' not in names", true), ("'tier' in labels", true), ("missing is defined", false),
        ("missing is not defined", true),
        ("labels.missing is undefined", true), ("nothing is none", true), ("zone is string and count is number", true),
        ("(zone == 'a' or zone == 'b') and not spare", true), ("count == 3.0", true), ("count == '3'", false),
        ("zone < 'c'", true),
        ("missing is defined and missing == 1", false), ("true", true),
        ("'5.10.0-28-amd64' is version('5.4', '>=')", true), ("'v1.36.0' is version('1.36')", true),
        ("'22.04' is version('22.10', '<')", true), ("'1.9' is version('1.10', 'gt')", false),
        ("'1.36.1' is not version('1.36.0', '<=')", true), ("10 is version('9', '>')", true),
        ("'web-01' is match('web-[0-9]+')", true), ("'my-web-01' is match('web')", false),
        ("'my-web-01' is search('web')", true), ("probe is changed and probe is not skipped", true),
    ]

    @Test("hold or not", arguments: conditions)
    func condition(_ text: String, _ expected: Bool) throws {
        let condition = try Condition(LocatedValue(.scalar(scalar(text)), at: Place(file: "p.yaml")))
        #expect(try condition.holds(in: scope) == expected)
    }

    static let unreadable: [(String, String)] = [
        ("zone ==", "p.yaml:3:14: unexpected word in an expression: found the end, expected a value"),
        ("zone = 'b'", "p.yaml:3:12: unexpected \"=\" in an expression"),
        ("zone 'b'", "p.yaml:3:12: the expression goes on unexpectedly: found \"'b'\""),
        ("zone | uper", "there is no filter \"uper\""),
        ("zone is defind", "did you mean \"defined\"?"),
        ("lookup('env', 'HOME')", "p.yaml:3:7: functions do not exist in fleet's expressions"),
        ("zone.startswith('b')", "methods do not exist"),
        ("1 < 2 < 3", "p.yaml:3:13: comparisons cannot be chained; join them with \"and\""),
        ("'open", "p.yaml:3:7: a string has no closing '"),
        ("{{ zone }} == 'b'", "p.yaml:3:7: a condition is an expression already: found {{; leave out the braces"),
        (String(repeating: "(", count: 100_000), "the expression is nested too deeply"),
        (String(repeating: "not ", count: 100_000), "the expression is nested too deeply"),
        ("(zone", "expected \")\""),
        ("zone | replace('a')", "filter \"replace\" does not take 1 arguments"),
        ("zone is version", "test \"version\" does not take 0 arguments: expected is version(\"1.36\", \">=\")"),
        ("zone is defined('x')", "test \"defined\" does not take 1 arguments"),
    ]

    @Test("are refused with their place", arguments: unreadable)
    func refused(_ text: String, _ message: String) {
        let error = #expect(throws: Diagnostics.self) {
            try Condition(LocatedValue(.scalar(scalar(text)), at: Place(file: "p.yaml")))
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    static let failing: [(String, String)] = [
        ("zoone == 'b'", "p.yaml:3:7: \"zoone\" is undefined; did you mean \"zone\"?"),
        ("labels.tire == 'b'", "p.yaml:3:13: there is no key \"tire\"; did you mean \"tier\"?"),
        ("names[5] == 'b'", "the list has no element 5: found 2 elements"),
        ("zone", "p.yaml:3:7: a condition must be true or false: found a string"),
        ("zone < 3", "\"<\" cannot be used between a string and a whole number"),
        ("zone and true", "a condition must be true or false"),
        ("loop_a == 1", "refers to itself"),
        ("sealed == 'x'", "variable \"sealed\" is encrypted with Ansible Vault"),
        ("1 / 0 == 1", "cannot be used"),
        ("zone | join(',') == 'b'", "filter \"join\" cannot be used on a string: expected a list"),
        ("count.deep == 1", "\".deep\" needs a mapping: found a whole number"),
        ("zone is version('1.2', '>')", "p.yaml:3:7: \"is version\" needs a version such as 1.36.0: found \"b\""),
        ("'1' is version('1', '~')", "compares by ==, !=, <, <=, > or >=: found \"~\""),
        ("zone is match('(')", "needs a regular expression"), ("missing is match('a')", "\"missing\" is undefined"),
        ("zone is changed", "needs what a step registered"),
    ]

    @Test("fail with their place", arguments: failing)
    func fails(_ text: String, _ message: String) throws {
        let condition = try Condition(LocatedValue(.scalar(scalar(text)), at: Place(file: "p.yaml")))
        let error = #expect(throws: Diagnostic.self) { try condition.holds(in: scope) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("a list of conditions must hold as a whole, and shows all its mistakes")
    func lists() throws {
        let place = Place(file: "p.yaml")
        let both = LocatedValue(
            .sequence([.string("zone == 'b'", at: place), .string("count == 4", at: place)]), at: place)
        #expect(try !Condition(both).holds(in: scope))
        let wrong = LocatedValue(.sequence([.string("==", at: place), .string("(", at: place)]), at: place)
        let error = #expect(throws: Diagnostics.self) { try Condition(wrong) }
        #expect(error?.all.count == 2)
    }

    @Test("facts are never templates")
    func literalLayers() throws {
        var scope = VariableScope(["zone": "b"])
        scope.addLiteral(["fact": "{{ zone }}"])
        #expect(try Template(parsing: scalar("{{ fact }}")).value(in: scope) == "{{ zone }}")
    }

    @Test("extra variables hide what is laid over them later")
    func extraVariables() throws {
        let host = Host(name: "n1", zone: "z")
        var scope = VariableScope(host: host, extra: ["c": 4])
        scope.add(["c": 5, "d": 6])
        #expect(try Template(parsing: scalar("{{ c }}{{ d }}{{ zone }}")).text(in: scope) == "46z")
    }

    @Test("the variables that a step names are found, those behind default and is defined as optional")
    func references() throws {
        let step = PlaybookStep(
            kind: "run", kindLocation: Place(file: "p.yaml"),
            arguments: .string("{{ a }} {{ b | default(c) }} {{ d[e] | upper }}", at: Place(file: "p.yaml")),
            condition: try Condition(.string("f is defined and f == 'x' and g > 1", at: Place(file: "p.yaml"))),
            location: Place(file: "p.yaml"))
        let all = VariableReference.all(in: step)
        #expect(all.filter { !$0.isOptional }.map(\.name) == ["g", "a", "c", "d", "e"])
        #expect(Set(all.filter(\.isOptional).map(\.name)) == ["f", "b"])
    }

    @Test("later layers hide earlier ones, and a host brings its names")
    func layers() throws {
        let host = Host(
            name: "n1.example.com", groups: ["web"],
            variables: HostVariables(inherited: ["a": 1, "b": 1], own: ["b": 2]))
        let scope = VariableScope(host: host, playbook: ["c": 3], extra: ["c": 4])
        let text =
            "{{ a }}{{ b }}{{ c }} {{ inventory_hostname_short }} {{ group_names | join(',') }} {{ kubernetes_node }}"
        #expect(try Template(parsing: scalar(text)).text(in: scope) == "124 n1 web n1.example.com")
    }
}

@Suite("Templates")
struct TemplateTests {
    @Test("keep a single value's type and join the rest to text")
    func types() throws {
        #expect(try Template(parsing: scalar("{{ count }}")).value(in: scope) == 3)
        #expect(try Template(parsing: scalar("n={{ count }}")).value(in: scope) == "n=3")
        #expect(try Template(parsing: scalar("plain")).isLiteral)
        #expect(try Template(parsing: scalar("{% raw %}{{ x }}{% endraw %}!")).text(in: scope) == "{{ x }}!")
    }

    static let mistakes: [(String, String)] = [
        ("a {{ zone", "p.yaml:3:16: a template is not closed: found the end, expected }}"),
        ("{% if x %}", "p.yaml:3:7: statements and comments do not exist"),
        ("a {# c #}", "p.yaml:3:9: statements and comments"),
        ("{{ }}", "an expression is missing"), ("{% raw %} x", "{% raw %} is not closed"),
    ]

    @Test("are refused with their place", arguments: mistakes)
    func refused(_ text: String, _ message: String) {
        let error = #expect(throws: Diagnostic.self) { try Template(parsing: scalar(text)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("a list has no text by itself")
    func lists() throws {
        let template = try Template(parsing: scalar("x={{ names }}"))
        let error = #expect(throws: Diagnostic.self) { try template.text(in: scope) }
        #expect(error?.description.contains("a list has no text; use join") == true)
    }

    struct Endless: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var message: String
    }

    static let endless = [
        Endless(
            testDescription: "parentheses", text: "{{ \(String(repeating: "(", count: 100_000)) }}",
            message: "the expression is nested too deeply"),
        Endless(
            testDescription: "a chain of sums", text: "{{ 1\(String(repeating: " + 1", count: 50_000)) }}",
            message: "the expression has more than 1000 words"),
        Endless(
            testDescription: "a chain of keys", text: "{{ a\(String(repeating: ".a", count: 50_000)) }}",
            message: "the expression has more than 1000 words"),
        Endless(testDescription: "twice twice", text: "{{ a11 }}", message: "the text unfolds to more than"),
        Endless(testDescription: "nothing twice twice", text: "{{ b20 }}", message: "variables in one another"),
    ]

    @Test("what grows without end is refused", arguments: endless)
    func growth(_ row: Endless) throws {
        var variables: VariableMapping = ["a0": .string(String(repeating: "x", count: 1000)), "b0": ""]
        for line in 1...20 {
            for name in ["a", "b"] {
                let text = "{{ \(name)\(line - 1) }}{{ \(name)\(line - 1) }}"
                variables["\(name)\(line)"] = .string(text)
            }
        }
        let error = #expect(throws: Diagnostic.self) {
            try Template(parsing: scalar(row.text)).text(in: VariableScope(variables))
        }
        #expect(error?.description.contains(row.message) == true, "\(error as Any)")
    }

    @Test("the longest chain that is read is worked out")
    func longestChain() throws {
        let chain = "{{ 1\(String(repeating: " + 1", count: 490)) }}"
        #expect(try Template(parsing: scalar(chain)).text(in: scope) == "491")
    }
}
