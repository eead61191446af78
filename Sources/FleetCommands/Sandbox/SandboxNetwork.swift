/// The network that a host is given: interfaces, rules of Kubernetes and its plugin, and rules of somebody else.
enum SandboxNetwork {
    /// Run in the host as root, with NAME, ROLE, PLUGIN, ADDRESS from its profile.
    static let script = #"""
        set -e
        . /var/lib/sandbox/profile

        # Not every kernel has every kind of interface; the name is what matters.
        interface() {
            name=$1
            shift
            ip link add "$name" "$@" 2>/dev/null || ip link add "$name" type bridge 2>/dev/null ||
                ip link add "$name" type dummy
        }

        interface eth0 type dummy
        ip addr add "$ADDRESS/24" dev eth0
        ip link set eth0 up

        # Somebody else's firewall, which no clean-up may touch.
        ipset create acme-blocklist hash:ip
        ipset add acme-blocklist 203.0.113.9
        iptables-restore <<'END'
        *nat
        :ACME-NAT - [0:0]
        -A PREROUTING -j ACME-NAT
        -A POSTROUTING -s 192.168.77.0/24 -m comment --comment "acme -j KUBE-POSTROUTING lookalike" -j MASQUERADE
        -A ACME-NAT -p tcp --dport 8443 -j REDIRECT --to-ports 443
        COMMIT
        *filter
        :ACME-INPUT - [0:0]
        -A INPUT -p tcp --dport 22 -j ACCEPT
        -A INPUT -m comment --comment "acme: about cali: and KUBE-FIREWALL" -j ACME-INPUT
        -A ACME-INPUT -m set --match-set acme-blocklist src -j DROP
        COMMIT
        END
        ip6tables-restore <<'END'
        *filter
        :ACME-INPUT - [0:0]
        -A INPUT -p tcp --dport 22 -j ACCEPT
        -A INPUT -j ACME-INPUT
        COMMIT
        END
        nft -f - <<'END'
        table inet acme {
            chain input { tcp dport 9100 accept; }
        }
        END
        [ "$ROLE" != fresh ] || exit 0

        # kube-proxy and the kubelet.
        ipset create KUBE-CLUSTER-IP hash:ip,port
        ipset create KUBE-LOOP-BACK hash:ip,port,ip
        iptables-restore --noflush <<'END'
        *mangle
        :KUBE-KUBELET-CANARY - [0:0]
        :KUBE-IPTABLES-HINT - [0:0]
        COMMIT
        *nat
        :KUBE-SERVICES - [0:0]
        :KUBE-NODEPORTS - [0:0]
        :KUBE-POSTROUTING - [0:0]
        :KUBE-MARK-MASQ - [0:0]
        :KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]
        :KUBE-SEP-4CI2ZUBKFSNAZAC3 - [0:0]
        :CNI-HOSTPORT-DNAT - [0:0]
        :CNI-HOSTPORT-MASQ - [0:0]
        -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
        -A PREROUTING -m comment --comment "CNI portfwd; \"hostports\"" -j CNI-HOSTPORT-DNAT
        -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
        -A ACME-NAT -p tcp --dport 30443 -j KUBE-MARK-MASQ
        -A KUBE-SERVICES -d 10.96.0.1/32 -p tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
        -A KUBE-SERVICES -j KUBE-NODEPORTS
        -A KUBE-SVC-NPX46M4PTMTKRN6Y -m comment --comment "default/kubernetes:https" -j KUBE-SEP-4CI2ZUBKFSNAZAC3
        -A KUBE-SEP-4CI2ZUBKFSNAZAC3 -p tcp -j DNAT --to-destination 10.0.0.1:6443
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
        -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE
        COMMIT
        *filter
        :KUBE-FIREWALL - [0:0]
        :KUBE-FORWARD - [0:0]
        :KUBE-NODEPORTS - [0:0]
        :KUBE-PROXY-FIREWALL - [0:0]
        -A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
        -A INPUT -j KUBE-FIREWALL
        -A OUTPUT -j KUBE-FIREWALL
        -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
        -A FORWARD -j KUBE-PROXY-FIREWALL
        -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -j DROP
        -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
        COMMIT
        END
        ip6tables-restore --noflush <<'END'
        *filter
        :KUBE-FIREWALL - [0:0]
        -A INPUT -j KUBE-FIREWALL
        COMMIT
        *mangle
        :KUBE-KUBELET-CANARY - [0:0]
        COMMIT
        END
        nft -f - <<'END'
        table ip kube-proxy {
            chain services { tcp dport 443 accept; }
        }
        END
        interface kube-ipvs0 type dummy
        ip addr add 10.96.0.1/32 dev kube-ipvs0
        ip addr add 10.96.0.10/32 dev kube-ipvs0

        if [ "$PLUGIN" = calico ]; then
            ipset create cali40all-ipam-pools hash:net
            ipset create cali60all-ipam-pools hash:net family inet6
            interface vxlan.calico type vxlan id 4096 dstport 4789
            interface cali0a1b2c3d4e5 type veth peer name cali5e4d3c2b1a0
            iptables-restore --noflush <<'END'
        *raw
        :cali-PREROUTING - [0:0]
        -A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
        COMMIT
        *nat
        :cali-PREROUTING - [0:0]
        :cali-POSTROUTING - [0:0]
        :cali-nat-outgoing - [0:0]
        -A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
        -A POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING
        -A cali-POSTROUTING -m comment --comment "cali:Z-c7XtVd2Bq7s_hA" -j cali-nat-outgoing
        -A cali-nat-outgoing -m set --match-set cali40all-ipam-pools src -j MASQUERADE
        COMMIT
        *filter
        :cali-INPUT - [0:0]
        :cali-FORWARD - [0:0]
        :cali-tw-cali0a1b2c3d4e5 - [0:0]
        -A INPUT -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT
        -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
        -A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -m mark --mark 0x10000/0x10000 -j ACCEPT
        -A FORWARD -m comment --comment "cali:mp77cMpurHhyjLrM" -j MARK --set-xmark 0x10000/0x10000
        -A cali-FORWARD -i cali+ -g cali-tw-cali0a1b2c3d4e5
        COMMIT
        END
        else
            interface cni0 type bridge
            interface flannel.1 type vxlan id 1 dstport 8472
            iptables-restore --noflush <<'END'
        *nat
        :FLANNEL-POSTRTG - [0:0]
        -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
        -A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE
        COMMIT
        *filter
        :FLANNEL-FWD - [0:0]
        -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
        -A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
        COMMIT
        END
        fi
        """#
}
