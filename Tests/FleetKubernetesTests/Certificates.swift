import Foundation
import Testing

/// Certificates of a throw-away authority, made with `openssl`.
struct Certificates: Sendable {
    let directory: String

    static var isAvailable: Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
            || ProcessInfo.processInfo.environment["CI"] != nil
    }

    var authority: String { "\(directory)/ca.crt" }
    func certificate(_ name: String) -> String { "\(directory)/\(name).crt" }
    func key(_ name: String) -> String { "\(directory)/\(name).key" }
    func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
    func base64(_ path: String) throws -> String { Data(try text(path).utf8).base64EncodedString() }

    /// One set serves all tests of the process.
    static let shared = Result { try Certificates() }

    private init() throws {
        directory = try temporaryDirectory()
        try openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt")
        try openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=stranger -keyout other.key -out other.crt")
        try issue("server", names: "IP:127.0.0.1,DNS:api.internal")
        try issue("elsewhere", names: "DNS:elsewhere.internal")
        try issue("expired", names: "IP:127.0.0.1", days: -1)
        try issue("client-one", names: "DNS:client-one")
        try issue("client-two", names: "DNS:client-two")
    }

    private func issue(_ name: String, names: String, days: Int = 2) throws {
        try openssl("req -newkey rsa:2048 -nodes -subj /CN=\(name) -keyout \(name).key -out \(name).csr")
        try "subjectAltName=\(names)\n".write(toFile: "\(directory)/\(name).ext", atomically: true, encoding: .utf8)
        try openssl(
            "x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -CAcreateserial -days \(days) -extfile \(name).ext -out \(name).crt"
        )
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
}

/// A new directory below the system's temporary one.
func temporaryDirectory() throws -> String {
    let path = NSTemporaryDirectory() + "fleet-kubernetes-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

/// A file in a new directory.
func temporaryFile(_ name: String, _ text: String, executable: Bool = false) throws -> String {
    let path = "\(try temporaryDirectory())/\(name)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    if executable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
    return path
}
