import FleetExpressions
import FleetModel
import FleetSSH
import Foundation

/// Where passwords and passphrases come from: the inventory's variables, files, programs, the operator; each is asked
/// for once, and kept in memory only.
actor Secrets {
    private let options: HostOptions
    private let hosts: [String: FleetModel.Host]
    private let output: Output
    /// What files told and the operator typed.
    private var known: [String: Secret?] = [:]

    /// The secrets for hosts of an inventory.
    init(_ options: HostOptions, hosts: [FleetModel.Host], _ output: Output) {
        self.options = options
        self.hosts = Dictionary(hosts.map { ($0.name.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
        self.output = output
    }

    /// Has the engine ask here.
    nonisolated func give(to settings: inout SSHSettings) {
        settings.passphrase = { path in await self.passphrase(path) }
        settings.password = { endpoint in await self.password(endpoint) }
        settings.becomePassword = { endpoint in await self.becomePassword(endpoint) }
    }

    /// The passphrase of a private key; without a file the operator is asked.
    func passphrase(_ path: String) -> Secret? {
        if let file = options.passphraseFile { return once("file \(file)") { try Self.read(file) } }
        guard output.isInteractive else { return nil }
        return once("key \(path)") { self.output.askSecret("Passphrase of \(path): ") }
    }

    private func password(_ endpoint: HostEndpoint) -> Secret? {
        if let own = variable(["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"], of: endpoint) {
            return own
        }
        return common(options.passwordFile, isAsked: options.asksPassword, "Login password: ")
    }

    private func becomePassword(_ endpoint: HostEndpoint) -> Secret? {
        let names =
            switch endpoint.become {
            case .sudo: ["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"]
            case .su: ["ansible_become_password", "ansible_become_pass", "ansible_su_pass"]
            case .none, .doas: [String]()
            }
        if let own = variable(names, of: endpoint) { return own }
        return common(options.becomePasswordFile, isAsked: options.asksBecomePassword, "Become password: ")
    }

    private func common(_ file: String?, isAsked: Bool, _ prompt: String) -> Secret? {
        if let file { return once("file \(file)") { try Self.read(file) } }
        guard isAsked else { return nil }
        return once(prompt) { self.output.askSecret(prompt) }
    }

    private func once(_ name: String, _ ask: () throws -> Secret?) -> Secret? {
        if let answer = known[name] { return answer }
        do {
            let answer = try ask()
            known[name] = .some(answer)
            return answer
        } catch {
            output.warning("\(error)")
            known[name] = .some(nil)
            return nil
        }
    }

    private func variable(_ names: [String], of endpoint: HostEndpoint) -> Secret? {
        guard let host = hosts[endpoint.name], let name = names.first(where: { host.variables[$0] != nil }) else {
            return nil
        }
        return once("\(name) of \(endpoint.name)") { try Self.value(of: name, host) }
    }

    private static func value(of name: String, _ host: FleetModel.Host) throws -> Secret? {
        let place = SourceLocation(file: name)
        let reference = LocatedScalar(text: "{{ \(name) }}", value: .string(name), textLocation: place)
        do throws(Diagnostic) {
            return try Template(parsing: reference).value(in: VariableScope(host: host)).scalarText.map { Secret($0) }
        } catch {
            // The diagnostic might quote the value.
            throw Refusal(
                "host \"\(host.name)\": \(name) cannot be worked out",
                hint: "values of ansible-vault are not read; use --ask-pass, --password-file or --become-password-file")
        }
    }

    /// The first line of a file, or of what a program prints, as Ansible's password files work.
    private static func read(_ path: String) throws -> Secret? {
        let expanded = Paths.expanded(path)
        let data =
            FileManager.default.isExecutableFile(atPath: expanded)
            ? try printed(by: expanded) : try Data(contentsOf: URL(fileURLWithPath: expanded))
        let text = String(decoding: data, as: UTF8.self)
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .first.map { Secret(String($0)) }
    }

    private static func printed(by program: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Refusal("\(program), which should print a password, exited with \(process.terminationStatus)")
        }
        return data
    }
}
