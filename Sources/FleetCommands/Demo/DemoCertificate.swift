/// The certificate of the demo cluster's authority.
///
/// Its key was thrown away: it signs nothing, it only says which cluster a host's kubelet belongs to (safety rule 2).
enum DemoCertificate {
    static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBhzCCAS2gAwIBAgIUE3Psbr2FCIOonnCvq962Gii8pQ4wCgYIKoZIzj0EAwIw
        GDEWMBQGA1UEAwwNZmxlZXQtZGVtby1jYTAgFw0yNjExMjMyMTI2MDBaGA8yMTI2
        MTAzMDIxMjYwMFowGDEWMBQGA1UEAwwNZmxlZXQtZGVtby1jYTBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABNLsbavc2okz44w/kFI8B2vlg6sTz2Bu2sNdrDDrbj0g
        NJV6zLUvKgGXSBuuOhO0UiEXbZamOpGT93hfA5pA2/ijUzBRMB0GA1UdDgQWBBSR
        8DG0z3UZ/0led44xYYTtlXHGxDAfBgNVHSMEGDAWgBSR8DG0z3UZ/0led44xYYTt
        lXHGxDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDRJ1prlLu5
        hEbfwWdI5vvVFuMb2Hj9vy0PLhT6aaeGUQIgdq1f8kCKTULgrmCR0PgG+5STSTkV
        iR/Voz2w662cUKo=
        -----END CERTIFICATE-----

        """
}
