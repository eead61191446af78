import FleetModel
import Testing

@testable import FleetPlanning

/// What the controller manager's settings mean for nodes that join.
@Suite("Advice on the control plane")
struct ControllerManagerTests {
    private func findings(
        _ arguments: [String: String]?, kubelets: KubeletSettings = KubeletSettings(), nodes: Int = 10, joining: Int = 5
    ) -> [Finding] {
        var groups = FindingGroups()
        ControllerManagerAdvice(arguments: arguments, kubelets: kubelets, nodes: nodes, joining: joining)
            .collect(into: &groups)
        return groups.findings
    }

    private static let ranges: [String: String] = ["allocate-node-cidrs": "true", "cluster-cidr": "10.244.0.0/16"]

    @Test("the cluster's range must have an own one for every node")
    func enoughRanges() {
        #expect(findings(Self.ranges, nodes: 250, joining: 6) == [])
        let short = findings(Self.ranges, nodes: 250, joining: 10)
        #expect(short.map(\.code) == [.podRangeExhausted] && short.map(\.severity) == [.blocker])
        #expect(short.first?.message.contains("pod ranges for 256 nodes, and there would be 260: the last 4") == true)
        #expect(short.first?.remedy.hasPrefix("join at most 6 nodes") == true)
        let wide = Self.ranges.merging(["node-cidr-mask-size": "26"]) { $1 }
        #expect(findings(wide, nodes: 1000, joining: 24) == [])
        #expect(findings(wide, nodes: 1000, joining: 25).map(\.code) == [.podRangeExhausted])
        let both = [
            "allocate-node-cidrs": "true", "cluster-cidr": "10.0.0.0/8,fd00::/60", "node-cidr-mask-size-ipv6": "64",
        ]
        #expect(findings(both, nodes: 16, joining: 1).map(\.code) == [.podRangeExhausted])
        #expect(findings(["cluster-cidr": "10.244.0.0/24"], nodes: 9, joining: 9) == [])
    }

    static let settings: [([String: String], Int, [String])] = [
        (["node-monitor-grace-period": "20s"], 1, ["--node-monitor-grace-period=20s"]),
        (["node-monitor-grace-period": "40s"], 500, ["--kube-api-qps is 20"]),
        (["node-monitor-grace-period": "1m0s", "kube-api-qps": "100"], 500, []),
        (["node-startup-grace-period": "30s", "kube-api-qps": "50"], 60, ["--node-startup-grace-period=30s"]),
        (["node-startup-grace-period": "30s"], 5, []), ([:], 5, []),
    ]

    @Test("settings that a large join trips over are told, never changed", arguments: settings)
    func advice(_ arguments: [String: String], _ joining: Int, _ beginnings: [String]) {
        let found = findings(arguments, joining: joining)
        #expect(found.count == beginnings.count, "\(found)")
        #expect(found.allSatisfy { $0.severity == .warning && $0.code == .controlPlaneSettings })
        for (finding, beginning) in zip(found, beginnings) { #expect(finding.message.hasPrefix(beginning)) }
    }

    static let kubelets: [(KubeletSettings, [String: String], [String])] = [
        (
            KubeletSettings(statusUpdateFrequency: "20s"), [:],
            ["--node-monitor-grace-period is not set, so 40s: a kubelet reports every 20s"]
        ),
        (KubeletSettings(statusUpdateFrequency: "20s"), ["node-monitor-grace-period": "80s"], []),
        (KubeletSettings(statusUpdateFrequency: "5s"), ["node-monitor-grace-period": "20s"], []),
        (KubeletSettings(maxPods: 250), ranges, []),
        (
            KubeletSettings(maxPods: 254), ranges,
            [
                "maxPods is 254 (ConfigMap kube-system/kubelet-config), and a Node's pod range, a /24 of 10.244.0.0/16, has addresses for 253"
            ]
        ),
        (KubeletSettings(maxPods: 500), [:], []), (KubeletSettings(), ranges, []),
    ]

    @Test("what kubelets are given must go with the grace period and the Nodes' pod ranges", arguments: kubelets)
    func kubeletSettings(_ settings: KubeletSettings, _ arguments: [String: String], _ beginnings: [String]) {
        let found = findings(arguments, kubelets: settings)
        #expect(found.count == beginnings.count, "\(found)")
        #expect(found.allSatisfy { $0.severity == .warning && $0.code == .controlPlaneSettings && !$0.remedy.isEmpty })
        for (finding, beginning) in zip(found, beginnings) { #expect(finding.message.hasPrefix(beginning)) }
    }

    @Test("nothing is said of a controller manager that the cluster does not show")
    func unknown() {
        let settings = KubeletSettings(statusUpdateFrequency: "20s", maxPods: 500)
        #expect(findings(nil, kubelets: settings, nodes: 1000, joining: 500) == [])
        #expect(findings([:], kubelets: settings, nodes: 1000, joining: 500).count == 2)
    }

    static let durations: [(String, Int?)] = [
        ("40s", 40), ("1m0s", 60), ("1h0m0s", 3600), ("2m", 120), ("0.5s", 0), ("soon", nil), ("", nil),
    ]

    @Test("Go's durations", arguments: durations)
    func reads(_ text: String, _ seconds: Int?) {
        #expect(ControllerManagerAdvice.seconds(text) == seconds)
    }
}
