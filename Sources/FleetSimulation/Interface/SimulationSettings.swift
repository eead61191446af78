/// How fast the simulated cluster's actors are; the defaults are a healthy real cluster's.
public struct SimulationSettings: Hashable, Sendable {
    /// The generator's seed: UIDs, names and the spread of delays.
    public var seed: UInt64 = 1
    /// From a pod's creation (or its last failure's backoff) to its binding.
    public var scheduling: Duration = .milliseconds(20)
    /// The first and the longest backoff of a pod that no node fits.
    public var schedulingBackoff: ClosedRange<Duration> = .seconds(1)...(.seconds(10))
    /// How many nodes that fit are scored at most; nil follows kube-scheduler (50 % falling to 5 %, at least 100).
    public var nodesScored: Int?
    /// From binding to phase Running.
    public var podStart: ClosedRange<Duration> = .seconds(2)...(.seconds(6))
    /// From Running to Ready.
    public var podReady: ClosedRange<Duration> = .seconds(1)...(.seconds(5))
    /// How long a Job's pod runs before it succeeds.
    public var jobTime: Duration = .seconds(300)
    /// From the deletion's sight to the last container's end, at most the grace period.
    public var podStop: ClosedRange<Duration> = .milliseconds(500)...(.seconds(3))
    /// From the last container's end to the kubelet's final delete.
    public var podCleanup: Duration = .milliseconds(200)
    /// How soon workload controllers react.
    public var workloadController: Duration = .milliseconds(50)
    /// How soon the disruption controller reacts.
    public var disruptionController: Duration = .milliseconds(100)
    /// How long an entry of `disruptedPods` counts while its pod does not go.
    public var disruptedPodTimeout: Duration = .seconds(120)
    /// How soon the node lifecycle controller taints.
    public var nodeTainting: Duration = .milliseconds(100)
    /// How long after the last heartbeat a Node becomes Unknown.
    public var nodeMonitorGrace: Duration = .seconds(50)
    /// From a kubelet's start to Ready=True.
    public var kubeletStart: Duration = .seconds(10)
    /// From power off to power on when a host reboots.
    public var rebootDuration: Duration = .seconds(60)
    /// Whether unreachable and not-ready NoExecute taints evict pods after their toleration.
    public var taintEvictionEnabled = true
    /// The loop of pod garbage collection.
    public var podGarbageCollection: Duration = .seconds(20)
    /// How long pods of a missing node are left alone.
    public var orphanQuarantine: Duration = .seconds(40)
    /// From the last pod's end to the volume's leaving `volumesInUse`, and again to its VolumeAttachment's end.
    public var volumeDetach: Duration = .seconds(2)
    /// How long volumes of a node that is not healthy wait to be detached.
    public var forcedDetach: Duration = .seconds(360)

    /// A healthy real cluster's timings.
    public init(seed: UInt64 = 1) { self.seed = seed }

    /// Milliseconds everywhere, for tests that do not care about time.
    public static func quick(seed: UInt64 = 1) -> SimulationSettings {
        var settings = SimulationSettings(seed: seed)
        settings.scheduling = .milliseconds(1)
        settings.podStart = .milliseconds(10)...(.milliseconds(30))
        settings.podReady = .milliseconds(5)...(.milliseconds(20))
        settings.podStop = .milliseconds(5)...(.milliseconds(20))
        settings.podCleanup = .milliseconds(2)
        settings.workloadController = .milliseconds(2)
        settings.disruptionController = .milliseconds(5)
        settings.nodeTainting = .milliseconds(5)
        settings.kubeletStart = .milliseconds(100)
        settings.rebootDuration = .milliseconds(500)
        settings.volumeDetach = .milliseconds(10)
        return settings
    }
}
