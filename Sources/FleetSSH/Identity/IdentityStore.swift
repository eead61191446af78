internal import FleetModel
internal import Foundation

/// A private key and the file it came from.
struct Identity: Sendable {
    let path: String
    let key: PrivateKey
}

/// The identities of an endpoint that can be used, and why the others cannot.
struct Identities: Sendable {
    var usable: [Identity] = []
    var unusable: [HostRefusal] = []
}

/// Reads every private key file once, and decrypts it once; an actor, so that a slow decryption is waited for, not
/// repeated.
actor IdentityStore {
    private let passphrase: @Sendable (_ path: String) -> String?
    private var keys: [String: Result<PrivateKey, HostRefusal>] = [:]

    init(passphrase: @escaping @Sendable (_ path: String) -> String?) { self.passphrase = passphrase }

    /// The keys of the files, in their order.
    func identities(_ paths: [String]) -> Identities {
        var found = Identities()
        for path in paths {
            switch key(path) {
            case .success(let key): found.usable.append(Identity(path: path, key: key))
            case .failure(let refusal): found.unusable.append(refusal)
            }
        }
        return found
    }

    private func key(_ path: String) -> Result<PrivateKey, HostRefusal> {
        if let known = keys[path] { return known }
        let result = Result { () throws(HostRefusal) in try read(path) }
        keys[path] = result
        return result
    }

    private func read(_ path: String) throws(HostRefusal) -> PrivateKey {
        let file = PrivateKeyFile(path: path, passphrase: passphrase)
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw file.unusable(
                FileManager.default.fileExists(atPath: path) ? "it cannot be read" : "there is no such file")
        }
        return try file.key(in: String(decoding: data, as: UTF8.self))
    }
}
