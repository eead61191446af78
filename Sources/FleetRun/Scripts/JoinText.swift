/// The script with which a host joins the cluster, as shell text.
enum JoinText {
    /// The token leaves the environment first: no program that is started inherits it.
    static let takeToken = #"""
        token=${FLEET_TOKEN:-}
        unset FLEET_TOKEN
        """#

    static let join = #"""
        kubernetes=/etc/kubernetes

        joined() { [ -s "$kubernetes/kubelet.conf" ]; }

        begun() {
            for path in "$kubernetes/bootstrap-kubelet.conf" "$kubernetes/pki/ca.crt" /var/lib/kubelet/config.yaml; do
                [ ! -e "$path" ] || return 0
            done
            return 1
        }

        # kubeadm understands this version from 1.31 on, and the one before it until then.
        api_version() {
            minor=$(kubeadm version -o short 2>/dev/null | sed 's/^v[0-9]*\.\([0-9]*\).*/\1/')
            if [ "${minor:-0}" -ge 31 ]; then echo v1beta4; else echo v1beta3; fi
        }

        configuration() {
            echo "apiVersion: kubeadm.k8s.io/$(api_version)"
            echo "kind: JoinConfiguration"
            echo "discovery:"
            echo "  bootstrapToken:"
            printf '    token: "%s"\n' "$token"
            printf '    apiServerEndpoint: "%s"\n' "$FLEET_ENDPOINT"
            echo "    caCertHashes:"
            for pin in $FLEET_PINS; do printf '    - "%s"\n' "$pin"; done
            echo "nodeRegistration:"
            printf '  name: "%s"\n' "$FLEET_NODE"
            [ -z "$FLEET_CRI_SOCKET" ] || printf '  criSocket: "%s"\n' "$FLEET_CRI_SOCKET"
            [ -n "$FLEET_TAINTS" ] || return 0
            echo "  taints:"
            printf '%s\n' "$FLEET_TAINTS" | while IFS='|' read -r key value effect; do
                printf '  - {key: "%s", value: "%s", effect: "%s"}\n' "$key" "$value" "$effect"
            done
        }

        # The token goes to kubeadm in a file that only root reads, in memory, for as long as kubeadm runs.
        join() {
            [ -n "$token" ] || { echo "no token came with the command"; return 1; }
            file=$(mktemp /run/fleet-join-XXXXXX) || return 1
            trap 'rm -f "$file"' EXIT HUP INT TERM
            configuration >"$file" || return 1
            kubeadm join --config "$file" || return 1
            joined || { echo "kubeadm ended well, and there is no $kubernetes/kubelet.conf"; return 1; }
            rm -f -- "$CLEANING" /var/lib/fleet/flannel
        }

        runtime_pods() {
            have crictl || return 0
            with_limit 30 crictl ${FLEET_CRI_SOCKET:+--runtime-endpoint "$FLEET_CRI_SOCKET"} pods -q 2>/dev/null
        }

        # kubeadm's reset ends every pod and unmounts their volumes: a node that lost its kubelet.conf is no join that
        # broke off.
        refuse_live_node() {
            lost="$(uname -n) has no $kubernetes/kubelet.conf"
            advice="nothing was changed; bring the file back, or drain the node and clean the host up"
            mounted=$(mounts_below /var/lib/kubelet | cut -d ' ' -f 1 | head -n 3 | tr '\n' ' ')
            [ -z "$mounted" ] || refuse "$lost, and volumes are mounted: ${mounted% }; $advice"
            count=$(runtime_pods | grep -c .)
            [ "$count" = 0 ] || refuse "$lost, and its container runtime has $count pods; $advice"
        }

        clear_remains() {
            kubeadm reset -f ${FLEET_CRI_SOCKET:+--cri-socket "$FLEET_CRI_SOCKET"} && rm -f "$kubernetes/pki/ca.crt" /var/lib/kubelet/config.yaml
        }

        start_kubelet() { systemctl enable kubelet && systemctl start kubelet; }

        [ "$FLEET_DRY_RUN" = 1 ] || take_host_lock
        signs=$(control_plane_signs)
        [ -z "$signs" ] || refuse "$(uname -n) is a control-plane host: $signs"
        hashes=$(cluster_authorities)
        if [ -n "$hashes" ] && ! printf '%s\n' "$hashes" | grep -q -x "$FLEET_CA"; then
            refuse "$(uname -n) belongs to another cluster (its CA is $hashes); clean it up before it joins this one"
        fi
        have kubeadm && have kubelet || refuse "kubeadm and kubelet are not installed; run prepare-node first"
        if joined; then
            say joined yes
            holds "the host has joined already"
            if kubelet_active && kubelet_enabled; then holds "the kubelet runs"; else change "start the kubelet" start_kubelet; fi
        else
            say joined no
            if begun; then
                refuse_live_node
                change "clear the remains of a join that broke off" clear_remains
            fi
            change "join as $FLEET_NODE" join
            kubelet_enabled || change "enable the kubelet" systemctl enable kubelet
        fi
        say machine_id "$(cat /etc/machine-id 2>/dev/null)"
        """#
}

extension NodeScript {
    /// Joins the host to a cluster by kubeadm: FLEET_NODE, FLEET_ENDPOINT, FLEET_PINS (words), FLEET_CA (SHA-256 of the
    /// CA's DER), FLEET_CRI_SOCKET (may be empty), FLEET_TAINTS (lines `key|value|effect`), and the secret FLEET_TOKEN.
    ///
    /// A host that has joined is left as it is, but for a kubelet that does not run; one of another cluster is refused,
    /// and so is one that has pods or mounted volumes and has lost its kubelet.conf (safety rules 7 and 9).
    public static let join = assemble(
        [],
        [
            JoinText.takeToken, ScriptText.prelude, ScriptText.host, ScriptText.clusterAuthority, ScriptText.kubelet,
            PreparationText.beginning, JoinText.join,
        ])
}
