import FleetModel

/// What the control plane's settings mean for many nodes that join: told, never changed.
///
/// The rules are kube-controller-manager's own: a node is given a range of addresses only while its cluster's range has
/// one left, and a kubelet that is not heard of for the grace period is taken for dead.
struct ControllerManagerAdvice {
    /// Its arguments, without dashes; nil where the cluster does not show them, and nothing is said of them.
    let arguments: [String: String]?
    /// What kubelets that join are given.
    var kubelets = KubeletSettings()
    /// The Nodes that are there, and those that are to join.
    let nodes: Int
    let joining: Int

    private static let subject = "kube-controller-manager"
    /// How many nodes at once are many.
    private static let many = 50

    func collect(into groups: inout FindingGroups) {
        for finding in [addresses, grace, startup, requests, podAddresses].compactMap(\.self) {
            groups.add(finding.severity, finding.code, on: finding.subject, finding.message, remedy: finding.remedy)
        }
    }

    /// A range of the cluster's, how many nodes get one of their own out of it, and how large that is.
    private struct Range {
        var text: String
        var nodes: Int
        var mask: Int
        var isIPv6: Bool
    }

    private var ranges: [Range] {
        guard let arguments, arguments["allocate-node-cidrs"] == "true", let range = arguments["cluster-cidr"] else {
            return []
        }
        return range.split(separator: ",").compactMap { part -> Range? in
            guard let size = part.split(separator: "/").last.flatMap({ Int($0) }) else { return nil }
            let isIPv6 = part.contains(":")
            let own = arguments[isIPv6 ? "node-cidr-mask-size-ipv6" : "node-cidr-mask-size-ipv4"]
            let mask = (own ?? arguments["node-cidr-mask-size"]).flatMap { Int($0) } ?? (isIPv6 ? 64 : 24)
            guard mask >= size, mask - size < 31, mask <= (isIPv6 ? 128 : 32) else { return nil }
            return Range(text: String(part), nodes: 1 << (mask - size), mask: mask, isIPv6: isIPv6)
        }
    }

    /// Each node takes one range of `node-cidr-mask-size` out of `cluster-cidr`.
    private var addresses: Finding? {
        guard let least = ranges.min(by: { $0.nodes < $1.nodes }), nodes + joining > least.nodes else { return nil }
        return Finding(
            .blocker, .podRangeExhausted, subject: Self.subject,
            message:
                "\(least.text) has pod ranges for \(least.nodes) nodes, and there would be \(nodes + joining): the last \(nodes + joining - least.nodes) would never become Ready",
            remedy: "join at most \(max(0, least.nodes - nodes)) nodes, or widen the cluster's range first")
    }

    /// A grace period that holds fewer than four of a kubelet's reports.
    private var grace: Finding? {
        let report = kubelets.statusUpdateFrequency ?? "10s"
        guard let arguments else { return nil }
        let own = arguments["node-monitor-grace-period"]
        guard own != nil || kubelets.statusUpdateFrequency != nil else { return nil }
        // Kubernetes' own default is longer from 1.32 on; the shorter one is what can be relied on.
        let text = own ?? "40s"
        let period =
            own.map { "--node-monitor-grace-period=\($0)" } ?? "--node-monitor-grace-period is not set, so \(text)"
        guard let seconds = Self.seconds(text), let every = Self.seconds(report), seconds < every * 4 else {
            return nil
        }
        return Finding(
            .warning, .controlPlaneSettings, subject: Self.subject,
            message:
                "\(period): a kubelet reports every \(report), so that a few late reports, as a join of many nodes causes them, make healthy nodes not Ready",
            remedy: "\(every * 4)s or more while nodes join; the kubelets' nodeStatusUpdateFrequency goes with it")
    }

    /// A kubelet that takes more pods than its Node's range has addresses: network, gateway and broadcast are none.
    private var podAddresses: Finding? {
        guard let most = kubelets.maxPods, let range = ranges.filter({ !$0.isIPv6 }).max(by: { $0.mask < $1.mask })
        else { return nil }
        let room = max(0, (1 << (32 - range.mask)) - 3)
        guard most > room else { return nil }
        return Finding(
            .warning, .controlPlaneSettings, subject: "kubelet",
            message:
                "maxPods is \(most) (ConfigMap kube-system/kubelet-config), and a Node's pod range, a /\(range.mask) of \(range.text), has addresses for \(room): pods beyond that never start",
            remedy: "kubelet_config: {settings: {maxPods: \(min(room, 110))}}, or a smaller --node-cidr-mask-size")
    }

    private var startup: Finding? {
        guard let arguments, joining >= Self.many else { return nil }
        let text = arguments["node-startup-grace-period"] ?? "1m0s"
        guard let seconds = Self.seconds(text), seconds < 60 else { return nil }
        return Finding(
            .warning, .controlPlaneSettings, subject: Self.subject,
            message:
                "--node-startup-grace-period=\(text): of \(joining) nodes that join some are taken for dead before they have come up",
            remedy: "a minute or more while nodes join")
    }

    private var requests: Finding? {
        guard let arguments, joining >= Self.many else { return nil }
        let rate = arguments["kube-api-qps"].flatMap { Double($0) } ?? 20
        guard rate <= 20 else { return nil }
        return Finding(
            .warning, .controlPlaneSettings, subject: Self.subject,
            message: "--kube-api-qps is \(Int(rate)): with \(joining) joining nodes its controllers queue for minutes",
            remedy: "--kube-api-qps=100 --kube-api-burst=100 while nodes join, or smaller waves")
    }

    /// Go's durations: `40s`, `1m0s`, `1h0m0s`.
    static func seconds(_ text: String) -> Int? {
        guard let match = text.wholeMatch(of: /(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)(?:\.\d+)?s)?/), !text.isEmpty else {
            return nil
        }
        let number = { (part: Substring?) in part.flatMap { Int($0) } ?? 0 }
        return number(match.1) * 3600 + number(match.2) * 60 + number(match.3)
    }
}
