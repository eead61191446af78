public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `join: {endpoint, cri_socket, token_from, timeout}` – the host joins the cluster by kubeadm (E7, E8).
///
/// Each host gets a token of its own: a Secret that lives for minutes, reaches the host on standard input only, and is
/// revoked as soon as the Node has registered, however the join ends. kubeadm is called once the control plane has signed
/// cluster-info for the token, without which it would wait for its own five minutes. The Node, not kubeadm's words, proves
/// success.
/// With `token_from: control_plane_host` kubeadm makes and revokes it on a host of group `kube_control_plane`, so that
/// fleet's user needs no Secrets.
public struct JoinStep: Step {
    /// `join`.
    public static let kind = "join"
    /// What it does, for editors and lists.
    public static let purpose = "The host joins the cluster by kubeadm."

    /// `host:port` of the API server where hosts reach it otherwise than kubeadm's cluster-info says.
    public var endpoint: Template?
    /// The container runtime's socket, where a host has several.
    public var runtimeSocket: String?
    /// Who makes the token.
    public enum TokenSource: String, CaseIterable, Sendable {
        case api
        case controlPlaneHost = "control_plane_host"
    }

    /// Who makes the token.
    public var tokenSource: TokenSource
    /// How long kubeadm may take, and then the Node to register.
    public var timeout: Duration

    /// Reads `endpoint`, `cri_socket`, `token_from` (api) and `timeout` (5m).
    public init?(_ arguments: inout LocatedDecoder) {
        endpoint = arguments.optional(
            "endpoint", .constant("host:port of the API server, which may hold {{ }}") { Self.isEndpoint($0) })
        runtimeSocket = arguments.optional("cri_socket", .socketAddress)
        tokenSource = arguments.optional("token_from", .choice) ?? .api
        timeout = arguments.optional("timeout", .duration) ?? .seconds(300)
    }

    /// `join the cluster`.
    public var title: String { "join the cluster" }
    /// What the API must permit.
    public var access: [AccessQuestion] {
        let info = AccessQuestion("get", "configmaps", namespace: "kube-public", name: "cluster-info")
        guard tokenSource == .api else { return [info] }
        return [info] + ["create", "delete"].map { AccessQuestion($0, "secrets", namespace: "kube-system") }
    }
    /// Touches the host, brings the Node; the script looks before it acts.
    public var traits: StepTraits {
        [
            .touchesHost, .joins, .repeatable, .diagnoses, tokenSource == .controlPlaneHost ? .asksControlPlane : [],
        ]
    }

    /// Makes a token, lets the host join with it, and waits until the Node of that very machine has registered.
    public func advance(_ context: StepContext) -> StepProgress {
        if let result = context.memory.acts["join"]?.success { return awaitNode(result, in: context) }
        guard let entrance = context.run.entrance else {
            return .failed("the cluster has no cluster-info in kube-public: hosts cannot join it by kubeadm")
        }
        let token = BootstrapToken(
            of: context.target.node, seed: entrance.seed, expiresAt: context.now + timeout + .seconds(600),
            run: context.run.id.rawValue)
        let command: HostCommand
        do { command = try self.command(entrance, token, in: context) } catch { return .failed("\(title): \(error)") }
        if let done = found(command, in: context) { return done }
        guard context.memory.acts["token \(token.id)"]?.success != nil else { return make(token, in: context) }
        if let waiting = awaitSignature(of: token, in: context) { return waiting }
        let (result, next) = context.command("join", title, command.preparing(isDryRun: false), isRepeatable: true)
        guard let result else { return next }
        let words = "\(title): \(HostChangeReport(NodeAnswer(result.output)).failure ?? result.words)"
        // kubeadm itself waits for the kubelet, in phases kubelet-start and kubelet-wait-bootstrap.
        return words.contains("kubelet-") ? context.failedWait(words) : .failed(words)
    }

    /// Says whether the host would join.
    public func preview(_ context: StepContext) -> StepPreview {
        guard let entrance = context.run.entrance else {
            return StepPreview(["cannot \(title): the cluster has no cluster-info in kube-public"])
        }
        let token = BootstrapToken(
            of: context.target.node, seed: entrance.seed, expiresAt: context.now, run: context.run.id.rawValue)
        do {
            let command = try self.command(entrance, token, in: context)
            return StepPreview([], looks: [StepOperation(key: "look", title: title, .host(looking(command)))])
        } catch {
            return StepPreview(["cannot \(title): \(error)"])
        }
    }

    /// What a look at the host says where the Node is there before anything was done: a host that has joined needs no
    /// token.
    ///
    /// Nil when the host must join.
    private func found(_ command: HostCommand, in context: StepContext) -> StepProgress? {
        let acts = context.memory.acts
        let isAsked = acts["look"] != nil || context.current != nil
        guard isAsked, !acts.keys.contains(where: { $0.hasPrefix("token ") }) else { return nil }
        let (result, next) = context.command(
            "look", "look whether the host has joined", looking(command), isRepeatable: true)
        guard let result else { return next }
        let report = HostChangeReport(NodeAnswer(result.output))
        guard result.isSuccess else { return .failed("\(title): \(report.failure ?? result.words)") }
        if report.pending.isEmpty { return awaitNode(result, in: context) }
        guard NodeAnswer(result.output).last("joined") == "no", !context.livePods.isEmpty else { return nil }
        return .failed(
            "\(title): Node \(context.target.node) has pods (\(context.livePods.names)), and its host has lost what it joined with; nothing was changed; drain the node first"
        )
    }

    private func looking(_ command: HostCommand) -> HostCommand {
        var command = command.preparing(isDryRun: true)
        command.secrets = [:]
        return command
    }

    private func make(_ token: BootstrapToken, in context: StepContext) -> StepProgress {
        let key = "token \(token.id)"
        if tokenSource == .controlPlaneHost { return makeOnHost(token, key, in: context) }
        return context.request(
            key, "create bootstrap token \(token.id)", .createBootstrapToken(token),
            compensation: .bootstrapToken(token.id, for: context.target.node), waitingFor: "a token to join with")
    }

    /// One host of the control plane after another is asked, while they cannot be reached.
    private func makeOnHost(_ token: BootstrapToken, _ key: String, in context: StepContext) -> StepProgress {
        let hosts = context.run.controlPlane
        guard !hosts.isEmpty else {
            return .failed("\(title): the inventory has no host in group kube_control_plane to make a token")
        }
        guard let authority = context.run.clusterAuthority else {
            return .failed("\(title): the kubeconfig names no CA by which a control-plane host could be known")
        }
        let act = context.memory.acts[key]
        let host = hosts[(act?.attempts ?? 0) % hosts.count]
        let operation = StepOperation(
            key: key, title: "create bootstrap token \(token.id) on the host of \(host)",
            .otherHost(host, .creating(token, lasting: timeout + .seconds(600), authority: authority)),
            compensation: .hostToken(token.id, for: context.target.node))
        switch act?.state {
        case nil, .inDoubt: return .perform([operation], waitingFor: "a token to join with")
        case .inFlight: return .wait("a token to join with")
        case .finished(let result) where result.lostHost:
            return context.retried(operation, after: result, isPassing: true)
        case .finished(let result):
            let words = HostChangeReport(NodeAnswer(result.output)).failure ?? result.words
            return .failed("\(title): a token from the host of \(host): \(words)")
        }
    }

    /// How long the control plane may take to sign cluster-info for a new token; its controller does so within a second.
    private static let signing = Duration.seconds(30)

    /// What to do until cluster-info carries the token's signature; nil once it does.
    private func awaitSignature(of token: BootstrapToken, in context: StepContext) -> StepProgress? {
        let act = StepOperation(
            key: "signature \(token.id)", title: "look whether cluster-info is signed for token \(token.id)",
            .cluster(.confirmTokenSignature(id: token.id)))
        let (result, next) = context.answer(to: act)
        guard let result else { return next }
        guard !result.isSuccess else { return nil }
        let isUnsigned = result.code == ClusterFailure.Code.notFound.rawValue
        guard isUnsigned || result.isPassing else { return .failed("\(act.title): \(result.words)") }
        let made = context.memory.acts["token \(token.id)"]?.changedAt ?? context.memory.startedAt
        let deadline = made + Self.signing
        if context.now < deadline {
            return context.again(
                act, every: .seconds(1), until: deadline, because: "cluster-info to be signed for the token")
        }
        let cause =
            isUnsigned
            ? ": no host can join by a token while kube-controller-manager's bootstrapsigner does not run (kubeadm starts it with --controllers=*,bootstrapsigner,tokencleaner)"
            : ""
        return .failed("\(title): after \(Self.signing.text) \(result.words)\(cause)")
    }

    private func awaitNode(_ joined: OperationResult, in context: StepContext) -> StepProgress {
        let answer = NodeAnswer(joined.output)
        let report = HostChangeReport(answer)
        let name = context.target.node
        guard let node = context.current else {
            let deadline = (context.memory.acts["join"]?.changedAt ?? context.now) + timeout
            return context.now < deadline
                ? .wait("Node \(name) to register", until: deadline)
                : context.failedWait("kubeadm ended well, and no Node \(name) registered within \(timeout.text)")
        }
        if let machine = answer.last("machine_id"), !node.machineID.isEmpty, machine != node.machineID {
            return .failed(
                "Node \(name) is another machine: it has machine-id \(node.machineID), this host has \(machine)")
        }
        let version = node.kubeletVersion.isEmpty ? "" : ", kubelet \(node.kubeletVersion)"
        return .done(changed: !report.changed.isEmpty, "\(report.sentence); Node \(name) registered\(version)")
    }

    private func command(
        _ entrance: ClusterEntrance, _ token: BootstrapToken, in context: StepContext
    ) throws -> HostCommand {
        let address = try endpoint?.text(in: context.scope) ?? entrance.endpoint
        guard Self.isEndpoint(address) else { throw StepRefusal("\"\(address)\" is no host:port") }
        guard let authority = context.run.clusterAuthority else {
            throw StepRefusal("the kubeconfig names no CA, so that a host could not tell this cluster from another")
        }
        let taints = context.run.inventory.first { $0.node == context.target.node }?.taints ?? []
        var command = HostCommand(
            script: NodeScript.join,
            environment: [
                "FLEET_NODE": context.target.node.rawValue, "FLEET_ENDPOINT": address,
                "FLEET_PINS": entrance.authorityPins.joined(separator: " "), "FLEET_CA": authority,
                "FLEET_CRI_SOCKET": runtimeSocket ?? "",
                "FLEET_TAINTS": taints.map { "\($0.key)|\($0.value)|\($0.effect.rawValue)" }.joined(separator: "\n"),
            ],
            timeoutSeconds: max(1, timeout.components.seconds))
        command.secrets = ["FLEET_TOKEN": token.joined]
        return command
    }

    private static func isEndpoint(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            return false
        }
        let host = text[..<colon]
        return (1...65_535).contains(port) && !host.isEmpty
            && host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-:[]".contains($0)) }
    }
}

extension StepMemory.Act {
    /// The result of an act that did what was asked; nil otherwise.
    var success: OperationResult? {
        if case .finished(let result) = state, result.isSuccess { result } else { nil }
    }
}

extension ValueForm<String> {
    /// A socket such as `unix:///run/containerd/containerd.sock`.
    static var socketAddress: ValueForm {
        .scalar("a socket such as unix:///run/containerd/containerd.sock") { scalar in
            let isPlain = scalar.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ":/._-".contains($0)) }
            return isPlain && !scalar.text.isEmpty ? scalar.text : nil
        }
    }
}
