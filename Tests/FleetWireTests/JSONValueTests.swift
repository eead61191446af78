import FleetWire
import Testing

@Suite struct JSONValueTests {
    @Test(arguments: [
        "null", "true", "0", "-0", "-1.5e+10", "123456789012345678901234567890", #""""#, #""é\n\"\\""#, "[]", "{}",
        #"{"z":1,"a":[1,{"b":null}],"m":"x"}"#, #""\u0001""#,
    ])
    func roundTrip(text: String) throws {
        #expect(try JSONValue(parsing: text).description == text)
    }

    @Test(arguments: [
        (#""\ud83d\ude00\u0041\/""#, "😀A/"), (#""\ud83dx""#, "\u{FFFD}x"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
        (#""a\tb""#, "a\tb"),
    ])
    func escapes(text: String, value: String) throws {
        #expect(try JSONValue(parsing: text) == .string(value))
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "-", "1.", "1e", "tru", "\"\u{1}\"", "\"\\x\"",
        "1 2", "[1 2]", "\"abc", "\"\\u00g0\"", "+1", String(repeating: "[", count: 100_000),
    ])
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
    }

    @Test func skipsKeys() throws {
        let text = #"{"managedFields":[{"f:a\"}]":{"b":"]"}}],"name":"x","inner":{"managedFields":3,"y":1}}"#
        let value = try JSONValue(parsing: text.utf8, skipping: ["managedFields"])
        #expect(value.description == #"{"name":"x","inner":{"y":1}}"#)
    }

    @Test func orderIsKeptAndIgnoredByEquality() throws {
        let value = try JSONValue(parsing: #"{"b":1,"a":2}"#)
        #expect(value.object?.keys == ["b", "a"])
        #expect(value == ["a": 2, "b": 1])
        #expect(value.hashValue == (["a": 2, "b": 1] as JSONValue).hashValue)
    }

    @Test func paths() {
        var value: JSONValue = ["metadata": ["labels": ["app": "x"]], "list": [1, 2]]
        #expect(value["metadata"]["labels"]["app"].string == "x")
        #expect(value["absent"]["deeper"].isNull)
        #expect(value["list"][1].int == 2)
        value["metadata"]["name"] = "n"
        value["list"].removeMember("x")
        #expect(value["metadata"].description == #"{"labels":{"app":"x"},"name":"n"}"#)
    }

    /// The examples of RFC 7386, appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#), (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#), (#"["a"]"#, #"["c"]"#, #"["c"]"#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), (#"[1]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func mergePatch(target: String, patch: String, result: String) throws {
        #expect(try JSONValue(parsing: target).merged(with: JSONValue(parsing: patch)).description == result)
    }
}
