import ArgumentParser
import FleetModel
import Foundation
import Testing

@testable import FleetCommands

/// Lines that hosts say while they are printed, slowly or not.
@Suite("Live output of hosts", .timeLimit(.minutes(1)))
struct LiveOutputTests {
    /// A terminal that prints nothing until it is let go.
    private final class Terminal: @unchecked Sendable {
        private let lock = NSCondition()
        private var isHeld = true
        private var text = ""

        func print(_ lines: String) {
            lock.withLock {
                while isHeld { lock.wait() }
                text += lines
            }
        }

        func letGo() {
            lock.withLock {
                isHeld = false
                lock.broadcast()
            }
        }

        var printed: String { lock.withLock { text } }
    }

    private static let words = "bytes were dropped: they came faster than they could be printed"

    @Test("beyond its room what hosts say is dropped, and how much is told")
    func bounded() async throws {
        let terminal = Terminal()
        let output = Output(try OutputOptions.parse([]), environment: ["NO_COLOR": "1"])
        let live = LiveOutput(["a", "b"], output, room: 1000) { lines, _ in terminal.print(lines) }
        let (first, second) = (live.tap(0), live.tap(1))
        let line = String(repeating: "x", count: 499)
        for _ in 0..<100 { first(.output, Array("\(line)\n".utf8)) }
        second(.error, Array("dropped\n".utf8))
        terminal.letGo()
        await live.finish()
        #expect(
            terminal.printed
                == "a  \(line)\na  \(line)\na  (49000 \(Self.words))\nb  (8 \(Self.words))\n")
    }

    @Test("what is printed makes room again, and the next piece tells what was dropped before it")
    func room() {
        let backlog = LiveBacklog(room: 200)
        let (output, errors) = (
            LiveOutput.Source(position: 0, stream: .output), LiveOutput.Source(position: 0, stream: .error)
        )
        #expect(backlog.enter(100, from: output) == 0)
        #expect(backlog.enter(30, from: output) == nil)
        #expect(backlog.enter(4, from: output) == nil)
        #expect(backlog.enter(5, from: errors) == nil)
        #expect(backlog.dropped == [output: 34, errors: 5])
        backlog.leave(100)
        #expect(backlog.enter(60, from: output) == 34)
        #expect(backlog.enter(0, from: output) == 0)
        #expect(backlog.dropped == [errors: 5])
    }
}
