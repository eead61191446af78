import FleetModel
import FleetPlanning

extension StepContext {
    /// Runs a script detached and follows it to its end, over lost connections and crashes.
    ///
    /// Returns its result when there is one, or what to do next. An intent whose start is in doubt is looked up on the
    /// host; where the host knows nothing of it, or lost it, only a repeatable script begins anew (safety rule 25).
    func detached(
        _ command: HostCommand, _ title: String, timeout: Duration, isRepeatable: Bool
    ) -> (result: OperationResult?, next: StepProgress) {
        // What earlier attempts left is looked at by people only, whatever the node was given back for meanwhile.
        let attempt = node.failedAttempts[index].map { "-attempt-\($0 + 1)" } ?? ""
        let script = DetachedScript(command, id: "step-\(index)\(attempt)", run: run.id)
        return DetachedCourse(
            context: self, script: script, title: title, deadline: memory.startedAt + timeout,
            isRepeatable: isRepeatable
        ).advance()
    }
}

/// One look at a detached script's course: start, follow, and at the end clear or stop.
private struct DetachedCourse {
    typealias Answer = (result: OperationResult?, next: StepProgress)

    let context: StepContext
    let script: DetachedScript
    let title: String
    let deadline: Instant
    let isRepeatable: Bool

    private static let mostStarts = 3

    private var starts: Int { context.memory.acts["start"]?.attempts ?? 0 }

    func advance() -> Answer {
        switch context.memory.acts["start"]?.state {
        case nil: return perform("start", script.start(again: false))
        case .inFlight: return (nil, .wait(title))
        case .inDoubt: return look()
        case .finished(let result) where result.isSuccess:
            return DetachedState(NodeAnswer(result.output)).map { goOn(from: $0, result) } ?? unreadable(result)
        case .finished(let result) where result.neverStarted:
            return (nil, context.retried(act("start", script.start(again: false)), after: result, isPassing: true))
        case .finished(let result) where result.lostHost: return look()
        case .finished(let result): return (result, .wait(title))
        }
    }

    // MARK: - After a crash, or a lost connection

    private func look() -> Answer {
        let command = script.follow(for: .zero)
        let (result, next) = context.command("look \(starts)", "look for \(title)", command, isRepeatable: true)
        guard let result else { return (nil, next) }
        guard result.isSuccess, let state = DetachedState(NodeAnswer(result.output)) else { return unreadable(result) }
        guard state == .absent || state == .unstarted else { return goOn(from: state, result) }
        guard isRepeatable || state == .unstarted else {
            return failed(
                "in doubt: it was to be started on \(context.target.host), and there is no \(script.directory); look at the host, then mark the step repeatable or finish by hand"
            )
        }
        return begin(again: false)
    }

    private func begin(again: Bool) -> Answer {
        guard starts < Self.mostStarts else { return failed("it was begun \(starts) times and never came to an end") }
        return perform("start", script.start(again: again))
    }

    // MARK: - To its end

    private func goOn(from first: DetachedState, _ answer: OperationResult) -> Answer {
        let key = "follow \(starts)"
        switch context.memory.acts[key]?.state {
        case nil: return conclude(first, answer)
        case .inFlight: return (nil, .wait(title))
        case .inDoubt: return follow()
        case .finished(let result) where result.lostHost || !result.isSuccess: return reach(again: result)
        case .finished(let result):
            guard let state = DetachedState(NodeAnswer(result.output)) else { return unreadable(result) }
            return conclude(state, result)
        }
    }

    private func conclude(_ state: DetachedState, _ answer: OperationResult) -> Answer {
        let output = NodeAnswer(answer.output).all("output")
        switch state {
        case .running, .unstarted: return isOverdue ? stop() : follow()
        case .absent: return failed("\(script.directory) is gone from the host, and its end with it")
        case .lost where isRepeatable: return begin(again: true)
        case .lost:
            return failed("it ended without a status: it was killed, or the host restarted\(Self.tail(output))")
        case .ended(0): return clear(output)
        case .ended(let status):
            let said = output.isEmpty ? "" : output.suffix(3).joined(separator: "; ") + "; "
            let words = "\(said)all it said is in \(script.directory)/output on \(context.target.host)"
            return (OperationResult(isSuccess: false, code: "exited \(status)", message: words), .wait(title))
        }
    }

    /// Whether it was still running after its time: what a paused run last saw of it before says nothing.
    private var isOverdue: Bool {
        let seen = (context.memory.acts["follow \(starts)"] ?? context.memory.acts["start"])?.changedAt
        return context.now >= deadline && seen.map { $0 >= deadline } ?? true
    }

    private func follow() -> Answer {
        let left = max(.zero, deadline - context.now)
        return perform("follow \(starts)", script.follow(for: min(left, DetachedScript.watch)))
    }

    /// The host cannot be reached: the script goes on without fleet, so it is asked for until its time is over.
    private func reach(again result: OperationResult) -> Answer {
        guard let act = context.memory.acts["follow \(starts)"] else { return follow() }
        guard context.now < deadline else {
            return failed("\(result.words); it may still be running on \(context.target.host) (\(script.directory))")
        }
        let next = act.changedAt + act.pause
        return context.now < next
            ? (nil, .wait("\(title): \(result.words); it goes on by itself, asking again", until: next)) : follow()
    }

    private func stop() -> Answer {
        let (result, next) = context.command("stop", "end \(title)", script.stop, isRepeatable: true)
        guard let result else { return (nil, next) }
        let isGone = result.isSuccess && NodeAnswer(result.output).last("gone") == "yes"
        let proof = isGone ? "its processes were ended" : "its processes could not be ended: \(result.words)"
        let words = "it took longer than its timeout; \(proof)"
        return isGone ? (nil, .unsuccessful("\(title): \(words)")) : failed(words)
    }

    private func clear(_ output: [String]) -> Answer {
        let (result, next) = context.command("clear", "clear away \(title)", script.clear, isRepeatable: true)
        let done = OperationResult(isSuccess: true, code: "exited 0", output: output.joined(separator: "\n"))
        // The script is done, whatever becomes of its directory.
        if case .failed = next { return (done, next) }
        return (result == nil ? nil : done, next)
    }

    // MARK: - Words

    private func act(_ key: String, _ command: HostCommand) -> StepOperation {
        StepOperation(key: key, title: title, .host(command))
    }

    private func perform(_ key: String, _ command: HostCommand) -> Answer {
        (nil, .perform([act(key, command)], waitingFor: title))
    }

    private func failed(_ words: String) -> Answer { (nil, .failed("\(title): \(words)")) }

    private func unreadable(_ result: OperationResult) -> Answer {
        guard result.isSuccess else { return failed(result.words) }
        return failed("the host's answer tells nothing of the script")
    }

    private static func tail(_ output: [String]) -> String {
        output.isEmpty ? "" : "; it said last: " + output.suffix(3).joined(separator: "; ")
    }
}
