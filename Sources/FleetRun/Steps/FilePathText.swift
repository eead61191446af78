/// The syntax of paths on hosts.
enum FilePathText {
    /// Whether a path is absolute, at least so many components deep, on one line, and says no `.` or `..`.
    ///
    /// By bytes, as the host's kernel takes it apart: `/` before a combining mark is a Character of its own, and to the
    /// kernel a `/`.
    static func isAbsolute(_ path: String, depth: Int) -> Bool {
        let components = path.utf8.split(separator: UInt8(ascii: "/"))
        return path.utf8.first == UInt8(ascii: "/") && components.count >= depth && !path.utf8.contains(0)
            && !path.contains(where: \.isNewline)
            && !components.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
    }
}
