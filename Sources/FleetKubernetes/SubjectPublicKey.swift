/// The public key of an X.509 certificate, found by walking its DER (RFC 5280, 4.1).
enum SubjectPublicKey {
    /// The whole SubjectPublicKeyInfo, header included; nil where the bytes are no certificate.
    static func info(of certificate: [UInt8]) -> ArraySlice<UInt8>? {
        guard let outer = DERElement(certificate[...]), outer.tag == 0x30,
            let signed = DERElement(outer.content), signed.tag == 0x30
        else { return nil }
        var rest = signed.content
        if let version = DERElement(rest), version.tag == 0xa0 { rest = version.after }
        // Serial number, signature algorithm, issuer, validity, subject.
        for _ in 0..<5 {
            guard let element = DERElement(rest) else { return nil }
            rest = element.after
        }
        guard let key = DERElement(rest), key.tag == 0x30 else { return nil }
        return key.whole
    }
}

/// One element of DER: a tag, a definite length, contents.
struct DERElement {
    let tag: UInt8
    let content: ArraySlice<UInt8>
    let whole: ArraySlice<UInt8>
    let after: ArraySlice<UInt8>

    /// The first element; nil where the bytes end before it does.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 2 else { return nil }
        var place = bytes.startIndex + 1
        var length = Int(bytes[place])
        place += 1
        if length >= 0x80 {
            let count = length & 0x7f
            guard (1...4).contains(count), bytes.endIndex - place >= count else { return nil }
            length = bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
            place += count
        }
        guard bytes.endIndex - place >= length else { return nil }
        tag = bytes[bytes.startIndex]
        content = bytes[place..<place + length]
        whole = bytes[bytes.startIndex..<place + length]
        after = bytes[(place + length)...]
    }
}
