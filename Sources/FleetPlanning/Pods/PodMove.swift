import FleetModel

/// A pod that a plan evicts.
struct PodMove {
    /// What limits how many may be out at once.
    enum Lane: Hashable {
        case free
        case budget(ObjectKey)
        case implicit(String)
    }

    let pod: Pod
    let wave: Int
    let lane: Lane
    /// How many pods of the lane may be out at once while all others are healthy.
    let allowance: Int
}
