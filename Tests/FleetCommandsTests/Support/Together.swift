import Testing

/// Plays parts of a test side by side: what waits for clocks, not for processors, need not wait in turn.
///
/// A part that throws fails the test and leaves the others to their ends.
func together(_ parts: @Sendable () async throws -> Void...) async {
    await withDiscardingTaskGroup { group in
        for (number, part) in parts.enumerated() {
            group.addTask {
                do {
                    try await part()
                } catch {
                    Issue.record(error, "part \(number + 1)")
                }
            }
        }
    }
}
