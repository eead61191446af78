/// What a drain meets in a real cluster: Deployments under budgets and without one, a single replica, a StatefulSet and a
/// DaemonSet, in namespace `shop`.
enum LiveWorkloads {
    /// Creates them all.
    static func create(_ api: LiveAPI) async throws {
        try await api.create(
            "/api/v1/namespaces", #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#)
        for name in ["cart", "checkout", "frontend", "gateway"] {
            try await api.create(deployments, workload("Deployment", name, replicas: 8))
            try await api.create(budgets, budget(name, #""maxUnavailable":1"#))
        }
        try await api.create(deployments, workload("Deployment", "search", replicas: 8))
        try await api.create(deployments, workload("Deployment", "coupons", replicas: 1))
        try await api.create(
            "/apis/apps/v1/namespaces/shop/statefulsets", workload("StatefulSet", "ledger", replicas: 3))
        try await api.create(budgets, budget("ledger", #""minAvailable":2"#))
        try await api.create("/apis/apps/v1/namespaces/shop/daemonsets", workload("DaemonSet", "agent", replicas: nil))
    }

    /// Single replicas with no budget: a Deployment under an autoscaler, and a StatefulSet whose second member does no harm.
    static func createSingles(_ api: LiveAPI) async throws {
        try await api.create(deployments, workload("Deployment", "vouchers", replicas: 1))
        try await api.create(
            "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers",
            """
            {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"vouchers"},"spec":{
            "minReplicas":1,"maxReplicas":3,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"vouchers"},
            "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]}}
            """)
        let sets = "/apis/apps/v1/namespaces/shop/statefulsets"
        try await api.create(sets, workload("StatefulSet", "beacon", replicas: 1))
        try await api.patch("\(sets)/beacon", #"{"metadata":{"annotations":{"fleet.run/surge":"true"}}}"#)
    }

    /// The budget of the StatefulSet.
    static let ledgerBudget = "\(budgets)/ledger"
    /// The autoscaler of the single Deployment.
    static let vouchersAutoscaler = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/vouchers"

    private static let deployments = "/apis/apps/v1/namespaces/shop/deployments"
    private static let budgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"

    private static func workload(_ kind: String, _ name: String, replicas: Int?) -> String {
        let count = replicas.map { #""replicas":\#($0),"# } ?? ""
        let service = kind == "StatefulSet" ? #""serviceName":"\#(name)","# : ""
        return """
            {"apiVersion":"apps/v1","kind":"\(kind)","metadata":{"name":"\(name)"},"spec":{\(count)\(service)
            "selector":{"matchLabels":{"app":"\(name)"}},"template":{"metadata":{"labels":{"app":"\(name)"}},
            "spec":{"terminationGracePeriodSeconds":30,"containers":[{"name":"main","image":"registry.invalid/\(name)",
            "resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}}}
            """
    }

    private static func budget(_ name: String, _ rule: String) -> String {
        """
        {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"\(name)"},
        "spec":{\(rule),"selector":{"matchLabels":{"app":"\(name)"}}}}
        """
    }
}
