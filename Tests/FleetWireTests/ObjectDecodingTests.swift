import FleetModel
import FleetWire
import Testing

@Suite struct ObjectDecodingTests {
    private func object(_ kind: String, _ more: String, name: String = "x") throws -> JSONValue {
        try JSONValue(
            parsing: #"{"kind":"\#(kind)","metadata":{"name":"\#(name)","namespace":"s","uid":"u","generation":3}"#
                + (more.isEmpty ? "" : ",\(more)") + "}")
    }

    @Test(arguments: [
        (
            "StatefulSet", #""spec":{"replicas":3,"updateStrategy":{"type":"OnDelete"}},"status":{"readyReplicas":2}"#,
            3, 2
        ),
        ("DaemonSet", #""status":{"desiredNumberScheduled":7,"numberReady":6}"#, 7, 6),
        ("Job", #""spec":{"parallelism":4},"status":{"ready":1}"#, 4, 1),
        ("Job", #""spec":{"parallelism":4},"status":{"conditions":[{"type":"Complete","status":"True"}]}"#, 0, 0),
        ("ReplicationController", #""spec":{"replicas":2,"selector":{"a":"b"}}"#, 2, 0),
        ("Deployment", #""spec":{}"#, 1, 0),
    ])
    func workloads(kind: String, more: String, replicas: Int, ready: Int) throws {
        guard case .workload(let workload) = try ClusterObject(object(kind, more)) else {
            Issue.record("\(kind) was not decoded")
            return
        }
        #expect(workload.reference.kind.rawValue == kind)
        #expect(workload.replicas == replicas && workload.readyReplicas == ready)
        #expect(workload.strategy == (kind == "StatefulSet" ? .onDelete : .rollingUpdate))
        if kind == "ReplicationController" { #expect(workload.selector == LabelSelector(matchLabels: ["a": "b"])) }
    }

    @Test func budgets() throws {
        let json = try object(
            "PodDisruptionBudget",
            #""spec":{"maxUnavailable":"30%","selector":{},"unhealthyPodEvictionPolicy":"AlwaysAllow"},"status":{"disruptedPods":{"p":"2026-01-02T03:04:05Z"},"conditions":[{"type":"DisruptionAllowed","status":"False","reason":"SyncFailed","message":"found no controllers"}]}"#
        )
        let budget = try PodDisruptionBudget(json)
        #expect(budget.maxUnavailable == .percent(30) && budget.minAvailable == nil)
        #expect(budget.selector == LabelSelector())
        #expect(budget.unhealthyPodEvictionPolicy == .alwaysAllow)
        #expect(budget.syncFailure == "found no controllers")
        #expect(budget.disruptedPods["p"] == Timestamp.parse("2026-01-02T03:04:05Z"))
        #expect(budget.generation == 3 && budget.observedGeneration == 0)
    }

    @Test func volumesOfAPod() throws {
        let json = try object(
            "Pod",
            #""spec":{"volumes":[{"name":"a","emptyDir":{}},{"name":"b","hostPath":{"path":"/x"}},{"name":"c","persistentVolumeClaim":{"claimName":"d"}},{"name":"e","ephemeral":{"volumeClaimTemplate":{}}},{"name":"f","configMap":{}}]}"#
        )
        #expect(
            try Pod(json).volumes == [
                .emptyDir(name: "a"), .hostPath(name: "b", path: "/x"), .claim(name: "c", claim: "d"),
                .claim(name: "e", claim: "x-e"),
            ])
    }

    @Test func constraints() throws {
        let json = try object(
            "Pod",
            #""spec":{"schedulingGates":[{"name":"g"}],"nodeSelector":{"a":"b"},"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"z","operator":"In","values":["1"]}],"matchFields":[{"key":"metadata.name","operator":"NotIn","values":["n"]}]}]}},"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"a":"b"}},"namespaceSelector":{}}]}},"topologySpreadConstraints":[{"maxSkew":2,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway","nodeTaintsPolicy":"Honor"}],"containers":[{"ports":[{"containerPort":1},{"containerPort":2,"hostPort":443}]}]}"#
        )
        let constraints = try Pod(json).constraints
        #expect(constraints.isGated)
        #expect(constraints.nodeSelector == ["a": "b"])
        #expect(constraints.nodeAffinity?.first?.matchExpressions == [SelectorRequirement("z", .isIn, ["1"])])
        #expect(constraints.nodeAffinity?.first?.matchFields == [SelectorRequirement("metadata.name", .isNotIn, ["n"])])
        #expect(constraints.podAntiAffinity.first?.allNamespaces == true)
        #expect(constraints.topologySpread.first?.isHard == false)
        #expect(constraints.topologySpread.first?.honorsNodeTaints == true)
        #expect(constraints.hostPorts == [PodHostPort(port: 443)])
    }

    @Test func matchLabelKeysNarrowTheSelector() throws {
        let json = try JSONValue(
            parsing:
                #"{"metadata":{"name":"p","uid":"u","labels":{"hash":"1"}},"spec":{"topologySpreadConstraints":[{"topologyKey":"z","labelSelector":{},"matchLabelKeys":["hash","absent"]}]}}"#
        )
        let selector = try Pod(json).constraints.topologySpread.first?.selector
        #expect(selector == LabelSelector(matchExpressions: [SelectorRequirement("hash", .isIn, ["1"])]))
    }

    @Test func pendingReason() throws {
        let unschedulable = try object(
            "Pod",
            #""status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"0/3 nodes are available"}]}"#
        )
        #expect(try Pod(unschedulable).pendingReason == "0/3 nodes are available")
        let pulling = try object(
            "Pod",
            #""status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"#)
        #expect(try Pod(pulling).pendingReason == "ImagePullBackOff")
    }

    @Test func aSnapshotOfMixedKinds() throws {
        let items = try [
            object("Namespace", "", name: "kube-system"), object("Namespace", "", name: "other"), object("Pod", ""),
            object("Node", ""), object("ConfigMap", ""), object("PersistentVolume", #""spec":{"local":{"path":"/d"}}"#),
            object("PersistentVolumeClaim", #""spec":{"volumeName":"v","accessModes":["ReadWriteOnce"]}"#),
            object(
                "VolumeAttachment",
                #""spec":{"nodeName":"n","source":{"persistentVolumeName":"v"}},"status":{"attached":true}"#),
            object(
                "HorizontalPodAutoscaler",
                #""spec":{"scaleTargetRef":{"kind":"Deployment","name":"d"},"maxReplicas":4}"#),
        ]
        let text = (["kind": "List", "apiVersion": "v1", "items": .array(items)] as JSONValue).serialized
        let snapshot = try ClusterSnapshot(decodingKubectlOutput: text)
        #expect(snapshot.clusterUID == "u")
        #expect(snapshot.nodes.count == 1 && snapshot.pods.count == 1)
        #expect(snapshot.volumes.first?.isLocal == true)
        #expect(snapshot.claims.first?.volumeName == "v")
        #expect(snapshot.attachments == [VolumeAttachment(name: "x", nodeName: "n", volumeName: "v")])
        #expect(snapshot.autoscalers.first?.minReplicas == 1)
    }

    @Test func aSingleObjectIsASnapshotToo() throws {
        #expect(try ClusterSnapshot(decodingKubectlOutput: object("Node", "").serialized).nodes.count == 1)
    }

    @Test(arguments: [
        ("{", "not JSON"), ("[]", "without kind"), (#"{"kind":"Pod"}"#, "Pod without metadata.name"),
        (#"{"kind":"Node","metadata":{"name":"n"}}"#, "Node n without metadata.uid"),
    ])
    func complaints(text: String, words: String) throws {
        let error = #expect(throws: WireFormatError.self) { try ClusterSnapshot(decodingKubectlOutput: text.utf8) }
        #expect(error?.message.contains(words) == true)
    }
}
