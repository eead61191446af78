public import FleetExpressions
import FleetModel

/// What a YAML inventory may hold: Ansible's groups, hosts and variables, with the variables that fleet reads described.
public enum InventorySchema {
    /// Groups by name at the top; `group` and `variables` are to be defined beside it.
    public static var inventory: ValueSchema {
        .object([ValueSchema.Key("all", orNothing(.reference("group")))], rest: orNothing(.reference("group")))
    }

    /// The definitions that ``inventory`` names.
    public static var parts: [(String, ValueSchema)] { [("group", group), ("variables", variables)] }

    private static var group: ValueSchema {
        let variables = orNothing(.reference("variables"))
        return .object([
            ValueSchema.Key(
                "hosts",
                orNothing(.object([], rest: variables)).described(
                    "Hosts by name; web[01:20] stands for twenty of them.")),
            ValueSchema.Key("children", orNothing(.object([], rest: orNothing(.reference("group"))))),
            ValueSchema.Key("vars", variables),
        ])
    }

    private static func orNothing(_ schema: ValueSchema) -> ValueSchema { .any(of: [schema, .nothing]) }

    /// Any variables; those that fleet reads have a form.
    private static var variables: ValueSchema {
        .object(
            connection + [
                ValueSchema.Key("zone", .text("The zone; omitted, the Node's label topology.kubernetes.io/zone.")),
                ValueSchema.Key("pool", .text("The pool; omitted, the Node's labels.")),
                ValueSchema.Key("kubernetes_node", .text("The Node's name, where it is not the host's.")),
                ValueSchema.Key("ip", .text("The host's address in the cluster, for entries of /etc/hosts.")),
                ValueSchema.Key(
                    "kubernetes_version", .text("Such as 1.36.0: what prepare-node installs, and expand expects.")),
                ValueSchema.Key("labels", labels), ValueSchema.Key("node_labels", labels),
                ValueSchema.Key("taints", taints), ValueSchema.Key("node_taints", taints),
                ValueSchema.Key(
                    "capacity",
                    orTemplate(.object([], rest: .text())).described(
                        "What the Node must have at least, such as {cpu: 16, memory: 64Gi}.")),
            ], rest: .anything)
    }

    private static var connection: [ValueSchema.Key] {
        let flag = ValueSchema(["type": ["boolean", "string", "integer"]])
        return [
            ValueSchema.Key("ansible_host", .text("The address or name to connect to; omitted, the host's name.")),
            ValueSchema.Key(
                "ansible_port", orTemplate(ValueSchema(["type": "integer", "minimum": 1, "maximum": 65535]))),
            ValueSchema.Key("ansible_user", .text("Who logs in.")),
            ValueSchema.Key("ansible_ssh_private_key_file", .text("The private key's file.")),
            ValueSchema.Key("ansible_ssh_common_args", .text("Options of ssh, such as -o ProxyJump=bastion.")),
            ValueSchema.Key("ansible_become", flag.described("Whether commands run as root through sudo.")),
            ValueSchema.Key("ansible_become_method", .choice(["sudo", "su", "doas"])),
            ValueSchema.Key("ansible_become_user", .text("Who commands run as.")),
            ValueSchema.Key("ansible_connection", .text("How the host is reached.")),
        ]
    }

    private static var labels: ValueSchema {
        orTemplate(.object([], rest: ValueSchema(["type": ["string", "number", "boolean", "null"]])))
            .described("Labels that the Node gets.")
    }

    private static var taints: ValueSchema {
        let effect = ValueSchema.choice(["NoSchedule", "PreferNoSchedule", "NoExecute"])
        let mapping = ValueSchema.object([
            ValueSchema.Key("key", isRequired: true, .text()), ValueSchema.Key("value", .scalar),
            ValueSchema.Key("effect", isRequired: true, effect),
        ])
        let text = ValueSchema.text(pattern: "^[^=:]+(=[^:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$")
        return orTemplate(.list(of: .any(of: [text, mapping]))).described("Taints that the Node gets.")
    }

    /// The value, or a template that makes it.
    private static func orTemplate(_ schema: ValueSchema) -> ValueSchema {
        .any(of: [schema, .text(pattern: "\\{\\{")])
    }
}
