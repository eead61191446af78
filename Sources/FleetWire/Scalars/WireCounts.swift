extension JSONValue {
    /// A whole number that Kubernetes keeps in 32 bits, such as replicas; larger ones, which no API server stores, become
    /// the largest.
    var int32: Int? { int.map { Int(Int32(clamping: $0)) } }
}
