import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// SIGINT and SIGTERM as a stream: the first asks for a graceful stop, the second ends the process at once.
///
/// That holds until the process ends: what a command does when its run is over can take long too.
struct Stops {
    /// The names of the signals, as they come.
    let requests: AsyncStream<String>

    init() {
        let (requests, continuation) = AsyncStream.makeStream(of: String.self)
        self.requests = requests
        let queue = DispatchQueue(label: "fleet.signals")
        let count = SignalCount()
        for (number, name) in [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            // A source that is let go is deaf: it holds itself.
            source.setEventHandler { [source] in
                _ = source
                if count.next() > 1 { Foundation.exit(130) }
                continuation.yield(name)
            }
            source.resume()
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
