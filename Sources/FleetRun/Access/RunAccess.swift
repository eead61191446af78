public import FleetModel

/// What a playbook's runs ask of the cluster's API for their own sake; what every reader asks is the client's to say.
public enum RunAccess {
    /// What the steps need, and what the machine does around them: taints on nodes that will go, labels on nodes that
    /// were set aside, the undoing of both, unless the steps only look; and the deletion of pods past their budgets,
    /// where a playbook names some.
    public static func questions(for steps: [PlannedStep], _ evictions: EvictionPolicy) -> [AccessQuestion] {
        var questions = steps.onlyLook ? [] : [AccessQuestion("patch", "nodes")]
        if steps.contains(where: { $0.step.traits.contains(.drains) }) {
            // A taint is written back under the version in which the Node was read.
            questions.append(AccessQuestion("get", "nodes"))
        }
        if evictions.stuck.deletesSomePods { questions.append(AccessQuestion("delete", "pods")) }
        return questions + steps.flatMap(\.step.access)
    }

    /// What is asked only to explain a wait that was in vain, and to advise on kubelets that join; who may not goes on
    /// without.
    public static func wishes(for steps: [PlannedStep]) -> [AccessQuestion] {
        let traits = steps.map(\.step.traits)
        let events = AccessQuestion("list", "events", namespace: "default")
        let kubelets = AccessQuestion("get", "configmaps", namespace: "kube-system", name: "kubelet-config")
        return (traits.contains { $0.contains(.diagnoses) } ? [events] : [])
            + (traits.contains { $0.contains(.joins) } ? [kubelets] : [])
    }
}
