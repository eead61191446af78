import Foundation
import Testing

@testable import FleetSSH

@Suite("The known_hosts index") struct KnownHostsIndexTests {
    static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+5oXQk5IDnY2Y1dVZrWc1IRkFBcE5mZHV3b3JkMTIz"

    struct Row: Sendable, CustomTestStringConvertible {
        var names: String
        var host: String
        var port = 22
        var isFound: Bool
        var testDescription: String { "\(names) for \(host):\(port)" }
    }

    static let rows = [
        Row(names: "web", host: "web", isFound: true),
        Row(names: "a", host: "a", isFound: true),
        Row(names: "WEB", host: "Web", isFound: true),
        Row(names: "web", host: "web2", isFound: false),
        Row(names: "web", host: "web", port: 2222, isFound: false),
        Row(names: "[web]:2222", host: "web", port: 2222, isFound: true),
        Row(names: "[web]:2222", host: "web", isFound: false),
        Row(names: "[web]:22", host: "web", isFound: false),
        Row(names: "other,web,10.0.0.1", host: "10.0.0.1", isFound: true),
        Row(names: "10.0.0.*", host: "10.0.0.7", isFound: true),
        Row(names: "10.0.0.?", host: "10.0.0.77", isFound: false),
        Row(names: "*.example.org,!bad.example.org", host: "good.example.org", isFound: true),
        Row(names: "*.example.org,!bad.example.org", host: "bad.example.org", isFound: false),
        Row(names: "!bad.example.org", host: "good.example.org", isFound: false),
        Row(names: "*", host: "web", port: 2222, isFound: true),
        Row(names: "[*]:2222", host: "web", port: 2222, isFound: true),
        Row(names: "*a*b*c", host: "xaxbxbxc", isFound: true),
        Row(names: "fe80::1", host: "FE80::1", isFound: true),
    ]

    @Test(arguments: rows) func lookup(_ row: Row) {
        var index = KnownHostsIndex()
        index.add("\(row.names) \(Self.key) comment here\n", file: "f")
        #expect(index.warnings.isEmpty)
        #expect(index.lines(for: row.host, port: row.port).isEmpty == !row.isFound)
    }

    static let malformed = [
        "web", "web ssh-ed25519", "web ssh-rsa \(key.split(separator: " ")[1])", "web ssh-ed25519 !!!",
        "@other web \(key)",
        "|1|abc \(key)", "|2|a|b \(key)", "web ssh-ed25519 AAAA",
        "@revoked", "@revoked web", "@cert-authority *.example.org ssh-ed25519", "\u{feff}web ssh-dss \(key)",
        "web\0 ssh-ed25519", "|1|| \(key)", "|1|a|b|c \(key)", "|1|YQ==|YQ== \(key)",
        "web ecdsa-sha2-nistp256 AAAA====",
        String(repeating: "x,", count: 50_000) + "web ssh-rsa",
    ]

    @Test(arguments: malformed) func aMalformedLineIsWarnedAboutAndHidesNothing(_ line: String) {
        var index = KnownHostsIndex()
        index.add("# comment\n\n\(line)\r\nweb \(Self.key)\n", file: "known")
        #expect(index.warnings.count == 1)
        #expect(index.warnings.first?.hasPrefix("known:3: ") == true)
        #expect(index.lines(for: "web", port: 22).map(\.number) == [4])
    }

    @Test func manyLinesAreReadOnceAndLookedUpAtOnce() {
        let text = (0..<20_000).map { "host\($0),10.\($0 / 65536).\($0 / 256 % 256).\($0 % 256) \(Self.key)" }
        var index = KnownHostsIndex()
        index.add(text.joined(separator: "\n"), file: "f")
        #expect(index.count == 20_000)
        let begun = ContinuousClock.now
        let found = (0..<2000).count { index.lines(for: "host\($0)", port: 22).count == 1 }
        #expect(found == 2000)
        #expect(ContinuousClock.now - begun < .seconds(5))
    }
}
