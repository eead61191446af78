public import FleetExpressions
import FleetModel
import FleetPlanning

/// `cleanup: {network, cni, etcd, paths}` – what Kubernetes and its network plugin made is taken off the host (D11, D12).
///
/// Only on a host that is proved to be this Node of this cluster, and only when the Node is gone, or not Ready after
/// its drain (safety rules 2, 7, 8). A control-plane host is reset only where the other members of etcd are a quorum
/// without it, and its data goes only after its member is gone (rule 3).
public struct CleanupStep: Step {
    /// `cleanup`.
    public static let kind = "cleanup"
    /// What it does, for editors and lists.
    public static let purpose = "What Kubernetes and its network plugin made is taken off the host."

    /// Which network rules go.
    public var network: CleanupOptions.Network
    /// Which network plugin's traces go.
    public var plugin: CleanupOptions.NetworkPlugin
    /// Whether `/var/lib/etcd` goes too, on control-plane hosts.
    public var removesEtcd: Bool
    /// Directories beyond the usual ones.
    public var paths: [String]
    /// The longest the clean-up may take.
    public var timeout: Duration

    /// Reads `network` (kubernetes-only), `flush` (`all`), `cni` (auto), `etcd` (false), `paths` and `timeout` (5m).
    public init?(_ arguments: inout LocatedDecoder) {
        let network: CleanupOptions.Network? = arguments.optional("network", .choice)
        let flushes = arguments.optional("flush", .flushAll) == true
        if flushes, network == .keep {
            arguments.report(
                "flush: all removes the network rules that network: keep leaves", suggestion: "say one of the two")
        }
        self.network = flushes ? .flushAll : network ?? .kubernetesOnly
        plugin = arguments.optional("cni", .choice) ?? .auto
        removesEtcd = arguments.optional("etcd", .bool) ?? false
        paths = arguments.optional("paths", .list(of: .cleanupPath)) ?? []
        timeout = arguments.optional("timeout", .duration) ?? .seconds(300)
    }

    /// `clean up the host`.
    public var title: String { "clean up the host" }
    /// Touches the host; what it removes is gone; running it again is safe.
    public var traits: StepTraits { [.touchesHost, .interruptsHost, .cleans, .repeatable] }

    /// Removes, confirms the network rules over a new connection, and verifies row by row.
    public func advance(_ context: StepContext) -> StepProgress {
        if let node = context.current, node.isReady, context.node.isDrained, context.memory.acts.isEmpty {
            // The kubelet was stopped a moment ago, and the API server misses it only after a while.
            let deadline = context.memory.startedAt + .seconds(180)
            if context.now < deadline { return .wait("Node \(node.name) to be not Ready", until: deadline) }
        }
        if let refusal = refusal(in: context) { return .failed(refusal) }
        if let progress = beforeReset(in: context) { return progress }
        let (applied, applying) = command(.apply, in: context)
        guard let applied else { return applying }
        let report = CleanupReport(NodeAnswer(applied.output))
        guard applied.isSuccess else { return .failed(report.words(or: applied)) }
        if let progress = confirm(report, in: context) { return progress }
        if let progress = afterReset(in: context) { return progress }
        let (verified, verifying) = command(.verify, in: context)
        guard let verified else { return verifying }
        let found = CleanupReport(NodeAnswer(verified.output))
        guard verified.isSuccess else { return .failed("still there after the clean-up: " + found.words(or: verified)) }
        let all = report.kept + found.kept.filter { !report.kept.contains($0) }
        let kept = all.isEmpty ? "" : "; kept: \(all.joined(separator: ", "))"
        return .done(
            changed: !report.changed.isEmpty,
            "\(report.changed.count) items removed, \(found.gone.count) verified gone\(kept)")
    }

    /// Asks the host what would go.
    public func preview(_ context: StepContext) -> StepPreview {
        let script = NodeScript.cleanup(options(.dryRun, in: context))
        let look = StepOperation(key: "look", title: title, .host(HostCommand(script: script)))
        return StepPreview(["would clean up the host"], looks: [look])
    }

    private func refusal(in context: StepContext) -> String? {
        guard let proof = context.node.identity else {
            return "the host's identity was not proved; nothing was removed"
        }
        if let doubt = proof.doubt { return "\(doubt); nothing was removed" }
        if removesEtcd, !context.run.isForControlPlane {
            return "etcd: true is for playbooks that say control_plane: true; nothing was removed"
        }
        if let other = context.world.nodes[context.target.node], context.current == nil {
            return "Node \(other.name) registered again (UID \(other.uid)); nothing was removed"
        }
        if let node = context.current, node.isReady || !context.node.isDrained {
            return "Node \(node.name) is still in the cluster" + (node.isReady ? " and Ready" : "")
                + "; nothing was removed"
        }
        return nil
    }

    private func command(
        _ mode: CleanupOptions.Mode, in context: StepContext
    ) -> (OperationResult?, StepProgress) {
        let script = NodeScript.cleanup(options(mode, in: context))
        let command = HostCommand(script: script, timeoutSeconds: timeout.components.seconds)
        return context.command(mode.rawValue, "\(title) (\(mode.rawValue))", command, isRepeatable: true)
    }

    /// How often the rules are changed, when the host's timer restored them because nobody confirmed them in time.
    private static let mostApplications = 3

    /// Confirms changed rules over a new connection; nil when nothing needed it or it succeeded.
    ///
    /// One that was open before the rules changed proves nothing about the next login (safety rule 8). A stop does not
    /// hold it back; a process that was killed before it is made good by changing the rules once more.
    private func confirm(_ report: CleanupReport, in context: StepContext) -> StepProgress? {
        guard report.restoreAfterSeconds != nil else { return nil }
        var command = HostCommand(script: NodeScript.confirmNetwork(run: context.run.id.rawValue), timeoutSeconds: 60)
        command.needsNewConnection = true
        var act = StepOperation(key: "confirm", title: "confirm the network rules", .host(command))
        act.settles = true
        let applied = context.memory.acts[CleanupOptions.Mode.apply.rawValue]
        if let applied, let confirmed = context.memory.acts[act.key], confirmed.state != .inFlight,
            confirmed.changedAt < applied.changedAt
        {
            return .perform([act], waitingFor: act.title)
        }
        let (result, next) = context.command(act.key, act.title, command, isRepeatable: true, settles: true)
        guard let result else { return next }
        guard !result.isSuccess else { return nil }
        let isRestored = NodeAnswer(result.output).last("restored") != nil
        guard isRestored, let applied, applied.attempts < Self.mostApplications else {
            return .failed(
                isRestored
                    ? "the network rules were restored by the host's timer: the connection did not come back in time"
                    : "\(act.title): \(result.words)")
        }
        return .perform(
            [self.act(.apply, in: context)], waitingFor: "the network rules, which the host's timer restored")
    }

    private func act(_ mode: CleanupOptions.Mode, in context: StepContext) -> StepOperation {
        let script = NodeScript.cleanup(options(mode, in: context))
        return StepOperation(
            key: mode.rawValue, title: "\(title) (\(mode.rawValue))",
            .host(HostCommand(script: script, timeoutSeconds: timeout.components.seconds)))
    }

    func options(_ mode: CleanupOptions.Mode, in context: StepContext) -> CleanupOptions {
        // What the first pass removes is never etcd's.
        CleanupOptions(
            run: context.run.id.rawValue, mode: mode, network: network, plugin: plugin,
            node: context.target.node.rawValue, clusterAuthority: context.run.clusterAuthority,
            controlPlane: context.run.isForControlPlane, etcd: removesEtcd && mode != .apply, additionalPaths: paths
        )
    }
}

extension CleanupReport {
    /// The refusal, failures or leftovers; the command's own words where it said none of these.
    func words(or result: OperationResult) -> String {
        if let refusal { return refusal }
        let items = failed.isEmpty ? left : failed
        return items.isEmpty ? result.words : items.joined(separator: "; ")
    }
}

extension ValueForm<Bool> {
    /// `all`: the old blunt way.
    static var flushAll: ValueForm { .scalar("all") { $0.text == "all" ? true : nil } }
}

extension ValueForm<String> {
    /// An absolute path of at least two components without `.`, `..` or a slash too many: one at the end makes the
    /// shell and rm follow a link (safety rule 7).
    static var cleanupPath: ValueForm {
        let expected =
            "an absolute path at least two directories deep, without a slash at its end, such as /var/lib/longhorn"
        return .scalar(expected) { scalar in
            let parts = scalar.text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let isPlain = !parts.dropFirst().contains(where: \.isEmpty)
            return isPlain && FilePathText.isAbsolute(scalar.text, depth: 2) ? scalar.text : nil
        }
    }
}
