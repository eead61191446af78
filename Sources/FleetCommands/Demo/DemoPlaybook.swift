/// The demo's playbook: the shipped decommission with small waves and short waits, so that it ends in minutes.
enum DemoPlaybook {
    static let text = """
        name: decommission
        description: Drain nodes wave by wave, remove them from the cluster, clean the hosts.
        hosts: kube_node
        require_limit: true
        max_targets: 40%
        waves:
          order: spread
          canary: 1
          size: 2
          max_unavailable: 25%
          max_unavailable_per_zone: 1
          parallelism: 4
          soak: 3s
          max_failures: 0
        evictions: {rate: 20/s, without_budget: 25%, timeout: 5m, stuck: quarantine}
        steps:
          - cordon:
          - surge_single_replicas:
          - exclude_from_load_balancers:
          - wait_for_connections: {ports: [443], below: 1, timeout: 1m}
          - drain: {grace_period: pod, delete_emptydir_data: true}
          - verify_drained:
          - wait_volumes_detached:
          - service: {name: kubelet, state: stopped, enabled: false}
          - delete_node:
          - cleanup: {network: kubernetes-only, cni: auto}
          - verify_gone: {for: 3s}
          - run: {name: tell the asset database, script: 'echo "$HOST retired" > /var/log/fleet-demo.log', env: {HOST: "{{ inventory_hostname }}"}}

        """
}
