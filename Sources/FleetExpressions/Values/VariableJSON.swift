public import FleetModel
import Foundation

/// Writes variables as JSON.
public enum VariableJSON {
    /// The value on one line, mappings in their order, as Python's `json.dumps` spaces it; nil when it holds vaulted
    /// text or a number that JSON has no word for.
    public static func text(of value: VariableValue) -> String? {
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .float(let number): return number.isFinite ? String(number) : nil
        case .string(let text): return quoted(text)
        case .list(let elements):
            let texts = elements.compactMap(text(of:))
            return texts.count == elements.count ? "[" + texts.joined(separator: ", ") + "]" : nil
        case .mapping(let mapping):
            let texts = mapping.entries.compactMap { entry in
                text(of: entry.value).map { "\(quoted(entry.name)): \($0)" }
            }
            return texts.count == mapping.count ? "{" + texts.joined(separator: ", ") + "}" : nil
        case .vaulted: return nil
        }
    }

    /// A string in JSON's quotes; other than ASCII as it stands, control characters escaped.
    public static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20: result += "\\u" + hexadecimal(scalar.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Reads JSON; nil for anything else.
    ///
    /// Mappings are in the order of their keys.
    public static func value(of text: String) -> VariableValue? {
        (try? JSONDecoder().decode(Decoded.self, from: Data(text.utf8)))?.value
    }

    private struct Decoded: Decodable {
        var value: VariableValue

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                value = .null
            } else if let flag = try? container.decode(Bool.self) {
                value = .bool(flag)
            } else if let number = try? container.decode(Int.self) {
                value = .int(number)
            } else if let number = try? container.decode(Double.self) {
                value = .float(number)
            } else if let text = try? container.decode(String.self) {
                value = .string(text)
            } else if let list = try? container.decode([Decoded].self) {
                value = .list(list.map(\.value))
            } else {
                let entries = try container.decode([String: Decoded].self).sorted { $0.key < $1.key }
                value = .mapping(VariableMapping(entries.map { ($0.key, $0.value.value) }))
            }
        }
    }

    /// The value over several lines, two blanks an indentation; nil as `text(of:)`.
    public static func lines(of value: VariableValue, indentation: String = "") -> String? {
        let inner = indentation + "  "
        let parts: [String]
        let brackets: (String, String)
        switch value {
        case .list(let elements) where !elements.isEmpty:
            brackets = ("[", "]")
            parts = elements.compactMap { lines(of: $0, indentation: inner) }
            guard parts.count == elements.count else { return nil }
        case .mapping(let mapping) where !mapping.isEmpty:
            brackets = ("{", "}")
            parts = mapping.entries.compactMap { entry in
                lines(of: entry.value, indentation: inner).map { "\(quoted(entry.name)): \($0)" }
            }
            guard parts.count == mapping.count else { return nil }
        default: return text(of: value)
        }
        return brackets.0 + "\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n" + indentation + brackets.1
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
