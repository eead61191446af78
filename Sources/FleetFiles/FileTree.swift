/// What stands at a path.
public enum FileKind: Hashable, Sendable {
    case file, directory
}

/// The files that may be read.
///
/// FleetFiles opens no path itself: whoever calls it decides what there is.
///
/// Paths are written with `/`; a relative one is the tree's business.
public protocol FileTree: Sendable {
    /// What stands at a path, links followed; nil when nothing does.
    func kind(of path: String) -> FileKind?
    /// The names in a directory, in any order.
    func names(in directory: String) throws -> [String]
    /// The bytes of a file.
    func contents(of file: String) throws -> [UInt8]
}

/// Files in memory, for tests and for playbooks that come with the program.
public struct MemoryFileTree: FileTree {
    private var files: [String: [UInt8]]

    /// A tree of files by path; their folders exist by themselves.
    public init(_ files: [String: String]) {
        self.files = files.mapValues { Array($0.utf8) }
    }

    /// A file, or a folder that some file is in.
    public func kind(of path: String) -> FileKind? {
        if files[path] != nil { return .file }
        let folder = path.hasSuffix("/") ? path : path + "/"
        return files.keys.contains { $0.hasPrefix(folder) } ? .directory : nil
    }

    /// The first parts of the paths below a folder, each once.
    public func names(in directory: String) -> [String] {
        let folder = directory.hasSuffix("/") ? directory : directory + "/"
        let below = files.keys.filter { $0.hasPrefix(folder) }.map { $0.dropFirst(folder.count) }
        return Set(below.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    }

    /// The bytes of a file; empty for an unknown one.
    public func contents(of file: String) -> [UInt8] { files[file] ?? [] }
}
