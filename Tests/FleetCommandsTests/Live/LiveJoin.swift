import FleetCommands
import Foundation
import NIOHTTP1
import Testing

/// A fresh host that joins a real control plane; kubeadm and kubelet are stand-ins, the token and its signature are not.
struct LiveJoin {
    let plane: ControlPlane
    let api: LiveAPI
    let hosts: SandboxFleet

    private static let path = "/api/v1/namespaces/kube-public/configmaps"

    private struct ConfigMap: Codable {
        struct Metadata: Codable { var name: String }
        var apiVersion = "v1"
        var kind = "ConfigMap"
        var metadata = Metadata(name: "cluster-info")
        var data: [String: String]
    }

    private struct Review: Decodable {
        struct Status: Decodable {
            struct User: Decodable {
                var username: String
                var groups: [String]
            }
            var userInfo: User
        }
        var status: Status
    }

    func play() async throws {
        try await publish()
        try await prepareHost()
        let inventory = try plane.folder.write(hosts.inventory(["new-1": ["zone: a"]]), to: "inventory.yaml")
        let playbook = try plane.folder.write(
            "name: join\nhosts: kube_node\nwaves: {soak: 0s}\nsteps:\n  - join: {timeout: 1m}\n", to: "join.yaml")
        try await withThrowingTaskGroup(of: Void.self) { group in
            let link = DiscoveryLink(hosts: hosts) { [self] in try await clusterInfo() }
            group.addTask { try await link.follow() }
            defer { group.cancelAll() }
            let run = try RunningFleet(
                ["run", playbook, "-i", inventory, "--yes", "-v", "--kubeconfig", plane.kubeconfig],
                in: plane.folder.path)
            try await eventually("the host has joined") { hosts.joinedNode(on: "new-1") != nil || !run.isRunning }
            let token = try token(run)
            let id = String(token.prefix(6))
            // kubeadm's stand-in held the real signature against the token.
            let discovered = hosts.root(of: "new-1") + "/var/lib/sandbox/discovered"
            #expect(try String(contentsOfFile: discovered, encoding: .utf8) == "\(id)\n")
            #expect(try await clusterInfo()["jws-kubeconfig-\(id)"]?.contains("..") == true)
            let known = try await review(token)
            #expect(known.status == 201)
            let user = try JSONDecoder().decode(Review.self, from: Data(known.body.utf8)).status.userInfo
            #expect(user.username == "system:bootstrap:\(id)")
            #expect(user.groups.contains("system:bootstrappers:kubeadm:default-node-token"), "\(user.groups)")

            let host = hosts.hosts[0]
            let machine = HollowKubelets.Machine(
                name: host.name, zone: "a", machineID: host.machineID, systemUUID: host.systemUUID,
                address: host.internalIP)
            try await HollowKubelets([machine], api: api).register()
            #expect(try await run.status() == 0, "\(run.error)")
            try await eventually("the token is refused") { try await review(token).status == 401 }
            try await eventually("its signature is gone") { try await clusterInfo()["jws-kubeconfig-\(id)"] == nil }
            #expect(!run.error.contains(token.suffix(16)))
        }
    }

    /// As `kubeadm init` does.
    private func publish() async throws {
        let kubeconfig = """
            apiVersion: v1
            clusters:
            - cluster:
                certificate-authority-data: \(Data(plane.authority.utf8).base64EncodedString())
                server: https://10.0.0.1:6443
              name: ""
            kind: Config

            """
        let body = try JSONEncoder().encode(ConfigMap(data: ["kubeconfig": kubeconfig]))
        try await api.create(Self.path, String(decoding: body, as: UTF8.self))
    }

    private func prepareHost() async throws {
        let prepared = try await hosts.read(
            "new-1",
            """
            swapoff -a; sysctl -w net.ipv4.ip_forward=1; apt-get install -y containerd kubelet kubeadm
            systemctl enable --now containerd kubelet; systemctl is-active containerd
            """)
        try #require(prepared.status == 0, "\(prepared.error)")
    }

    private func clusterInfo() async throws -> [String: String] {
        try JSONDecoder().decode(ConfigMap.self, from: try await api.send(.GET, Self.path + "/cluster-info").body).data
    }

    private func token(_ run: RunningFleet) throws -> String {
        let file = hosts.root(of: "new-1") + "/var/lib/sandbox/join-config"
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return String(try #require(text.firstMatch(of: /token: "([a-z0-9.]{23})"/), "\(run.error)").1)
    }

    /// What the API says who the bearer of a token is.
    private func review(_ token: String) async throws -> (status: Int, body: String) {
        let output = try await FleetBinary.tool(
            "curl", "-s", "--cacert", plane.authorityFile, "-H", "Authorization: Bearer \(token)", "-H",
            "Content-Type: application/json", "-w", "\n%{http_code}", "-d",
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
            plane.server + "/apis/authentication.k8s.io/v1/selfsubjectreviews")
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }
}
