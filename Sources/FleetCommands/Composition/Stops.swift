import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// SIGINT, SIGTERM and SIGHUP as a stream: the first asks for a graceful stop, a second SIGINT or SIGTERM ends the process at
/// once.
///
/// A terminal that goes away sends SIGHUP, perhaps twice, by the kernel and by its shell; under nohup it stays ignored.
/// That holds until the process ends: what a command does when its run is over can take long too.
struct Stops {
    /// The names of the signals, as they come.
    let requests: AsyncStream<String>

    init() {
        let (requests, continuation) = AsyncStream.makeStream(of: String.self)
        self.requests = requests
        let queue = DispatchQueue(label: "fleet.signals")
        let count = SignalCount()
        for (number, name) in [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP")] {
            let earlier = signal(number, SIG_IGN)
            if number == SIGHUP, unsafeBitCast(earlier, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                continue
            }
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            // A source that is let go is deaf: it holds itself.
            source.setEventHandler { [source] in
                _ = source
                if number != SIGHUP, count.next() > 1 { Foundation.exit(130) }
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
