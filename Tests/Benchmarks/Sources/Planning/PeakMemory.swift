import Foundation

/// The most memory that this process ever held.
enum PeakMemory {
    /// In GiB; nil where the system does not say (`VmHWM` of `/proc/self/status`).
    static var gibibytes: Double? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { return nil }
        return kibibytes / 1_048_576
    }
}
