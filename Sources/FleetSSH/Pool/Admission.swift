/// How many connections to one sshd may be unauthenticated at once.
///
/// sshd drops more than its MaxStartups allows, for everybody: halved when it drops one, raised again by successes.
final class Admission {
    private let ceiling: Int
    private var limit: Int
    private var inside = 0
    private var waiting: [() -> Void] = []

    init(ceiling: Int) {
        self.ceiling = max(1, ceiling)
        limit = self.ceiling
    }

    /// Calls back when there is room, at once where there is.
    func enter(_ admitted: @escaping () -> Void) {
        waiting.append(admitted)
        admit()
    }

    /// Gives the place back.
    func leave(wasDropped: Bool) {
        inside -= 1
        limit = wasDropped ? max(1, limit / 2) : min(ceiling, limit + 1)
        admit()
    }

    private func admit() {
        while inside < limit, !waiting.isEmpty {
            inside += 1
            waiting.removeFirst()()
        }
    }
}
