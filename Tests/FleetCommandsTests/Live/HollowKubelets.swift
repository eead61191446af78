import Foundation
import NIOHTTP1

/// Plays the kubelets of a live cluster: it registers Nodes, renews their leases, makes bound pods Ready and lets
/// deleted ones go. Everything else is Kubernetes itself.
actor HollowKubelets {
    /// A node to be played.
    struct Machine: Sendable {
        var name: String
        var zone: String
        var machineID: String
        var systemUUID: String
        var address: String
    }

    private enum Standing { case starting, stopping }

    private let api: LiveAPI
    private let machines: [Machine]
    private var stopped: Set<String> = []
    private var standings: [String: Standing] = [:]
    private var addresses = 0

    init(_ machines: [Machine], api: LiveAPI) {
        self.machines = machines
        self.api = api
    }

    /// The kubelet of a node was stopped: its lease is no longer renewed.
    func stop(_ name: String) { stopped.insert(name) }

    /// Registers every Node, Ready.
    func register() async throws {
        for machine in machines {
            try await api.create("/api/v1/nodes", Self.node(machine))
            _ = try await api.send(
                .PATCH, "/api/v1/nodes/\(machine.name)/status", Self.status(machine),
                type: "application/strategic-merge-patch+json")
        }
    }

    /// Plays until cancelled.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.renewLeases() }
            group.addTask { try await self.followPods() }
            try await group.waitForAll()
        }
    }

    // MARK: - Leases

    private func renewLeases() async throws {
        let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        while !Task.isCancelled {
            for machine in machines where !stopped.contains(machine.name) {
                let renewal = #"{"spec":{"renewTime":"\#(Self.now)"}}"#
                let path = "\(leases)/\(machine.name)"
                let answer = try await api.send(.PATCH, path, renewal, type: "application/merge-patch+json")
                if answer.status == 404 { _ = try await api.send(.POST, leases, Self.lease(machine.name)) }
            }
            try await Task.sleep(for: .seconds(8))
        }
    }

    // MARK: - Pods

    private struct Event: Decodable {
        var type: String
        var object: LivePod
    }

    private func followPods() async throws {
        let answer = try await api.send(.GET, "/api/v1/pods")
        let list = try JSONDecoder().decode(ObjectList<LivePod>.self, from: answer.body)
        try await withThrowingDiscardingTaskGroup { group in
            for pod in list.items { take(pod, &group) }
            try await api.watch(
                "/api/v1/pods?watch=1&resourceVersion=\(list.metadata.resourceVersion)&timeoutSeconds=3000"
            ) { line in
                let event = try JSONDecoder().decode(Event.self, from: line)
                if event.type == "DELETED" {
                    standings[event.object.metadata.uid] = nil
                } else {
                    take(event.object, &group)
                }
            }
        }
    }

    private func take(_ pod: LivePod, _ group: inout ThrowingDiscardingTaskGroup<any Error>) {
        guard pod.spec.nodeName != nil else { return }
        let uid = pod.metadata.uid
        if pod.metadata.deletionTimestamp != nil {
            guard standings[uid] != .stopping else { return }
            standings[uid] = .stopping
            group.addTask { try await self.end(pod) }
        } else if standings[uid] == nil, pod.status?.phase ?? "Pending" == "Pending" {
            standings[uid] = .starting
            group.addTask { try await self.begin(pod) }
        }
    }

    private func begin(_ pod: LivePod) async throws {
        try await Task.sleep(for: .milliseconds(Int64.random(in: 600...1200)))
        addresses += 1
        _ = try await api.send(
            .PATCH, "\(pod.path)/status", Self.running(pod, address: addresses),
            type: "application/strategic-merge-patch+json")
    }

    private func end(_ pod: LivePod) async throws {
        let grace = pod.metadata.deletionGracePeriodSeconds ?? 0
        if grace > 0 { try await Task.sleep(for: .milliseconds(Int64.random(in: 400...900))) }
        let options =
            #"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"preconditions":{"uid":"\#(pod.metadata.uid)"}}"#
        _ = try await api.send(.DELETE, pod.path, options)
    }

    // MARK: - Objects

    private static var now: String {
        Date.now.formatted(.iso8601.time(includingFractionalSeconds: false)).dropLast() + ".000000Z"
    }

    private static func node(_ machine: Machine) -> String {
        """
        {"apiVersion":"v1","kind":"Node","metadata":{"name":"\(machine.name)","labels":{
        "kubernetes.io/hostname":"\(machine.name)","kubernetes.io/os":"linux","kubernetes.io/arch":"amd64",
        "topology.kubernetes.io/zone":"\(machine.zone)","topology.kubernetes.io/region":"r1","pool":"general"}}}
        """
    }

    private static func status(_ machine: Machine) -> String {
        let resources = #"{"cpu":"16","memory":"64Gi","pods":"110","ephemeral-storage":"100Gi"}"#
        let conditions = [
            ("Ready", "True"), ("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False"),
        ]
        .map {
            #"{"type":"\#($0.0)","status":"\#($0.1)","reason":"Hollow","message":"","lastHeartbeatTime":"\#(second)","lastTransitionTime":"\#(second)"}"#
        }
        return """
            {"status":{"capacity":\(resources),"allocatable":\(resources),"conditions":[\(conditions.joined(separator: ","))],
            "addresses":[{"type":"InternalIP","address":"\(machine.address)"},{"type":"Hostname","address":"\(machine.name)"}],
            "nodeInfo":{"machineID":"\(machine.machineID)","systemUUID":"\(machine.systemUUID)","bootID":"","kernelVersion":"",
            "osImage":"","containerRuntimeVersion":"","kubeProxyVersion":"","kubeletVersion":"v1.36.0",
            "operatingSystem":"linux","architecture":"amd64"}}}
            """
    }

    private static var second: String { Date.now.formatted(.iso8601) }

    private static func lease(_ name: String) -> String {
        """
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"\(name)"},
        "spec":{"holderIdentity":"\(name)","leaseDurationSeconds":40,"renewTime":"\(now)"}}
        """
    }

    private static func running(_ pod: LivePod, address: Int) -> String {
        let conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"]
            .map { #"{"type":"\#($0)","status":"True","lastTransitionTime":"\#(second)"}"# }
        let containers = pod.spec.containers.map { container in
            #"{"name":"\#(container.name)","image":"i","imageID":"i","ready":true,"started":true,"restartCount":0,"#
                + #""state":{"running":{"startedAt":"\#(second)"}}}"#
        }
        return """
            {"metadata":{"uid":"\(pod.metadata.uid)"},"status":{"phase":"Running","startTime":"\(second)",
            "podIP":"10.200.\(address / 250 % 250).\(address % 250 + 1)","hostIP":"127.0.0.1",
            "conditions":[\(conditions.joined(separator: ","))],"containerStatuses":[\(containers.joined(separator: ","))]}}
            """
    }
}
