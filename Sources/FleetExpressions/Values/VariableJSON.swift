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

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
