/// What a host says of itself, as ``NodeScript/checkup`` answers.
struct CheckupFacts: Hashable, Sendable {
    /// How full a file system is.
    struct Disk: Hashable, Sendable {
        var path: String
        /// In percent.
        var used: Int
        /// Inodes, in percent.
        var inodes: Int
        /// Space that is left.
        var freeKiB: Int
    }

    /// Its clock, in seconds since 1970.
    let time: Int64?
    /// Whether root asked.
    let isRoot: Bool
    /// Programs that fleet's scripts need and that are missing.
    let missing: [String]
    /// How full its file systems are, each once.
    let disks: [Disk]
    /// File systems on which nothing can be written although they are to be written on.
    let readOnly: [String]
    /// sshd's settings by lower-case name; empty where they could not be read.
    let daemon: [String: String]

    /// Reads an answer; nil where it broke off.
    init?(_ answer: NodeAnswer) {
        guard answer.last("end") == "yes" else { return nil }
        time = answer.last("time").flatMap(Int64.init)
        isRoot = answer.last("uid") == "0"
        missing = answer.all("missing")
        disks = answer.all("disk").compactMap(Self.disk)
        readOnly = answer.all("read_only")
        let settings = answer.all("sshd").compactMap { line -> (String, String)? in
            let words = line.split(separator: " ", maxSplits: 1)
            return words.count == 2 ? (words[0].lowercased(), String(words[1])) : nil
        }
        daemon = Dictionary(settings, uniquingKeysWith: { first, _ in first })
    }

    private static func disk(_ text: String) -> Disk? {
        let parts = text.split(separator: " ")
        guard parts.count == 4, let used = Int(parts[1]), let inodes = Int(parts[2]), let free = Int(parts[3]) else {
            return nil
        }
        return Disk(path: String(parts[0]), used: used, inodes: inodes, freeKiB: free)
    }
}
