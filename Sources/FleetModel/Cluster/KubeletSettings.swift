/// What kubeadm gives kubelets that join, as far as it matters for many of them: ConfigMap `kube-system/kubelet-config`.
public struct KubeletSettings: Hashable, Sendable {
    /// `nodeStatusUpdateFrequency` as it is written, such as `10s`; nil where it is the kubelet's own, 10s.
    public var statusUpdateFrequency: String?
    /// `maxPods`; nil where it is the kubelet's own, 110.
    public var maxPods: Int?

    /// Settings; what is omitted is the kubelet's own.
    public init(statusUpdateFrequency: String? = nil, maxPods: Int? = nil) {
        self.statusUpdateFrequency = statusUpdateFrequency
        self.maxPods = maxPods
    }
}
