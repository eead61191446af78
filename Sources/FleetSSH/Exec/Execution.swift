internal import CLibSSH2
internal import FleetModel
internal import NIOCore

/// One command on one connection, from its channel's opening to the report; confined to the event loop.
final class Execution: ChannelOwner {
    /// Why a command is being stopped.
    private enum Stop: Equatable { case deadline(HostOutcome.Phase), cancellation }

    private let command: HostCommand
    private let escalation: Escalation
    /// Whether its channel may be asked for before the login is answered; another attempt does without.
    let mayBeginEarly: Bool
    /// Whether it stops another command: it is given up in time, and not stopped in its turn.
    private let isStop: Bool
    private let nonce: String
    private var reply: ((HostReport) -> Void)?
    private var output: MarkedStream
    private var errors: MarkedStream
    private var channel: RemoteChannel?
    private var connection: Connection?
    private var clock = PhaseClock()
    private var wasSent = false
    private var isScriptSent = false
    private var feed: InputFeed?
    private var answers = 0
    private var stop: Stop?
    private var deadline: MovingDeadline?
    /// Passes when the command has been silent for too long.
    private var silence: MovingDeadline?
    /// Passes when everything together has taken too long.
    private var total: MovingDeadline?
    private var note = ""
    /// Told the output while it comes.
    var receiving: ((HostStream, [UInt8]) -> Void)? {
        didSet {
            output.tap = receiving.map { receiving in { receiving(.output, Array($0)) } }
            errors.tap = receiving.map { receiving in { receiving(.error, Array($0)) } }
        }
    }

    /// How long a stop waits for a shell that is still starting, in seconds.
    private static let startSeconds: Int64 = 15

    init(
        _ command: HostCommand, _ escalation: Escalation, mayBeginEarly: Bool = false, isStop: Bool = false,
        reply: @escaping (HostReport) -> Void
    ) {
        self.command = command
        self.mayBeginEarly = mayBeginEarly
        self.isStop = isStop
        self.escalation = escalation
        self.reply = reply
        // A control character first: searching the output for it is cheap.
        nonce = "\u{1e}" + String(UInt64.random(in: .min ... .max), radix: 36)
        output = MarkedStream(nonce: nonce, limit: command.outputLimit)
        errors = MarkedStream(nonce: nonce, limit: command.outputLimit)
    }

    /// Opens a channel on a ready connection; `earlier` are the phases that led to it.
    func begin(on connection: Connection, session: Session, after earlier: PhaseClock) {
        guard reply != nil else { return connection.ended(self) }
        self.connection = connection
        if escalation.method == .su, escalation.password == nil {
            return finish(.refused(escalation.refusal("")))
        }
        clock = earlier
        clock.restart()
        let limit = connection.settings.openSeconds
        deadline = MovingDeadline(connection.ticker)
        deadline?.set(in: limit) { [self] in
            finish(
                wasSent
                    ? .transportLost("the host did not say within \(limit) s whether the command started")
                    : .neverStarted("the host opened no channel within \(limit) s"))
        }
        let line = CommandLine.line(
            escalation, shape: CommandLine.Shape(command), leadsSession: session.isOpenSSH)
        let channel = RemoteChannel(
            .command(line, hasTerminal: command.hasTerminal), session: session, owner: self)
        self.channel = channel
        channel.open()
    }

    /// The connection it began on early is ready; `earlier` are the phases that led to it.
    func loggedIn(after earlier: PhaseClock) {
        clock = earlier
        clock.restart()
    }

    /// Gives everything together, from now on, a deadline.
    func limit(to due: NIODeadline, _ ticker: Ticker) {
        guard reply != nil else { return }
        total = MovingDeadline(ticker)
        total?.set(at: due) { [self] in halt(.deadline(.total)) }
    }

    /// Stops the command: what was started is killed, what was not never starts.
    func cancel() { halt(.cancellation) }

    /// The connection is gone.
    func connectionLost(_ words: String) {
        channel = nil
        if case .deadline(let phase) = stop { return finish(.timedOut(phase)) }
        finish(wasSent ? .transportLost(words) : .neverStarted(words))
    }

    /// The script travels right behind the request, unless a password has to go first.
    func channelRequested() {
        wasSent = true
        connection?.commandRequested()
        if !escalation.mayAsk { sendScript() }
    }

    func channelOpened() {
        // A command that is being stopped has the stop's own deadline.
        guard stop == nil else { return }
        deadline?.set(in: command.timeoutSeconds) { [self] in halt(.deadline(.command)) }
        if command.idleSeconds != nil, let connection { silence = MovingDeadline(connection.ticker) }
        expectOutput()
    }

    private func expectOutput() {
        guard stop == nil, let seconds = command.idleSeconds else { return }
        silence?.set(in: seconds) { [self] in halt(.deadline(.idle)) }
    }

    func channelDrained() { feed?.more() }

    private func sendScript() {
        isScriptSent = true
        channel?.write(
            ByteBuffer(string: CommandLine.input(command, nonce: nonce)), ending: CommandLine.Shape(command) == .plain)
    }

    /// Hands over what the script asked for, one input after the other.
    private func answerQuestions() {
        guard stop == nil, !output.questions.isEmpty, feed == nil, let channel, let connection else { return }
        let number = output.questions.removeFirst()
        guard command.inputs.indices.contains(number) else { return channel.write(ByteBuffer(), ending: true) }
        let feed = InputFeed(command.inputs[number], into: channel, on: connection.loop) { [weak self] isWhole in
            self?.fed(isWhole)
        }
        self.feed = feed
        feed.more()
    }

    /// A file that became shorter ends the host's input: its script sees that the contents are not whole.
    private func fed(_ isWhole: Bool) {
        feed = nil
        if isWhole { answerQuestions() } else { channel?.write(ByteBuffer(), ending: true) }
    }

    /// Answers the host's question for a password, and sends the script once the shell is root's.
    private func answer() {
        let words = preface
        if words.contains(escalation.readiness) { return sendScript() }
        guard escalation.asks(in: words, answered: answers), let password = escalation.password else { return }
        guard answers == 0 else { return finish(.refused(escalation.refusal("it does not accept the password given"))) }
        answers += 1
        password.reveal { channel?.write(ByteBuffer(string: $0 + "\n")) }
    }

    /// What the login shell, sudo or su said before the script's start.
    private var preface: String { String(decoding: errors.preface + output.preface, as: UTF8.self) }

    func channelReceived(_ bytes: UnsafeRawBufferPointer, stream: Int32) {
        let wasStarted = output.start != nil
        if stream == 0 { output.consume(bytes) } else { errors.consume(bytes) }
        expectOutput()
        if !isScriptSent, escalation.mayAsk { answer() }
        if !output.questions.isEmpty { answerQuestions() }
        guard !wasStarted, output.start != nil else { return }
        clock.end(.start)
        if stop != nil { kill() }
    }

    func channelPaused() {
        guard stop == nil, errors.end != nil || command.hasTerminal,
            let status = output.end?.first.flatMap({ Int32($0) })
        else { return }
        // Both markers came: a background child may hold the streams for ever, and nobody waits for it.
        finish(.exited(status))
    }

    func channelClosed(_ end: ChannelEnd) {
        channel = nil
        guard !isLate else { return }
        output.finish()
        errors.finish()
        finish(outcome(of: end))
    }

    func channelFailed(_ code: Int32, _ words: String) {
        channel = nil
        guard !isLate else { return }
        // A refusal is an answer: nothing was started.
        let isRefused = code == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED || code == LIBSSH2_ERROR_CHANNEL_FAILURE
        finish(
            wasSent && !(isRefused && output.start == nil)
                ? .transportLost(words) : .neverStarted("the host opened no channel: \(words)"))
    }

    /// Whether a deadline passed: the end of what is killed then says nothing.
    private var isLate: Bool { stop.map { $0 != .cancellation } ?? false }

    /// Reports, once, and closes the channel in the background.
    func finish(_ outcome: HostOutcome, clock earlier: PhaseClock? = nil, stage: HostReport.Stage? = nil) {
        guard let reply else { return }
        self.reply = nil
        feed?.stop()
        feed = nil
        deadline?.cancel()
        silence?.cancel()
        total?.cancel()
        clock.end(.command)
        reply(
            HostReport(
                outcome: outcome, standardOutput: output.text, standardError: errors.text + note,
                droppedBytes: output.dropped + errors.dropped, timings: (earlier ?? clock).timings,
                stage: stage ?? self.stage(of: outcome)))
        connection?.ended(self)
        releaseChannel()
        connection = nil
    }

    /// A command that had a connection of its own, and did not start, failed at the shell.
    private func stage(of outcome: HostOutcome) -> HostReport.Stage? {
        guard case .neverStarted = outcome, connection != nil, stop == nil else { return nil }
        return .shell
    }

    private func outcome(of end: ChannelEnd) -> HostOutcome {
        if let status = output.end?.first.flatMap({ Int32($0) }) { return .exited(status) }
        if let signal = end.signal { return .signalled(signal) }
        if output.start == nil { return notStarted(end) }
        return end.status == 0 ? .noStatus : .exited(end.status)
    }

    private func notStarted(_ end: ChannelEnd) -> HostOutcome {
        let words = escalation.cleaned(preface).split(whereSeparator: \.isNewline)
            .filter { !$0.allSatisfy(\.isWhitespace) }.joined(separator: "; ")
        let said = words.isEmpty ? "it said nothing and exited \(end.status)" : words
        guard escalation.method != .none else {
            return .neverStarted("the login shell did not start sh: \(said)")
        }
        return .refused(escalation.refusal(said))
    }

    // MARK: Stopping

    private func halt(_ reason: Stop) {
        guard stop == nil, reply != nil else { return }
        stop = reason
        deadline?.cancel()
        silence?.cancel()
        guard wasSent, !isStop, connection != nil else { return finish(abandoned()) }
        guard output.start == nil else { return kill() }
        // The shell is still starting, and only it can say which processes are its own.
        deadline?.set(in: Self.startSeconds) { [self] in
            note = "\nfleet: the shell did not start within \(Self.startSeconds) s more; it may still run\n"
            finish(abandoned())
        }
    }

    private func kill() {
        guard let connection, let start = output.start else { return }
        deadline?.cancel()
        guard start.count == 2, start[0] != "0" else {
            note = "\nfleet: which processes to kill is not known; they may still run\n"
            return finish(abandoned())
        }
        let script = KillScript.text(
            session: String(start[0]), started: String(start[1]), graceSeconds: connection.settings.killGraceSeconds)
        let limit = Int64(connection.settings.killGraceSeconds + connection.settings.stopSeconds)
        var kill = HostCommand(
            script: script, becomesRoot: escalation.method != .none, timeoutSeconds: limit, outputLimit: 4096)
        kill.hasTerminal = command.hasTerminal
        let again = Escalation(escalation.method, password: escalation.password)
        connection.runAtOnce(Execution(kill, again, isStop: true) { [self] in killed($0, String(start[0])) })
    }

    private func killed(_ report: HostReport, _ session: String) {
        let answer = report.standardOutput.split(whereSeparator: \.isNewline).joined(separator: " ")
        if report.outcome.isSuccess {
            note = "\nfleet: every process of session \(session) was ended\n"
        } else {
            note = "\nfleet: session \(session) could not be ended: \(answer) \(report.outcome)\n"
        }
        guard reply != nil else { return }
        if case .deadline(let phase) = stop { return finish(.timedOut(phase)) }
        // A cancelled command reports what the host says about its end, which is on its way.
        let seconds = connection?.settings.closeSeconds ?? 0
        deadline?.set(in: seconds) { [self] in
            finish(.transportLost("it was stopped"))
        }
    }

    private func abandoned() -> HostOutcome {
        switch stop {
        case .deadline(.total) where !wasSent:
            .neverStarted("its time of \(command.totalSeconds ?? 0) s in all was over before it could start")
        case .deadline(let phase): .timedOut(phase)
        case .cancellation, nil: wasSent ? .transportLost("it was stopped") : .neverStarted("it was stopped")
        }
    }

    private func releaseChannel() {
        guard let channel, let connection else { return }
        self.channel = nil
        // A connection that was not kept takes its channels with it.
        guard !connection.hasEnded else { return }
        let limit = MovingDeadline(connection.ticker)
        limit.set(in: connection.settings.closeSeconds) { connection.retire() }
        channel.whenFreed = { limit.cancel() }
        channel.close()
    }
}
