import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// SIGINT and SIGTERM as a stream: the first asks for a graceful stop, the second ends the process at once.
struct Stops {
    /// The names of the signals, as they come.
    ///
    /// The stream keeps what listens alive: a source that is let go is deaf.
    let requests: AsyncStream<String>

    init() {
        let (requests, continuation) = AsyncStream.makeStream(of: String.self)
        self.requests = requests
        let queue = DispatchQueue(label: "fleet.signals")
        let count = SignalCount()
        nonisolated(unsafe) let sources = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")].map { number, name in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if count.next() > 1 { Foundation.exit(130) }
                continuation.yield(name)
            }
            source.resume()
            return source
        }
        continuation.onTermination = { _ in
            for source in sources { source.cancel() }
        }
    }
}

/// Counts signals.
private final class SignalCount: Sendable {
    private let count = NIOLockedValueBox(0)

    /// How many there were, this one counted.
    func next() -> Int {
        count.withLockedValue { count in
            count += 1
            return count
        }
    }
}
