import FleetModel

/// The scripts by which a control-plane host makes and revokes tokens, as shell text.
enum TokenText {
    /// The host must be of this cluster's control plane: FLEET_CA is the SHA-256 of its CA's DER.
    static let guards = #"""
        configuration=/etc/kubernetes/admin.conf
        [ -n "$(control_plane_signs)" ] || refuse "$(uname -n) is no control-plane host"
        [ -s "$configuration" ] || refuse "there is no $configuration on $(uname -n)"
        certificate_hashes </etc/kubernetes/pki/ca.crt | grep -q -x "$FLEET_CA" || refuse "$(uname -n) belongs to another cluster (its CA differs)"
        have kubeadm || refuse "kubeadm is not installed on $(uname -n)"
        """#

    static let create = #"""
        # kubeadm understands this version from 1.31 on, and the one before it until then.
        api_version() {
            minor=$(kubeadm version -o short 2>/dev/null | sed 's/^v[0-9]*\.\([0-9]*\).*/\1/')
            if [ "${minor:-0}" -ge 31 ]; then echo v1beta4; else echo v1beta3; fi
        }

        token_configuration() {
            echo "apiVersion: kubeadm.k8s.io/$(api_version)"
            echo "kind: InitConfiguration"
            echo "bootstrapTokens:"
            printf -- '- token: "%s"\n' "$token"
            printf '  ttl: "%s"\n' "$FLEET_TTL"
            printf '  description: "%s"\n' "$FLEET_DESCRIPTION"
            echo '  usages: [signing, authentication]'
            echo '  groups: ["system:bootstrappers:kubeadm:default-node-token"]'
        }

        # The token stands on no command line: kubeadm reads it from a file in memory, and what it prints goes nowhere.
        create_token() {
            [ -n "$token" ] || { echo "no token came with the command"; return 1; }
            file=$(mktemp /run/fleet-token-XXXXXX) || return 1
            trap 'rm -f "$file"' EXIT HUP INT TERM
            token_configuration >"$file" || return 1
            words=$(kubeadm token create --config "$file" --kubeconfig "$configuration" 2>&1 >/dev/null) && return 0
            case $words in *"${token#*.}"*) words="kubeadm token create failed, in words that hold the token" ;; esac
            printf '%s' "$words"
            return 1
        }

        # A token that was made before a crash is as good.
        if kubeadm token list --kubeconfig "$configuration" 2>/dev/null | grep -q "^${token%%.*}\."; then
            holds "token ${token%%.*} is there"
        else
            change "create token ${token%%.*}" create_token
        fi
        """#

    static let delete = #"""
        delete_token() { kubeadm token delete "$FLEET_TOKEN_ID" --kubeconfig "$configuration" >/dev/null; }

        if kubeadm token list --kubeconfig "$configuration" 2>/dev/null | grep -q "^$FLEET_TOKEN_ID\."; then
            change "revoke token $FLEET_TOKEN_ID" delete_token
        else
            holds "token $FLEET_TOKEN_ID is gone"
        fi
        """#
}

extension NodeScript {
    /// Makes a bootstrap token on a control-plane host: the secret FLEET_TOKEN, FLEET_TTL such as `15m`, FLEET_CA, and
    /// FLEET_DESCRIPTION.
    ///
    /// A token of the same id that is there already is left.
    public static let createToken = assemble(
        [],
        [
            JoinText.takeToken, ScriptText.prelude, ScriptText.clusterAuthority, PreparationText.beginning,
            TokenText.guards, TokenText.create,
        ])

    /// Revokes a bootstrap token on a control-plane host: FLEET_TOKEN_ID and FLEET_CA.
    public static let deleteToken = assemble(
        [],
        [
            ScriptText.prelude, ScriptText.clusterAuthority, PreparationText.beginning, TokenText.guards,
            TokenText.delete,
        ])
}

extension HostCommand {
    /// Makes a token on a control-plane host of the cluster with this CA (SHA-256 of its DER).
    static func creating(_ token: BootstrapToken, lasting time: Duration, authority: String) -> HostCommand {
        var command = HostCommand(
            script: NodeScript.createToken,
            environment: [
                "FLEET_CA": authority, "FLEET_TTL": "\(max(60, time.components.seconds))s",
                "FLEET_DESCRIPTION": "fleet run \(token.run)", "FLEET_DRY_RUN": "0",
            ],
            timeoutSeconds: 60)
        command.secrets = ["FLEET_TOKEN": token.joined]
        return command
    }

    /// Revokes a token by its public half.
    static func revoking(token id: String, authority: String) -> HostCommand {
        HostCommand(
            script: NodeScript.deleteToken,
            environment: ["FLEET_TOKEN_ID": id, "FLEET_CA": authority, "FLEET_DRY_RUN": "0"], timeoutSeconds: 60)
    }
}
