import NIOCore
import NIOPosix
import Testing

@testable import FleetSSH

/// How many unauthenticated connections one sshd is given, as it takes and drops them.
@Suite("Admission to an sshd")
struct AdmissionTests {
    /// A door, and who is inside.
    private final class Door {
        let admission: Admission
        var inside = 0

        init(_ ceiling: Int) { admission = Admission(ceiling: ceiling) }

        func come(_ count: Int) {
            for _ in 0..<count { admission.enter { [unowned self] in inside += 1 } }
        }

        func leave(_ count: Int, wasDropped: Bool) {
            for _ in 0..<count {
                inside -= 1
                admission.leave(wasDropped: wasDropped)
            }
        }
    }

    @Test("no more than the ceiling are inside; who leaves makes room for the next")
    func ceiling() {
        let door = Door(8)
        door.come(20)
        #expect(door.inside == 8)
        door.leave(5, wasDropped: false)
        #expect(door.inside == 8)
        door.leave(8, wasDropped: false)
        #expect(door.inside == 7, "the last seven of twenty")
    }

    @Test("each connection that is dropped halves what is let in, down to one; each success adds one")
    func adaptive() {
        let door = Door(8)
        door.come(100)
        var sizes: [Int] = []
        for _ in 0..<4 {
            door.leave(1, wasDropped: true)
            while door.inside > 1 { door.leave(1, wasDropped: true) }
            sizes.append(door.inside)
        }
        #expect(sizes == [1, 1, 1, 1])
        for expected in [2, 3, 4, 5, 6, 7, 8, 8, 8] {
            door.leave(1, wasDropped: false)
            #expect(door.inside == expected)
        }
    }

    @Test("a ceiling below one lets one in")
    func least() {
        let door = Door(0)
        door.come(3)
        #expect(door.inside == 1)
    }
}

/// Deadlines that move, on one event loop.
@Suite("Deadlines of an event loop", .timeLimit(.minutes(1)))
struct MovingDeadlineTests {
    @Test("what is set acts once, what is moved acts later, what is cancelled never does; then nothing ticks")
    func acting() async throws {
        let loop = NIOSingletons.posixEventLoopGroup.next()
        let told: [String] = await withCheckedContinuation { continuation in
            loop.execute {
                let ticker = Ticker(loop)
                let deadlines = (0..<4).map { _ in MovingDeadline(ticker) }
                var told: [String] = []
                let begun = NIODeadline.now()
                deadlines[0].set(in: 1) { told.append("first") }
                deadlines[1].set(in: 1) { told.append("too early") }
                deadlines[1].set(at: begun + .milliseconds(3500)) {
                    told.append("moved")
                    continuation.resume(returning: told)
                }
                deadlines[2].set(in: 1) { told.append("never") }
                deadlines[2].cancel()
                deadlines[3].set(in: 1) {
                    told.append("again")
                    deadlines[3].set(in: 1) { told.append("and again") }
                }
                #expect(deadlines.map(\.isSet) == [true, true, false, true])
            }
        }
        #expect(told.sorted() == ["again", "and again", "first", "moved"])
        #expect(told.last == "moved")
    }
}
