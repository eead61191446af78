/// What a request presents: a header, and what the TLS handshake needs.
struct Credential: Hashable, Sendable {
    /// The `Authorization` header; nil without one.
    var authorization: Secret?
    /// Certificates and key, in PEM.
    var identity = TLSIdentity()
    /// Rises each time the credential was obtained anew, so that a refusal is matched with what was refused.
    var generation = 0
}

/// The texts that a TLS configuration is made of; connections are made anew when they change.
struct TLSIdentity: Hashable, Sendable {
    /// The certificate authorities, PEM; nil for the system's.
    var authorities: Secret?
    /// The client's certificate chain, PEM.
    var certificate: Secret?
    /// The client's key, PEM.
    var key: Secret?
}
