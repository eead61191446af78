public import FleetExpressions
import FleetModel
import FleetPlanning

/// `check_pod_network: {nodes, timeout}` – from the host, pods on other nodes are reached by their own addresses (E10).
///
/// Asked are Ready pods with an address of the pod network on as many other nodes, those of other zones first. A node
/// counts as reached when one of its pods answers or refuses a connection: silence is what a broken pod network has. Where
/// Calico's or Cilium's own tool is at hand, what it says of itself must be well too: a peer of BGP may be down long before a
/// pod is out of reach.
public struct PodNetworkStep: Step {
    /// `check_pod_network`.
    public static let kind = "check_pod_network"
    /// What it does, for editors and lists.
    public static let purpose =
        "From the host, pods on other nodes are reached by their own addresses, and the network plugin says that it is well."

    /// On how many other nodes pods are asked for.
    public var nodeCount: Int
    /// How long the network may take to come up.
    public var timeout: Duration

    /// Reads `nodes` (3) and `timeout` (2m).
    public init?(_ arguments: inout LocatedDecoder) {
        nodeCount = arguments.optional("nodes", .int(in: 1...20)) ?? 3
        timeout = arguments.optional("timeout", .duration) ?? .seconds(120)
    }

    /// `check the pod network`.
    public var title: String { "check the pod network" }
    /// Touches the host, changes nothing.
    public var traits: StepTraits { [.touchesHost, .repeatable, .onlyLooks, .diagnoses] }

    /// Asks again every few seconds until every chosen node is reached, or the time is over.
    public func advance(_ context: StepContext) -> StepProgress {
        let peers = peers(in: context)
        guard !peers.isEmpty else {
            return .done(changed: false, "no other node has a Ready pod with an address of the pod network")
        }
        let look = StepOperation(key: "look", title: title, .host(Self.command(peers)))
        let (result, looking) = context.answer(to: look)
        guard let result else { return looking }
        let answer = NodeAnswer(result.output)
        let silent = answer.all("silent")
        // A node that is away cannot be a peer, and is no fault of this one's.
        let away = context.world.nodes.values.filter { !$0.isReady }.flatMap(\.internalAddresses)
        let status = answer.networkStatus(sparing: Set(away))
        if result.isSuccess, silent.isEmpty, status.isEmpty, answer.last("failed") == nil {
            let reached = answer.all("reached")
            return .done(changed: false, "pods on \(reached.joined(separator: ", ")) were reached")
        }
        let words =
            !silent.isEmpty
            ? "no pod answers on \(silent.joined(separator: ", "))"
            : status.first.map { "the network plugin is not well: \($0)" } ?? answer.last("failed") ?? result.words
        guard context.now < context.memory.startedAt + timeout else {
            return context.failedWait(
                "after \(timeout.text): \(words); look at the network plugin's pod on \(context.target.node), and at what lies between the nodes (VXLAN 4789 or 8472/udp, IP-in-IP, BGP 179/tcp)"
            )
        }
        return context.again(look, every: .seconds(5), because: "\(title): \(words)")
    }

    /// Names the nodes that would be asked for.
    public func preview(_ context: StepContext) -> StepPreview {
        let peers = peers(in: context)
        guard !peers.isEmpty else { return StepPreview(["no other node has a Ready pod to reach"]) }
        return StepPreview(["would reach pods on \(peers.map(\.node.rawValue).joined(separator: ", "))"])
    }

    /// Other nodes with the addresses of at most two of their pods: other zones first, then by name.
    private func peers(in context: StepContext) -> [(node: NodeName, addresses: [String])] {
        let own = context.current?.zone ?? context.target.zone
        let others = context.world.nodes.values.filter { $0.isReady && $0.name != context.target.node }
        let sorted = others.sorted { ($0.zone == own ? 1 : 0, $0.name) < ($1.zone == own ? 1 : 0, $1.name) }
        let all = sorted.lazy.compactMap { node -> (node: NodeName, addresses: [String])? in
            let addresses = context.world.pods(on: node.name)
                .filter {
                    $0.isReady && !$0.isTerminating && !$0.address.isEmpty
                        && !node.internalAddresses.contains($0.address)
                }
                .map(\.address)
            return addresses.isEmpty ? nil : (node.name, Array(addresses.prefix(2)))
        }
        return Array(all.prefix(nodeCount))
    }

    private static func command(_ peers: [(node: NodeName, addresses: [String])]) -> HostCommand {
        let lines = peers.map { "\($0.node) \($0.addresses.joined(separator: " "))" }
        return HostCommand(
            script: NodeScript.podNetwork, environment: ["FLEET_PEERS": lines.joined(separator: "\n")],
            timeoutSeconds: 120)
    }
}

extension NodeScript {
    /// Tries to reach pods: FLEET_PEERS holds lines `NODE ADDRESS …`.
    ///
    /// Answers `reached=NODE` or `silent=NODE` for each, and what the plugin complains of; changes nothing.
    public static let podNetwork = assemble([], [ScriptText.prelude, DiagnosisText.pluginStatus, reachPods])

    private static let reachPods = #"""
        # An answer or a refusal is a way there; which port is tried does not matter.
        answers() {
            case $1 in *:*) place="[$1]" ;; *) place=$1 ;; esac
            # Only the verbose words tell a refusal from no way at all.
            words=$(curl -v -k -s --noproxy '*' -m 3 -o /dev/null "http://$place:53/" 2>&1)
            case "$?:$words" in
                7:*efused*) return 0 ;;
                7:* | 28:*) return 1 ;;
                *) return 0 ;;
            esac
        }

        have curl || { say failed "curl is not installed on the host"; exit 1; }
        plugin_status </dev/null
        printf '%s\n' "$FLEET_PEERS" | while read -r node addresses; do
            verdict=silent
            for address in $addresses; do if answers "$address"; then verdict=reached; break; fi; done
            say "$verdict" "$node"
        done
        """#
}
