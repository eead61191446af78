import FleetModel

/// A pod that a plan evicts.
///
/// It holds numbers only: large plans have many.
struct PodMove {
    /// What limits how many may be out at once.
    enum Lane: Hashable {
        case budget(ObjectKey)
        case implicit(ObjectUID, subject: String)
    }

    /// The pod's position in the snapshot.
    let position: Int
    /// The lane's position among the judgement's; nil where nothing limits it.
    let lane: Int?
    /// How many pods of the lane may be out at once while all others are healthy.
    let allowance: Int
    let gracePeriodSeconds: Int
    /// Whether something starts it again, somewhere.
    let needsHome: Bool
}

/// What a plan knows of a pod's owner, found once for all its pods.
struct PodOwner {
    /// The workload that decides how many pods there are; nil for bare pods and unknown kinds.
    let workload: Workload?
    /// The owner in the cluster's words.
    let subject: String
    /// How many pods there should be.
    let replicas: Int
    /// Whether it was said already that no budget protects it.
    var isNotedWithoutBudget = false
    /// Whether it was said already who else owns its replicas.
    var isNotedAsOwned = false
}
