import FleetModel
import FleetWire
import Testing

@Suite struct SelectorTests {
    static let labels = ["app": "web", "tier": "front", "generation": "4"]

    @Test(arguments: [
        ("", true), ("app=web", true), ("app==web", true), ("app=x", false), ("app!=x", true), ("absent!=x", true),
        ("app in (web, db)", true), ("app in (db)", false), ("app notin (db)", true), ("absent notin (db)", true),
        ("app", true), ("!app", false), ("! absent", true), ("generation>3", true), ("generation<3", false),
        (" app = web , tier in (front,back),!legacy", true), ("app=", false), ("app in (web),tier=back", false),
    ])
    func matches(text: String, expected: Bool) throws {
        let selector = try LabelSelector(parsing: text)
        #expect(selector.matches(Self.labels) == expected)
        #expect(try LabelSelector(parsing: selector.text) == selector, "\(selector.text)")
    }

    @Test(arguments: ["==bad", ",", "a=b,", "a in", "a in (", "a in (b", "a in b", "a is b", "a>x", "=", "a b"])
    func refuses(text: String) {
        #expect(throws: SelectorSyntaxError.self) { try LabelSelector(parsing: text) }
    }

    @Test(arguments: [
        ("spec.nodeName=n1", true), ("spec.nodeName==n1", true), ("spec.nodeName!=n1", false), ("", true),
        ("spec.nodeName=n1,status.phase!=Running", false), ("spec.host=", true), ("metadata.name=a\\,b", true),
    ])
    func fields(text: String, expected: Bool) throws {
        let object = ["spec.nodeName": "n1", "status.phase": "Running", "metadata.name": "a,b"]
        let selector = try FieldSelector(parsing: text)
        #expect(selector.matches { object[$0] } == expected)
        #expect(try FieldSelector(parsing: selector.text) == selector)
    }

    @Test func refusesFieldsWithoutComparison() {
        #expect(throws: SelectorSyntaxError.self) { try FieldSelector(parsing: "spec.nodeName") }
    }

    @Test func json() throws {
        let selector = LabelSelector(
            matchLabels: ["a": "b"], matchExpressions: [SelectorRequirement("c", .isIn, ["d", "e"])])
        #expect(selector.text == "a=b,c in (d,e)")
        #expect(LabelSelector(selector.json) == selector)
        #expect(LabelSelector(.null) == nil)
        #expect(LabelSelector(.object(JSONObject())) == LabelSelector())
    }
}
