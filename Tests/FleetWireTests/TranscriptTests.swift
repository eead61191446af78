import FleetModel
import FleetWire
import Testing

@Suite struct TranscriptTests {
    @Test func everyFileIsThere() throws {
        for file in Transcript.files { #expect(try !Transcript.load(file).isEmpty, "\(file)") }
    }

    @Test func everyObjectDecodes() throws {
        var kinds: [String: Int] = [:]
        for transcript in try Transcript.all() where (200..<300).contains(transcript.status) {
            let kind = transcript.body["kind"].string ?? ""
            switch kind {
            case "Lease": _ = try Lease(transcript.body)
            case "NodeList", "PodList", "ReplicaSetList":
                let list = try ObjectList(transcript.body)
                #expect(list.objects.count == transcript.body["items"].elements.count)
                #expect(!list.resourceVersion.isEmpty)
            case "Status":
                let status = try #require(Status(transcript.body))
                #expect(status.isSuccess)
                #expect(status.json == transcript.body)
            case "Node", "Pod", "PodDisruptionBudget", "Deployment", "HorizontalPodAutoscaler":
                let object = try #require(try ClusterObject(transcript.body))
                #expect(object.key.name == transcript.body["metadata"]["name"].string)
                #expect(object.key.namespace == transcript.body["metadata"]["namespace"].string ?? "")
            default: continue
            }
            kinds[kind, default: 0] += 1
        }
        #expect(
            Set(kinds.keys) == [
                "Lease", "NodeList", "PodList", "ReplicaSetList", "Status", "Node", "Pod", "PodDisruptionBudget",
                "Deployment", "HorizontalPodAutoscaler",
            ])
    }

    /// Every recorded error, by file, method and path, with the cause that fleet must see in it.
    static let errors: [String: [(String, ClusterFailure.Code)]] = [
        "controllers-and-scale": [("a stale resourceVersion", .conflict)],
        "deletion": [("", .notFound)],
        "evictions": [
            ("a uid that is another's", .replaced), ("the budget is spent", .budgetExhausted),
            ("the budget is spent, dry run", .budgetExhausted), ("two budgets cover it", .severalBudgets),
            ("", .notFound), ("the names differ", .invalid), ("not an Eviction", .invalid),
            ("right after the budget was made: it may not have been observed yet", .budgetExhausted),
            ("gone by now", .notFound),
        ],
        "leases-events-tokens": [
            ("it exists: 409", .alreadyExists), ("the loser: 409", .conflict),
            ("a bootstrap token may not list nodes: 403", .forbidden),
        ],
        "lists": [
            ("a broken continue token", .invalid), ("a bad label selector", .invalid),
            ("an unsupported field selector", .invalid), ("a version from the future", .timedOut),
        ],
        "nodes": [
            ("a stale resourceVersion: 409", .conflict), ("a JSON patch whose test fails", .invalid),
            ("taints have no merge key: the list is replaced, so this patch is invalid", .invalid),
            ("an invalid taint: 422", .invalid), ("an unsupported patch type: 415", .invalid),
            ("a uid that is another's: 409", .replaced), ("", .notFound),
        ],
        "server-and-errors": [
            ("a wrong token", .unauthorized), ("no credentials", .forbidden), ("no such resource", .notFound),
            ("", .notFound), ("", .notFound), ("a body that is no JSON", .invalid),
        ],
        "terminating-namespace": [
            ("the namespace is terminating: 403", .namespaceTerminating),
            ("eviction in a terminating namespace", .namespaceTerminating),
        ],
        "watches": [("a resourceVersion that is no number", .serverError)],
    ]

    @Test(arguments: Transcript.files)
    func everyErrorIsTold(file: String) throws {
        let failures = try Transcript.load(file).filter { $0.status >= 400 }
        let expected = try #require(Self.errors[file])
        #expect(failures.map(\.note) == expected.map(\.0))
        for (transcript, row) in zip(failures, expected) {
            let header = transcript.response["headers"]["retry-after"].string.flatMap(Int64.init)
            let failure = ClusterFailure(
                status: transcript.status, body: transcript.bytes, retryAfterSeconds: header, subject: "test")
            #expect(failure.code == row.1, "\(file): \(transcript.note)")
            #expect(failure.message.contains(transcript.body["message"].string ?? "?"), "the server's words")
            #expect(failure.status == transcript.status)
            #expect(failure.retryAfterSeconds == header)
            #expect(Status(transcript.body)?.json == transcript.body, "a Status prints as it was read")
        }
    }

    @Test func everyWatchEventDecodes() throws {
        var types: Set<String> = []
        for transcript in try Transcript.load("watches") {
            for json in transcript.watch {
                types.insert(json["type"].string ?? "")
                switch try WatchEvent(decoding: json.serialized) {
                case .added(let object), .modified(let object), .deleted(let object):
                    let decoded = try #require(try ClusterObject(object))
                    #expect(decoded.change != nil)
                    #expect(decoded.deletion != nil)
                    #expect(object["metadata"]["managedFields"].isNull, "of no interest, and large")
                case .bookmark(let version, _): #expect(Int(version) != nil)
                case .error(let status): #expect(ClusterFailure(status).code == .expired)
                }
            }
        }
        #expect(types == ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
    }

    @Test func streamingListEndsWithABookmark() throws {
        let list = try Transcript.load(
            "watches", note: "a streaming list: initial events, then a bookmark that ends them")
        let last = try #require(list.watch.last)
        #expect(try WatchEvent(last) == .bookmark(resourceVersion: "2981", endsInitialEvents: true))
    }

    @Test func aPodBeingEvicted() throws {
        let transcript = try Transcript.load(
            "evictions", note: "right after: deletionTimestamp and the DisruptionTarget condition")
        let pod = try Pod(transcript.body)
        #expect(pod.key == ObjectKey("transcript", "plain"))
        #expect(pod.deletionTime == Timestamp.parse("2026-11-23T18:18:41Z"))
        #expect(pod.isDisruptionTarget && pod.isReady && pod.phase == .running)
        #expect(pod.gracePeriodSeconds == 5)
        #expect(pod.nodeName == "node001")
        #expect(
            pod.constraints.tolerations.first
                == Toleration(key: "node.kubernetes.io/not-ready", exists: true, effect: .noExecute, seconds: 300))
    }

    @Test func aCordonedNode() throws {
        let transcript = try Transcript.load("nodes", note: "after a second: the unschedulable taint is there")
        let node = try Node(transcript.body)
        #expect(node.isCordoned && node.isReady)
        #expect(node.zone == "a")
        #expect(node.taints.contains(Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)))
        #expect(node.allocatable.milliCPU == 16000)
        #expect(node.allocatable.memory == 64 << 30)
        #expect(node.allocatable.pods == 110)
        #expect(node.internalAddresses == ["127.0.1.1"])
    }

    @Test func aDeploymentAndItsReplicaSet() throws {
        let transcripts = try Transcript.load("controllers-and-scale")
        let deployment = try Workload(transcripts[0].body, kind: .deployment)
        #expect(deployment.replicas == 1 && deployment.readyReplicas == 1)
        #expect(deployment.selector == LabelSelector(matchLabels: ["app": "single"]))
        #expect(deployment.template?.gracePeriodSeconds == 5)
        guard case .workload(let set) = try #require(try ObjectList(transcripts[1].body).objects.first) else {
            Issue.record("no workload")
            return
        }
        #expect(set.controller?.uid == deployment.reference.uid)
    }

    @Test func pagesOfAList() throws {
        let first = try ObjectList(decoding: try Transcript.load("lists", note: "first page").bytes)
        let second = try ObjectList(decoding: try Transcript.load("lists", note: "second page").bytes)
        #expect(!first.continueToken.isEmpty)
        #expect(first.resourceVersion == second.resourceVersion, "every page repeats the first version")
        #expect(Set(first.objects.map(\.key)).isDisjoint(with: second.objects.map(\.key)))
    }

    @Test func leases() throws {
        let transcripts = try Transcript.load("leases-events-tokens")
        let lease = try Lease(transcripts[0].body)
        #expect(lease.holder == "one")
        #expect(lease.durationSeconds == 15)
        #expect(lease.json["spec"] == transcripts[0].request["body"]["spec"], "MicroTime with six digits")
    }
}
