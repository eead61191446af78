import FleetModel
import FleetPlanning

extension StepContext {
    /// Sends a request until it is carried out: passing failures are tried again six times with growing pauses.
    ///
    /// Ask only while the world does not show the effect; the answer is what to do next.
    func request(
        _ key: String, _ title: String, _ request: ClusterRequest, compensation: Compensation? = nil,
        waitingFor effect: String
    ) -> StepProgress {
        let act = StepOperation(key: key, title: title, .cluster(request), compensation: compensation)
        switch memory.acts[key]?.state {
        case nil, .inDoubt: return .perform([act], waitingFor: effect)
        case .inFlight: return .wait(effect)
        case .finished(let result) where result.isSuccess: return shown(act, effect)
        case .finished(let result): return retried(act, after: result, isPassing: result.isPassing)
        }
    }

    /// Whether an act of this run set a value on an object, as its note there shows: what stands there otherwise is
    /// somebody else's later change, and is not overwritten.
    func hasSet(_ key: String, notedIn annotations: [String: String]) -> Bool {
        guard case .finished(let result) = memory.acts[key]?.state, result.isSuccess else { return false }
        return annotations[Compensation.annotation].flatMap(TemporaryNote.init(text:))?.run == run.id
    }

    /// Runs a command once; what never started is tried again, and a repeatable one whose connection broke, six times.
    ///
    /// Returns the result when there is one, or what to do next. After a crash a command whose outcome is unknown runs
    /// again only when it is repeatable (safety rule 25).
    func command(
        _ key: String, _ title: String, _ command: HostCommand, isRepeatable: Bool, settles: Bool = false
    ) -> (result: OperationResult?, next: StepProgress) {
        var act = StepOperation(key: key, title: title, .host(command))
        act.settles = settles
        switch memory.acts[key]?.state {
        case nil: return (nil, .perform([act], waitingFor: title))
        case .inFlight: return (nil, .wait(title))
        case .inDoubt where isRepeatable: return (nil, .perform([act], waitingFor: title))
        case .inDoubt:
            return (
                nil,
                .failed(
                    "in doubt: \(title) was started on \(target.host) and its end was not recorded; look at the host, then mark the step repeatable or finish by hand"
                )
            )
        case .finished(let result) where result.neverStarted || result.lostHost && isRepeatable:
            return (nil, retried(act, after: result, isPassing: true))
        case .finished(let result): return (result, .wait(title))
        }
    }

    /// The last answer to an act that may be done again and again, or what to do until there is one.
    func answer(to act: StepOperation) -> (result: OperationResult?, next: StepProgress) {
        switch memory.acts[act.key]?.state {
        case nil, .inDoubt: (nil, .perform([act], waitingFor: act.title))
        case .inFlight: (nil, .wait(act.title))
        case .finished(let result): (result, .wait(act.title))
        }
    }

    /// Does it again an interval after its last answer, which did not satisfy; at a deadline at the latest.
    func again(
        _ act: StepOperation, every interval: Duration, until deadline: Instant? = nil, because reason: String
    ) -> StepProgress {
        let next = (memory.acts[act.key]?.changedAt ?? now) + interval
        let due = deadline.map { min(next, $0) } ?? next
        return now < due ? .wait(reason, until: due) : .perform([act], waitingFor: reason)
    }

    /// The request was answered with success; the world must show it within half a minute, else it is sent again.
    private func shown(_ act: StepOperation, _ effect: String) -> StepProgress {
        let deadline = (memory.acts[act.key]?.changedAt ?? now) + .seconds(30)
        return now < deadline ? .wait(effect, until: deadline) : .perform([act], waitingFor: effect)
    }

    func retried(_ act: StepOperation, after result: OperationResult, isPassing: Bool) -> StepProgress {
        guard let memory = memory.acts[act.key], isPassing, memory.attempts < 6 else {
            return .failed("\(act.title): \(result.words)")
        }
        let again = memory.changedAt + memory.pause
        return now < again
            ? .wait("\(act.title): \(result.words); trying again", until: again)
            : .perform([act], waitingFor: act.title)
    }
}

extension StepMemory.Act {
    /// How long to wait before another attempt: 2 s at first, then twice as long each time, at most 32 s.
    var pause: Duration { .seconds(1 << min(attempts, 5)) }
}

extension OperationResult {
    private static let passing: Set<String> = Set(
        [
            ClusterFailure.Code.conflict, .throttled, .timedOut, .connectionLost, .serverError, .unreachable, .expired,
        ].map(\.rawValue)
    )

    /// Whether it failed so that another attempt may mend it.
    var isPassing: Bool { Self.passing.contains(code) }

    private static let unreached: Set<String> = Set(
        [HostOutcome.neverStarted(""), .timedOut(.connect), .timedOut(.handshake), .timedOut(.authentication)].map(
            \.summary))

    /// Whether the host was not reached, refused or in time: nothing began there.
    var neverStarted: Bool { Self.unreached.contains(code) }

    /// Whether the host was not reached, or the connection to it broke.
    var lostHost: Bool { neverStarted || code == HostOutcome.transportLost("").summary }

    /// Whether a command came to its end, and the host said with which status.
    var hasEnded: Bool { code.hasPrefix("exited ") }

    /// The server's or host's words, or the code where there are none.
    var words: String { message.isEmpty ? code : "\(code): \(message)" }
}
