import Foundation
import Testing

/// What Package.swift declares, read as text: a test cannot run SwiftPM on its own package while SwiftPM runs it.
struct Manifest {
    /// By target, the modules of this package that it depends on.
    private(set) var ownModules: [String: Set<String>] = [:]
    /// By target, the products of other packages.
    private(set) var externalModules: [String: Set<String>] = [:]

    static func read() throws -> Manifest {
        let text = try Repository.file("Package.swift").text
        var manifest = Manifest()
        for declaration in declarations(in: text) { manifest.add(declaration) }
        try #require(!manifest.ownModules.isEmpty, "Package.swift could not be read")
        return manifest
    }

    /// The text of each non-test target, from one declaration's beginning to the next.
    private static func declarations(in text: String) -> [Substring] {
        let starts = text.matches(of: /\.(executableTarget|target|testTarget|systemLibrary)\(\s*name: "/).map(
            \.range.lowerBound)
        return zip(starts, starts.dropFirst() + [text.endIndex]).map { text[$0..<$1] }
    }

    private mutating func add(_ declaration: Substring) {
        guard !declaration.hasPrefix(".testTarget"), let name = declaration.firstMatch(of: /name: "(\w+)"/)?.1 else {
            return
        }
        let target = String(name)
        ownModules[target] = []
        externalModules[target] = Set(declaration.matches(of: /\.product\(name: "([\w-]+)"/).map { String($0.1) })
        guard !declaration.hasPrefix(".systemLibrary") else { return }
        guard let list = declaration.firstRange(of: "dependencies: [") else { return }
        let dependencies = declaration[list.upperBound...].prefix { $0 != "]" }
            .replacing(/\.product\([^)]*\)/, with: "")
        ownModules[target] = Set(dependencies.matches(of: /"(\w+)"/).map { String($0.1) })
    }
}
