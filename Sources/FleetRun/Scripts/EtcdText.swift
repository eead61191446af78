import FleetModel

/// The script by which a control-plane host tells who is a member of etcd, as shell text.
enum EtcdText {
    static let members = #"""
        # A flag of the API server's, from its static pod.
        flag() { sed -n "s/^ *- *--$1=//p" /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null | head -n 1; }

        # etcd's own words, from the host's etcdctl, else from the one in its container.
        etcd_words() {
            set -- --endpoints="$endpoints" --cacert="$ca" --cert="$certificate" --key="$key" "$@"
            if have etcdctl; then with_limit 20 env ETCDCTL_API=3 etcdctl "$@" 2>&1; return; fi
            container=$(with_limit 20 crictl ps --name '^etcd$' -q 2>/dev/null | head -n 1)
            [ -n "$container" ] || { echo "no container of etcd runs here"; return 1; }
            with_limit 20 crictl exec "$container" etcdctl "$@" 2>&1
        }

        endpoints=$(flag etcd-servers)
        if [ -e /etc/kubernetes/manifests/etcd.yaml ]; then
            pki=/etc/kubernetes/pki/etcd
            endpoints=https://127.0.0.1:2379
            ca=$pki/ca.crt certificate=$pki/healthcheck-client.crt key=$pki/healthcheck-client.key
        elif [ -z "$endpoints" ]; then
            say failed "$(uname -n) runs no etcd, and its API server names none"
            exit 1
        elif have etcdctl; then
            ca=$(flag etcd-cafile) certificate=$(flag etcd-certfile) key=$(flag etcd-keyfile)
        else
            printf '%s\n' "$endpoints" | tr ',' '\n' | while read -r url; do say unasked "$url"; done
            say end yes
            exit 0
        fi
        words=$(etcd_words member list -w simple) ||
            { say failed "etcdctl member list: $(printf '%s' "$words" | tail -n 1)"; exit 1; }
        printf '%s\n' "$words" | sed -n 's/^[0-9a-f]*, *\(started\|unstarted\), *\([^,]*\), *\([^,]*\),.*$/\2 \3/p' |
            while read -r line; do say member "$line"; done
        # It fails where one member is ill; the lines of the others count.
        etcd_words endpoint health --cluster | sed -n 's/^\(https\{0,1\}:[^ ]*\) is healthy.*$/\1/p' |
            while read -r url; do say healthy "$url"; done
        say end yes
        """#
}

extension NodeScript {
    /// Says who is a member of etcd, and whose endpoints are healthy, on a control-plane host of the cluster: FLEET_CA.
    ///
    /// Answers `member=NAME PEER-URLS` and `healthy=CLIENT-URL`; exits 1 where etcd does not say. Where etcd runs outside
    /// the control plane (the API server's `--etcd-servers`) and the host has no etcdctl, `unasked=CLIENT-URL`. Changes
    /// nothing.
    public static let etcdMembers = assemble(
        [],
        [
            ScriptText.prelude, ScriptText.clusterAuthority, PreparationText.beginning, TokenText.guards,
            EtcdText.members,
        ])
}

extension HostCommand {
    /// Asks a control-plane host of the cluster with this CA (SHA-256 of its DER) for etcd's members.
    static func etcdMembers(authority: String) -> HostCommand {
        HostCommand(
            script: NodeScript.etcdMembers, environment: ["FLEET_CA": authority, "FLEET_DRY_RUN": "1"],
            timeoutSeconds: 60)
    }
}
