/// The keywords of ssh_config(5) that change nothing for fleet: known, so that a misspelt one can be told from them.
enum SSHConfigKeywords {
    /// In lower case.
    static let ignored: Set<String> = [
        "addkeystoagent", "addressfamily", "batchmode", "bindaddress", "bindinterface", "canonicaldomains",
        "canonicalizefallbacklocal", "canonicalizehostname", "canonicalizemaxdots", "canonicalizepermittedcnames",
        "casignaturealgorithms", "challengeresponseauthentication", "channeltimeout", "checkhostip",
        "cipher", "ciphers", "clearallforwardings", "compression", "compressionlevel", "connectionattempts",
        "connecttimeout", "controlmaster", "controlpath", "controlpersist", "dsaauthentication", "dynamicforward",
        "enableescapecommandline", "enablesshkeysign", "escapechar", "exitonforwardfailure", "fingerprinthash",
        "forkafterauthentication", "forwardagent", "forwardx11", "forwardx11timeout", "forwardx11trusted",
        "gatewayports", "gssapiauthentication", "gssapiclientidentity", "gssapidelegatecredentials",
        "gssapikexalgorithms", "gssapikeyexchange", "gssapirenewalforcesrekey", "gssapiserveridentity",
        "gssapitrustdns", "hashknownhosts", "hostbasedacceptedalgorithms", "hostbasedauthentication",
        "hostbasedkeytypes", "hostkeyalgorithms", "ipqos", "kbdinteractiveauthentication", "kbdinteractivedevices",
        "kexalgorithms", "knownhostscommand", "localcommand", "localforward", "loglevel", "logverbose", "macs",
        "nohostauthenticationforlocalhost", "numberofpasswordprompts", "obscurekeystroketiming",
        "passwordauthentication", "permitlocalcommand", "permitremoteopen", "pkcs11provider",
        "preferredauthentications", "protocol", "proxyusefdpass", "pubkeyacceptedalgorithms",
        "pubkeyacceptedkeytypes", "pubkeyauthentication", "rekeylimit", "remotecommand", "remoteforward",
        "requesttty", "requiredrsasize", "revokedhostkeys", "rhostsrsaauthentication", "rsaauthentication",
        "securitykeyprovider", "sendenv", "serveralivecountmax", "serveraliveinterval", "sessiontype", "setenv",
        "smartcarddevice", "stdinnull", "streamlocalbindmask", "streamlocalbindunlink", "syslogfacility", "tag",
        "tcpkeepalive", "tunnel", "tunneldevice", "updatehostkeys", "useblacklistedkeys", "usekeychain",
        "useprivilegedport", "verifyhostkeydns", "versionaddendum", "visualhostkey", "warnweakcrypto",
        "xauthlocation",
    ]

    /// The known keyword that a word is one slip away from; nil when none is.
    static func near(_ word: String) -> String? {
        let known = SSHConfigDirective.Key.allCases.map(\.rawValue) + ["host", "match", "include"] + ignored.sorted()
        return known.first { isOneSlip(Array(word), Array($0)) }
    }

    /// One letter more, less, other, or two swapped.
    private static func isOneSlip(_ word: [Character], _ other: [Character]) -> Bool {
        guard abs(word.count - other.count) <= 1 else { return false }
        let head = zip(word, other).prefix { $0 == $1 }.count
        let (left, right) = (word[head...], other[head...])
        if left.dropFirst() == right.dropFirst() || left.dropFirst() == right || left == right.dropFirst() {
            return true
        }
        return left.count >= 2 && left.count == right.count && left.dropFirst(2) == right.dropFirst(2)
            && left[head] == right[head + 1] && left[head + 1] == right[head]
    }
}
