/// The part of the identity script that says what a host is like, as shell text.
enum FactsText {
    static let facts = #"""
        os_value() { sed -n "s/^$1=//p" "$os_release" | head -n 1 | tr -d "\"'"; }

        # Programs are asked for their versions; one that hangs tells nothing.
        version_of() {
            have "$1" || return 0
            if have timeout; then words=$(timeout 10 "$@" 2>/dev/null); else words=$("$@" 2>/dev/null); fi
            printf '%s' "$words" | tr ' ' '\n' | grep -m 1 -E '^v?[0-9]+\.[0-9]+'
        }

        system_facts() {
            for os_release in /etc/os-release /usr/lib/os-release /dev/null; do [ ! -r "$os_release" ] || break; done
            say fact_os_id "$(os_value ID)"
            say fact_os_like "$(os_value ID_LIKE)"
            say fact_os_version "$(os_value VERSION_ID)"
            say fact_os_name "$(os_value PRETTY_NAME)"
            say fact_kernel "$(uname -r)"
            say fact_architecture "$(uname -m)"
            say fact_cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
            say fact_memory_kib "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)"
            say fact_swap_kib "$(awk 'NR > 1 { sum += $3 } END { print sum + 0 }' /proc/swaps 2>/dev/null)"
            case " $(os_value ID) $(os_value ID_LIKE) " in
                *" rhel "* | *" fedora "* | *" centos "*) managers="dnf yum" ;;
                *) managers="apt-get dnf yum zypper apk" ;;
            esac
            for manager in $managers; do
                if have "$manager"; then say fact_package_manager "${manager%-get}"; break; fi
            done
            if [ -e /sys/fs/cgroup/cgroup.controllers ]; then say fact_cgroup_version 2; else say fact_cgroup_version 1; fi
        }

        kubernetes_facts() {
            say fact_kubelet_version "$(version_of kubelet --version)"
            say fact_kubeadm_version "$(version_of kubeadm version -o short)"
            say fact_cgroup_driver "$(sed -n 's/^cgroupDriver:[[:space:]]*//p' /var/lib/kubelet/config.yaml 2>/dev/null | tr -d '"')"
            for socket in /run/containerd/containerd.sock /run/crio/crio.sock /run/cri-dockerd.sock; do
                [ -e "$socket" ] || continue
                say fact_runtime_socket "unix://$socket"
                break
            done
            say fact_containerd_version "$(version_of containerd --version)"
            say fact_crio_version "$(version_of crio --version)"
            if [ -r /etc/containerd/config.toml ]; then
                if grep -q -E '^[[:space:]]*SystemdCgroup[[:space:]]*=[[:space:]]*true' /etc/containerd/config.toml
                then say fact_runtime_cgroup systemd; else say fact_runtime_cgroup cgroupfs; fi
            fi
        }

        # File systems that hold data; a node's pods have hundreds of mounts of their own.
        mount_facts() {
            awk '$2 !~ "^/(proc|sys|dev|run)(/|$)" && $2 !~ "^/var/lib/(kubelet/(pods|plugins)|containerd|containers|docker)/" &&
                $3 !~ "^(tmpfs|devtmpfs|overlay|squashfs|cgroup2?|proc|sysfs|mqueue|nsfs|autofs)$" { print $3, $1, $2 }' \
                /proc/self/mounts 2>/dev/null | sort -u | head -n 100 |
            while read -r kind device path; do say fact_mount "$kind $device $path"; done
        }

        { system_facts; kubernetes_facts; mount_facts; } </dev/null
        """#
}
