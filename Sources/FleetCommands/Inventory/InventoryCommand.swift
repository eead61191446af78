import ArgumentParser

/// `fleet inventory`: looks at inventories as fleet reads them.
struct InventoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory",
        abstract: "Show and check inventories.",
        discussion:
            "Reads Ansible's YAML and INI inventories unchanged. Without -i the cluster's Nodes are the inventory.",
        subcommands: [
            InventoryListCommand.self, InventoryGraphCommand.self, InventoryHostCommand.self,
            InventoryCheckCommand.self,
        ],
        defaultSubcommand: InventoryListCommand.self
    )
}
