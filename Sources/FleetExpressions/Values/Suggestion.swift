/// Finds the name that was probably meant.
public enum Suggestion {
    /// `did you mean "x"?` for the candidate nearest to a misspelt name; nil when none is near (more than a third of its
    /// letters differ).
    public static func sentence(for name: String, among candidates: some Sequence<String>) -> String? {
        nearest(to: name, among: candidates).map { "did you mean \"\($0)\"?" }
    }

    /// The candidate nearest to a name: same letters in another case first, then the least edits.
    public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(canonical(name).utf8)
        let limit = max(1, wanted.count / 3)
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(canonical(candidate).utf8)
            guard abs(letters.count - wanted.count) <= limit else { continue }
            let distance = editDistance(wanted, letters)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    private static func canonical(_ name: String) -> String {
        String(name.lowercased().map { $0 == "-" ? "_" : $0 })
    }

    /// Insertions, deletions, substitutions and swaps of neighbours between two words.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var above = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let substitution = above[column] + (left[row] == right[column] ? 0 : 1)
                var best = min(substitution, above[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            before = above
            above = current
        }
        return above[right.count]
    }
}
