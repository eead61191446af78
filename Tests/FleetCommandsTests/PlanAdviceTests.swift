import FleetSimulationServer
import Foundation
import Testing

/// What a plan of joins says about the control plane's and the kubelets' settings, read from a cluster's API.
@Suite("fleet plan expand on a cluster's settings")
struct PlanAdviceTests {
    private static let mirrorPod = """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"kube-controller-manager-cp-1","namespace":"kube-system",
        "labels":{"component":"kube-controller-manager","tier":"control-plane"},
        "annotations":{"kubernetes.io/config.mirror":"0f1e"}},
        "spec":{"nodeName":"web-01","containers":[{"name":"kube-controller-manager","image":"registry.invalid/kcm",
        "command":["kube-controller-manager","--allocate-node-cidrs=true","--cluster-cidr=10.244.0.0/20",
        "--node-monitor-grace-period=20s"]}]}}
        """
    private static let kubelets = """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kubelet-config","namespace":"kube-system"},
        "data":{"kubelet":"apiVersion: kubelet.config.k8s.io/v1beta1\\nkind: KubeletConfiguration\\nmaxPods: 500\\n"}}
        """

    @Test("the mirror pod and the kubelets' ConfigMap are read and advised upon; the printed roles permit it")
    func advice() async throws {
        try await SimulatedWorld.with { world in
            let inventory = try world.folder.write(
                "kube_node:\n  hosts:\n    new-[1:5]:\n  vars: {kubernetes_version: 1.36.0}\n", to: "hosts.yaml")
            let expand = HostWorld.shipped("expand")
            let bare = try await world.run("plan", expand, "-i", inventory, "-l", "all")
            #expect(bare.status == 0, "\(bare.output)\(bare.error)")
            #expect(!bare.output.contains("grace-period") && !bare.output.contains("maxPods is"))
            #expect(!bare.output.contains("version-skew") && !bare.output.contains("is newer than"), "\(bare.output)")
            for (playbook, plan) in [(expand, "newer"), (HostWorld.shipped("prepare-node"), "prepared")] {
                let newer = try await world.run(
                    "plan", playbook, "-i", inventory, "-l", "all", "--plan", plan, "-e", "kubernetes_version=1.99.0")
                #expect(
                    newer.output.contains("kubernetes_version: kubelet 1.99.0 is newer than the API server"),
                    "\(newer.output)\(newer.error)")
            }

            try await world.create("pods", Self.mirrorPod)
            try await world.create("configmaps", Self.kubelets)
            let plan = try await world.run("plan", expand, "-i", inventory, "-l", "all", "--plan", "again")
            for words in [
                "10.244.0.0/20 has pod ranges for 16 nodes, and there would be 17: the last 1 would never become Ready",
                "--node-monitor-grace-period=20s: a kubelet reports every 10s",
                "maxPods is 500 (ConfigMap kube-system/kubelet-config), and a Node's pod range, a /24 of 10.244.0.0/20",
            ] { #expect(plan.output.contains(words), "\(words) in \(plan.output)\(plan.error)") }
            let printed = try await PrintedRoles(of: expand)
            #expect(printed.permits("get", "configmaps"))
            #expect(printed.unpermitted(in: await world.server.audit) == [])
        }
    }
}

extension SimulatedWorld {
    /// Creates an object of namespace kube-system, as its JSON says.
    fileprivate func create(_ resource: String, _ json: String) async throws {
        _ = try await FleetBinary.tool(
            "curl", "-sf", "-X", "POST", "-H", "Authorization: Bearer secret-token-of-the-test",
            "-H", "Content-Type: application/json", "-d", json,
            "http://127.0.0.1:\(server.port)/api/v1/namespaces/kube-system/\(resource)")
    }
}
