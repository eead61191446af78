public import FleetModel
import FleetWire

/// The cluster's whole state as lists told it, with the places where watches go on from.
///
/// A run that begins right after its plan follows the plan's reading instead of listing everything a second time.
public struct ClusterReading: Sendable {
    /// The state, without the server's version: no watch tells it, and few ask for it.
    public let snapshot: ClusterSnapshot
    let lists: [Listed]
    private let readAt: ContinuousClock.Instant

    init(_ lists: [Listed], clusterUID: ObjectUID) {
        var snapshot = ClusterSnapshot()
        snapshot.clusterUID = clusterUID
        for list in lists { for object in list.objects { snapshot.add(object) } }
        snapshot.takenAt = .now
        self.snapshot = snapshot
        self.lists = lists
        readAt = .now
    }

    /// Whether it may still stand for the present: what changed since is told within moments of the watches' beginning,
    /// so it must not be older than a list may well be by the time it is acted upon.
    var isFresh: Bool { ContinuousClock.now - readAt < .seconds(5) }
}
