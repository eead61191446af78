import FleetModel

/// `[user@]host[:port]`, or an `ssh://` URI; an IPv6 address in brackets.
struct JumpPlace: Hashable {
    var user: String?
    var host: String
    var port: Int?

    /// Nil for anything else.
    init?(_ text: String) {
        let bare = text.hasPrefix("ssh://") ? String(text.dropFirst(6)) : text
        let parts = bare.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        user = parts.count == 2 ? parts[0] : nil
        let place = parts[parts.count - 1]
        let end = place.hasPrefix("[") ? place.firstIndex(of: "]") : nil
        let head = end.map { String(place[place.index(after: place.startIndex)..<$0]) }
        let pieces = (end.map { String(place[place.index(after: $0)...]) } ?? place)
            .split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        host = head ?? pieces[0]
        guard !host.isEmpty, user != "", pieces.count <= 2, head == nil || pieces[0].isEmpty else { return nil }
        guard pieces.count == 2 else { return }
        guard let number = Int(pieces[1]), (1...65535).contains(number) else { return nil }
        port = number
    }
}

/// The tokens of a `ProxyCommand`, worked out for one host.
struct ProxyCommandText {
    private let endpoint: HostEndpoint

    init(_ endpoint: HostEndpoint) { self.endpoint = endpoint }

    /// The command for a shell; throws what would be more than a word in it (safety rule 26).
    func expand(_ text: String, name: String) throws -> String {
        var result = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            switch rest.popFirst() {
            case "%": result.append("%")
            case "h": result += try word(endpoint.address, "%h")
            case "n": result += try word(name, "%n")
            case "p": result += String(endpoint.port)
            case "r": result += try word(endpoint.user, "%r")
            case let token:
                throw Refusal(
                    "host \"\(endpoint.name)\": ProxyCommand holds %\(token.map(String.init) ?? ""), which is not known here",
                    hint: "known are %h, %n, %p, %r and %%")
            }
        }
        return result
    }

    private func word(_ value: String, _ token: String) throws -> String {
        let isPlain = value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-:@+".contains($0)) }
        guard isPlain, !value.hasPrefix("-"), !value.isEmpty else {
            throw Refusal(
                "host \"\(endpoint.name)\": \(token) of its ProxyCommand would be \"\(value)\", which a shell reads as more than a name"
            )
        }
        return value
    }
}
