internal import CLibSSH2
internal import FleetModel
internal import NIOCore
internal import NIOPosix

/// One connection to one endpoint: admitted, connected, key exchanged, host key judged, authenticated, then used by
/// any number of commands and jump targets until it is idle for long.
///
/// Confined to its event loop; ``end(_:)`` is called exactly once for each.
final class Connection: TransportUser {
    private enum Phase: Int, Comparable {
        case waiting, connecting, handshake, authentication, ready, ended

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    let hop: Hop
    let settings: SSHSettings
    let loop: any EventLoop
    let ticker: Ticker
    /// Told when the connection is over.
    var whenEnded: ((Connection) -> Void)?
    private let scratch: Scratch
    private let admission: Admission
    /// Finds the connection to the jump host; nil where the way is direct.
    private let findJump: (() -> Connection?)?
    private var jump: Connection?
    private var isInside = false
    private var phase = Phase.waiting
    /// How it ended; some fail while they are begun (no route, no descriptor left), before anybody waits.
    private var ending: (outcome: HostOutcome, stage: HostReport.Stage?)?
    private var session: Session?
    private var transport: (any Transport)?
    private var clock = PhaseClock()
    private var queued = CircularBuffer<Execution>()
    private var running: [Execution] = []
    /// Whose channel is asked for before the login is answered.
    private var early: Execution?
    /// The connections that go through it.
    private var targets: [Connection] = []
    /// Whether it waits for its turn to be opened by the jump host.
    private var isInLine = false
    private var waitingTargets: [(Result<Session, EndedBefore>) -> Void] = []
    private var isRetired = false
    private var login: Login?
    private var wasJump = false
    private var hasRequested = false
    private let deadline: MovingDeadline
    private let peerWatch: PeerWatch
    private let idle: MovingDeadline

    /// How a jump host's connection ended before it was ready.
    struct EndedBefore: Error { var outcome: HostOutcome }

    /// How long a jump host's connection waits for the next target at least, in seconds.
    private static let jumpIdleSeconds: Int64 = 15
    /// How long a jump host may be silent about a target while others wait for their turn, in seconds.
    private static let openingPatience: Int64 = 2

    /// A connection that is begun by ``open()``; `findJump` finds a usable one to its jump host, where it has one, and
    /// nil when there will be no more.
    init(_ hop: Hop, through findJump: (() -> Connection?)?, pool: LoopPool) {
        self.hop = hop
        self.findJump = findJump
        settings = pool.settings
        loop = pool.loop
        ticker = pool.ticker
        deadline = MovingDeadline(pool.ticker)
        peerWatch = PeerWatch(pool.settings, pool.ticker)
        idle = MovingDeadline(pool.ticker)
        scratch = pool.scratch
        admission = pool.admission(of: hop.key)
    }

    /// Whether it may be given another command.
    var isUsable: Bool { phase < .ended && !isRetired }

    /// Whether it is over.
    var hasEnded: Bool { phase == .ended }

    /// Begins; commands may be queued before it is ready.
    func open() {
        admission.enter { [self] in
            guard phase == .waiting else { return admission.leave(wasDropped: false) }
            isInside = true
            phase = .connecting
            clock.restart()
            expect(.connect, within: settings.connectSeconds)
            connect()
        }
    }

    /// Runs a command when there is room.
    func run(_ execution: Execution) {
        if let ending { return execution.finish(ending.outcome, clock: clock, stage: ending.stage) }
        idle.cancel()
        queued.append(execution)
        if phase == .ready { startQueued() }
    }

    /// Runs a command at once, beside the limit; only when ready.
    func runAtOnce(_ execution: Execution) {
        guard phase == .ready, let session else { return execution.finish(.neverStarted("the connection is gone")) }
        running.append(execution)
        execution.begin(on: self, session: session, after: PhaseClock())
    }

    /// Removes a command that has ended.
    func ended(_ execution: Execution) {
        running.removeAll { $0 === execution }
        if early === execution { early = nil }
        if let place = queued.firstIndex(where: { $0 === execution }) { queued.remove(at: place) }
        if phase == .ready { startQueued() }
    }

    /// Gives it no more commands, and ends it when the present ones have ended.
    func retire() {
        isRetired = true
        restIfIdle()
    }

    /// Hands a jump target the session when it is ready.
    func whenReady(_ user: @escaping (Result<Session, EndedBefore>) -> Void) {
        if let ending { return user(.failure(EndedBefore(outcome: asJump(ending.outcome)))) }
        idle.cancel()
        wasJump = true
        if phase == .ready, let session { return user(.success(session)) }
        waitingTargets.append(user)
    }

    /// Ends everything: what was started has lost its transport, what waits gets the outcome.
    func end(_ outcome: HostOutcome, isDropped: Bool = false) {
        guard phase != .ended else { return }
        let (wasReady, stage) = (phase == .ready, stage)
        phase = .ended
        ending = (outcome, stage)
        [deadline, idle].forEach { $0.cancel() }
        peerWatch.cancel()
        if isInside { admission.leave(wasDropped: isDropped) }
        isInside = false
        endUsers(outcome, stage)
        // A session closes its transport behind its last bytes, which may be later: it may be driving right now.
        if let session { session.close(politely: wasReady) } else { transport?.close() }
        session = nil
        transport = nil
        login = nil
        jump?.targetEnded(self)
        whenEnded?(self)
        whenEnded = nil
    }

    /// How far the way has come; nil once commands can run.
    private var stage: HostReport.Stage? {
        let isJumpLost = jump?.hasEnded ?? false
        return switch phase {
        case .waiting, .connecting: findJump == nil ? .connect : .jumpHost
        case .handshake: isJumpLost ? .jumpHost : .handshake
        case .authentication: isJumpLost ? .jumpHost : .authentication
        case .ready, .ended: nil
        }
    }

    private func endUsers(_ outcome: HostOutcome, _ stage: HostReport.Stage?) {
        let words = Self.words(of: outcome)
        for target in targets { target.forwarded?.jumpEnded("the jump host \(hop.name) is lost: \(words)") }
        targets.removeAll()
        let failure = EndedBefore(outcome: asJump(outcome))
        waitingTargets.forEach { $0(.failure(failure)) }
        waitingTargets.removeAll()
        let (begun, waiting) = (running, (early.map { [$0] } ?? []) + queued)
        early = nil
        running.removeAll()
        queued.removeAll()
        for execution in begun { execution.connectionLost(words) }
        for execution in waiting { execution.finish(outcome, clock: clock, stage: stage) }
    }

    /// What a failed jump host means for the targets behind it.
    private func asJump(_ outcome: HostOutcome) -> HostOutcome {
        if case .refused(let refusal) = outcome {
            return .refused(HostRefusal(refusal.code, "the jump host \(hop.name): \(refusal.message)"))
        }
        return .neverStarted("the jump host \(hop.name): \(Self.words(of: outcome))")
    }

    private static func words(of outcome: HostOutcome) -> String {
        switch outcome {
        case .neverStarted(let words), .transportLost(let words): words
        case .refused(let refusal): refusal.message
        case .timedOut(let phase): "no end of the phase \(phase.rawValue) in time"
        case .exited, .signalled, .noStatus: "it ended"
        }
    }

    // MARK: Phases

    private func connect() {
        if let command = hop.key.proxyCommand { return ProxyTransport.connect(by: command, on: loop, user: self) }
        guard let findJump else {
            let limit = TimeAmount.seconds(settings.connectSeconds + 1)
            return TCPTransport.connect(
                to: hop.key.address, port: hop.key.port, within: limit, on: loop, user: self)
        }
        // The jump host's own deadlines hold until it is ready.
        deadline.cancel()
        guard let jump = findJump() else { return end(.neverStarted("fleet is closing its connections")) }
        self.jump = jump
        jump.whenReady { [self] result in
            guard phase == .connecting else { return jump.targetEnded(self) }
            switch result {
            case .failure(let ended): end(ended.outcome)
            case .success(let session): connect(through: session, of: jump)
            }
        }
    }

    private func connect(through session: Session, of jump: Connection) {
        let transport = ForwardedTransport(user: self)
        self.transport = transport
        isInLine = true
        jump.targets.append(self)
        jump.watchPeer()
        transport.connect(to: hop.key.address, port: hop.key.port, through: session) { [self] in
            isInLine = false
            if phase == .connecting { expectAnswer(of: jump) }
        }
    }

    /// A session opens one channel at a time: while this one is not answered, nobody else's can be asked for, and the
    /// jump host may be gone.
    private func expectAnswer(of jump: Connection) {
        let patience = min(Self.openingPatience, settings.connectSeconds)
        deadline.set(in: patience) { [self] in
            jump.passOnTargets()
            expect(.connect, within: settings.connectSeconds - patience)
        }
    }

    /// Takes no more targets; those in line go through a new connection to the same jump host.
    private func passOnTargets() {
        isRetired = true
        let waiting = targets.filter(\.isInLine)
        targets.removeAll(where: \.isInLine)
        for target in waiting { target.connectAnew() }
    }

    private func connectAnew() {
        transport?.close()
        transport = nil
        connect()
    }

    /// The transport, where a jump host carries it.
    private var forwarded: ForwardedTransport? { transport as? ForwardedTransport }

    func transportConnected(_ transport: any Transport) {
        guard phase == .connecting, let session = Session(scratch: scratch) else { return transport.close() }
        self.transport = transport
        self.session = session
        session.transport = transport
        phase = .handshake
        clock.end(.connect)
        expect(.handshake, within: settings.handshakeSeconds)
        libssh2_session_method_pref(session.raw, LIBSSH2_METHOD_HOSTKEY, hop.check.preference)
        session.perform(
            ControlOperation(
                // No descriptor: -1 would be refused, and 0 is somebody's standard input.
                attempt: { libssh2_session_handshake(session.raw, -2) },
                finish: { [unowned self] code in handshakeEnded(code) }
            )
        )
    }

    func transportReceived(_ bytes: inout ByteBuffer) {
        session?.receive(&bytes)
        // Until a command is requested sshd sends nothing small while something smaller is unacknowledged (Nagle): a
        // delayed acknowledgement would hold up the answer to the first channel, or each of a jump host's, by 40 ms.
        if phase == .ready, !hasRequested { transport?.acknowledgeAtOnce() }
    }

    /// A command is on its way.
    func commandRequested() { hasRequested = true }

    func transportDrained() { session?.drive() }

    func transportEnded(_ words: String) {
        let isDropped = phase == .handshake || phase == .authentication
        end(phase == .ready ? .transportLost(words) : .neverStarted(words), isDropped: isDropped)
    }

    private func handshakeEnded(_ code: Int32) {
        guard phase == .handshake, let session else { return }
        guard code == 0 else { return end(handshakeFailure(code, session)) }
        clock.end(.handshake)
        session.wire.dropPrologue()
        var (length, type) = (0, Int32(0))
        guard let bytes = libssh2_session_hostkey(session.raw, &length, &type) else {
            return end(.refused(HostRefusal(.hostKeyUnsupported, "\(hop.name) showed no host key")))
        }
        let key = HostKey(blob: Array(UnsafeRawBufferPointer(start: bytes, count: length)))
        judge(key)
    }

    private func handshakeFailure(_ code: Int32, _ session: Session) -> HostOutcome {
        let isAlgorithm = code == LIBSSH2_ERROR_KEX_FAILURE || code == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE
        let offered = session.wire.prologue.flatMap(ServerAlgorithms.hostKeys(in:))
        if isAlgorithm, let offered, !offered.contains(where: HostKeyCheck.isUsable) {
            return .refused(hop.check.unsupported(offered: offered))
        }
        return .neverStarted("the key exchange failed: \(session.lastError)")
    }

    private func judge(_ key: HostKey) {
        switch hop.check.judge(key) {
        case .trusted: authenticate()
        case .refused(let refusal): end(.refused(refusal))
        case .unknown(let line, let refusal):
            guard hop.key.acceptsNewKeys, let file = hop.key.knownHostsFiles.first else {
                return end(.refused(refusal))
            }
            accept(line, in: file)
        }
    }

    /// Appending waits for a lock and the disk: off the event loop.
    private func accept(_ line: String, in file: String) {
        let written = NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            try KnownHostsFile.append(line, to: file)
        }
        written.assumeIsolated().whenComplete { [self] result in
            guard phase == .handshake else { return }
            switch result {
            case .success: authenticate()
            case .failure(let error):
                let refusal = error as? HostRefusal ?? HostRefusal(.configuration, "\(error)")
                end(.refused(refusal))
            }
        }
    }

    private func authenticate() {
        guard let session else { return }
        phase = .authentication
        clock.restart()
        expect(.authentication, within: settings.authenticationSeconds)
        let login = Login(hop, session: session, loop: loop) { [unowned self] outcome in
            guard phase == .authentication else { return }
            switch outcome {
            case .accepted: becomeReady()
            case .refused(let refusal): end(.refused(refusal))
            case .broken(let words): end(.neverStarted(words), isDropped: true)
            }
        }
        self.login = login
        login.whenLastIsSent = { [unowned self] in beginEarly() }
        login.offer()
    }

    /// Asks for the first command's channel right behind the last proof, which saves a round trip.
    ///
    /// A server passes it on once it has accepted the proof (RFC 4252, 5.1). Where it does not, the connection is over
    /// anyway. Other servers than OpenSSH's may take it for an attack.
    private func beginEarly() {
        guard phase == .authentication, early == nil, let session, session.isOpenSSH,
            queued.first?.mayBeginEarly ?? false, let execution = queued.popFirst()
        else { return }
        early = execution
        execution.begin(on: self, session: session, after: clock)
    }

    private func becomeReady() {
        phase = .ready
        login = nil
        clock.end(.authentication)
        deadline.cancel()
        admission.leave(wasDropped: false)
        isInside = false
        let users = waitingTargets
        waitingTargets.removeAll()
        if let session { users.forEach { $0(.success(session)) } }
        if let execution = early {
            early = nil
            running.append(execution)
            execution.loggedIn(after: clock)
            clock = PhaseClock()
        }
        startQueued()
    }

    private func startQueued() {
        while running.count < settings.commandsPerConnection, phase == .ready, let session,
            let execution = queued.popFirst()
        {
            running.append(execution)
            execution.begin(on: self, session: session, after: clock)
            clock = PhaseClock()
        }
        if running.isEmpty { restIfIdle() } else { watchPeer() }
    }

    // MARK: Deadlines

    private func expect(_ outcome: HostOutcome.Phase, within seconds: Int64) {
        deadline.set(in: seconds) { [self] in end(.timedOut(outcome)) }
    }

    private func targetEnded(_ target: Connection) {
        targets.removeAll { $0 === target }
        restIfIdle()
    }

    private func restIfIdle() {
        guard phase == .ready, running.isEmpty, queued.isEmpty, targets.isEmpty, waitingTargets.isEmpty else { return }
        peerWatch.cancel()
        idle.cancel()
        guard !isRetired else { return end(.neverStarted("the connection was given up")) }
        // The next target is about to come through a jump host: it is kept for a while all the same.
        let seconds = wasJump ? max(settings.idleSeconds, Self.jumpIdleSeconds) : settings.idleSeconds
        guard seconds > 0 else { return end(.neverStarted("the connection was idle")) }
        idle.set(in: seconds) { [self] in
            guard running.isEmpty, queued.isEmpty, targets.isEmpty, waitingTargets.isEmpty else { return }
            end(.neverStarted("the connection was idle"))
        }
    }

    /// While commands run, here or on targets.
    private func watchPeer() {
        guard let session else { return }
        peerWatch.begin(on: session) { [self] words in end(.transportLost(words)) }
    }
}
