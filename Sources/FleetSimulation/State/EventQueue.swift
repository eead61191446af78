import FleetModel

/// What an actor has to do at some instant; indices are record indices, `token` tells outdated ones apart.
enum Task: Sendable {
    case schedulePod(Int, token: UInt32)
    case kubeletStep(Int, token: UInt32)
    case taintEviction(Int, token: UInt32)
    case syncWorkload(Int)
    case syncOwner(Int)
    case syncDaemons(node: Int, token: UInt32)
    case syncBudget(Int)
    case lifecycleNode(Int, token: UInt32)
    case heartbeatLost(NodeName, boot: UInt32)
    case kubeletStarted(NodeName, boot: UInt32)
    case powerOn(NodeName, boot: UInt32)
    case collectOrphans(NodeName)
    case collectOutOfService(Int, token: UInt32)
    case releaseVolume(NodeName, volume: String)
    case detachVolume(NodeName, volume: String)
    case emptyNamespace(String)
    indirect case recreateMirror(Pod)

    /// The actor whose pause holds the task back; nil for what cannot be paused.
    var controller: SimulationController? {
        switch self {
        case .schedulePod: .scheduler
        case .kubeletStep, .recreateMirror: .kubelets
        case .taintEviction: .taintEviction
        case .syncWorkload, .syncOwner, .syncDaemons: .workloads
        case .syncBudget: .disruption
        case .lifecycleNode, .heartbeatLost: .nodeLifecycle
        case .collectOrphans, .collectOutOfService: .podGarbageCollector
        case .releaseVolume, .detachVolume: .volumes
        case .kubeletStarted, .powerOn, .emptyNamespace: nil
        }
    }
}

/// Tasks by instant; those of one instant in the order in which they were added (a binary heap).
struct EventQueue: Sendable {
    private struct Entry {
        var instant: Instant
        var sequence: UInt64
        var slot: Int32

        func precedes(_ other: Entry) -> Bool {
            (instant.microseconds, sequence) < (other.instant.microseconds, other.sequence)
        }
    }

    private var heap: [Entry] = []
    private var tasks: [Task] = []
    private var free: [Int32] = []
    private var sequence: UInt64 = 0

    /// The earliest task's instant.
    var nextDue: Instant? { heap.first?.instant }

    mutating func add(_ task: Task, at instant: Instant) {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            tasks[Int(slot)] = task
        } else {
            slot = Int32(tasks.count)
            tasks.append(task)
        }
        heap.append(Entry(instant: instant, sequence: sequence, slot: slot))
        sequence += 1
        rise(heap.count - 1)
    }

    /// Takes the earliest task that is due by the limit.
    mutating func take(until limit: Instant) -> (task: Task, instant: Instant)? {
        guard let first = heap.first, first.instant <= limit else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        free.append(first.slot)
        return (tasks[Int(first.slot)], first.instant)
    }

    private mutating func rise(_ start: Int) {
        var child = start
        let entry = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.precedes(heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = entry
    }

    private mutating func sink() {
        var parent = 0
        let entry = heap[0]
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(entry) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = entry
    }
}
