import NIOConcurrencyHelpers

/// Where observations wait for the machine; everything that has come in since is taken at once, so that one journal
/// commit covers it.
final class Mailbox<Element: Sendable>: Sendable {
    private let waiting = NIOLockedValueBox<[Element]>([])
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init() {
        (wakeUps, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds an element and wakes the reader.
    func post(_ element: Element) {
        waiting.withLockedValue { $0.append(element) }
        wake.yield()
    }

    /// Takes everything that waits.
    func takeAll() -> [Element] {
        waiting.withLockedValue { waiting in
            defer { waiting = [] }
            return waiting
        }
    }

    /// Yields once whenever something may wait.
    var signals: AsyncStream<Void> { wakeUps }
}
