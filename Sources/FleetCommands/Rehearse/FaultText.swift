import FleetExpressions
import FleetModel
import FleetRehearsal
import FleetSimulation

/// `KIND[:THING]@WHEN[+SPAN]`: one `--fault` of a rehearsal.
struct FaultText {
    /// What it makes happen, its end included where it has one.
    let troubles: [Trouble]
    private let text: String
    /// The thing that it names; nil where the kind names none.
    private let thing: String?

    /// Throws `UsageError` where the cluster has no such Node or Pod: nothing would happen, and nobody would know.
    ///
    /// `joining` are hosts that are to become Nodes.
    func check(in snapshot: ClusterSnapshot, joining: [NodeName]) throws {
        guard let thing, text.hasPrefix("node-") || text.hasPrefix("pod-") else { return }
        let isNode = text.hasPrefix("node-")
        let known =
            isNode
            ? (snapshot.nodes.map(\.name) + joining).map(\.rawValue)
            : snapshot.pods.map(\.key.description)
        guard !known.contains(thing) else { return }
        let near = Suggestion.sentence(for: thing, among: known)
        let some = known.sorted().prefix(5).joined(separator: ", ")
        let more = known.count > 5 ? " and \(known.count - 5) more" : ""
        throw UsageError(
            "--fault \"\(text)\": the snapshot has no \(isNode ? "Node" : "Pod") \"\(thing)\"",
            hint: [near, "known: \(some)\(more)"].compactMap(\.self).joined(separator: "; "))
    }

    /// Reads the text; throws `UsageError`.
    init(_ text: String) throws {
        let halves = text.split(separator: "@", maxSplits: 1).map(String.init)
        guard halves.count == 2 else { throw Self.mistake(text, "it says no time") }
        let times = halves[1].split(separator: "+", maxSplits: 1).map(String.init)
        guard let at = times.first.flatMap(Duration.init(text:)) else { throw Self.mistake(text, "its time is none") }
        let span = times.count == 2 ? Duration(text: times[1]) : nil
        guard times.count == 1 || span != nil else { throw Self.mistake(text, "its span is none") }
        let names = halves[0].split(separator: ":", maxSplits: 1).map(String.init)
        let kind = names.first ?? ""
        self.text = text
        thing = names.count == 2 ? names[1] : nil
        troubles = try Self.troubles(kind, names.count == 2 ? names[1] : nil, at, span, text)
    }

    private static func troubles(
        _ kind: String, _ thing: String?, _ at: Duration, _ span: Duration?, _ text: String
    ) throws -> [Trouble] {
        switch kind {
        case "watch-lost": return [Trouble(at: at, .watchLost(span ?? .seconds(30)))]
        case "throttled": return [answer(at, .throttled(retryAfterSeconds: 2))]
        case "api-errors": return [answer(at, .serverError(500, "etcdserver: leader changed"))]
        case "node-down":
            guard let thing else { throw mistake(text, "it names no node") }
            return lasting(at, span, .host(NodeName(thing), .powerOff), .host(NodeName(thing), .powerOn))
        case "pod-unready":
            let pod = try pod(thing, text)
            return lasting(at, span, .fault(.podReadiness(pod, false)), .fault(.podReadiness(pod, nil)))
        case "pod-stuck": return [Trouble(at: at, .cluster(.fault(.ignoresTermination(try pod(thing, text)))))]
        case "paused":
            guard let controller = thing.flatMap(SimulationController.init(rawValue:)) else {
                throw mistake(
                    text, "it names none of \(SimulationController.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return lasting(
                at, span, .fault(.controller(controller, isPaused: true)),
                .fault(.controller(controller, isPaused: false)))
        default: throw mistake(text, "there is no fault \"\(kind)\"")
        }
    }

    private static func answer(_ at: Duration, _ answer: FaultAnswer) -> Trouble {
        Trouble(at: at, .cluster(.fault(.answer(RequestPattern(.evict), answer, count: 3))))
    }

    private static func lasting(
        _ at: Duration, _ span: Duration?, _ begin: SimulationCommand, _ end: SimulationCommand
    ) -> [Trouble] {
        [Trouble(at: at, .cluster(begin))] + (span.map { [Trouble(at: at + $0, .cluster(end))] } ?? [])
    }

    private static func pod(_ thing: String?, _ text: String) throws -> ObjectKey {
        let parts = thing?.split(separator: "/").map(String.init) ?? []
        guard parts.count == 2 else { throw mistake(text, "it names no pod as NAMESPACE/NAME") }
        return ObjectKey(parts[0], parts[1])
    }

    private static func mistake(_ text: String, _ why: String) -> UsageError {
        UsageError(
            "--fault \"\(text)\": \(why)",
            hint: "such as watch-lost@2m+30s, throttled@1m, node-down:web-03@5m+10m, pod-unready:shop/cart-1@1m+2m")
    }
}
