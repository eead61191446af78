/// The syntax of labels and taints (RFC 1123 prefixes, 63 characters of name and value).
enum LabelText {
    static func isKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let name = parts.last, !name.isEmpty, isValue(String(name)) else {
            return false
        }
        return parts.count == 1 || HostNameStep.isHostName(String(parts[0]))
    }

    static func isValue(_ text: String) -> Bool {
        guard let first = text.first, let last = text.last else { return true }
        let isAlphanumeric: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return text.utf8.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
            && text.allSatisfy { isAlphanumeric($0) || "-_.".contains($0) }
    }
}
