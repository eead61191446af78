import ArgumentParser
import FleetExpressions
import FleetFiles
import FleetModel
import FleetReport
import FleetRun

/// `fleet schema playbook|inventory|config`: what a file may hold, as JSON Schema.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of a file, for editors.",
        discussion: """
            Editors complete and check files by it. With the YAML language server, for example, keep the schema beside \
            the playbooks and let their first line name it:

              fleet schema playbook > playbooks/.schema.json
              # yaml-language-server: $schema=.schema.json
            """
    )

    /// The files that have a schema.
    enum Subject: String, CaseIterable, ExpressibleByArgument {
        case playbook, inventory, config
    }

    @Argument(help: "What kind of file: playbook, inventory or config (fleet.yaml).")
    var subject: Subject

    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let value = FileSchema.document(of: subject)
            let text = VariableJSON.lines(of: value) ?? "{}"
            output.result(json: text) { _ in text }
            return .done
        }
    }
}

/// The schemas of fleet's files, each put together from the forms that read the file.
enum FileSchema {
    /// A whole document of JSON Schema (draft 2020-12).
    static func document(of subject: SchemaCommand.Subject) -> VariableValue {
        let (title, schema, definitions): (String, ValueSchema, [(String, ValueSchema)]) =
            switch subject {
            case .playbook: ("fleet playbook", PlaybookDraft.schema, playbookParts)
            case .inventory: ("Ansible inventory, as fleet reads it", InventorySchema.inventory, InventorySchema.parts)
            case .config: ("fleet.yaml, fleet's defaults", Defaults.schema, [])
            }
        var document: VariableMapping = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": .string(title),
        ]
        document = document.overlaid(by: schema.keywords)
        if !definitions.isEmpty {
            document["$defs"] = .mapping(VariableMapping(definitions.map { ($0.0, $0.1.value) }))
        }
        return .mapping(document)
    }

    private static var playbookParts: [(String, ValueSchema)] {
        [
            (
                "step",
                StepCatalogue.schema(beside: PlaybookDraft.stepModifiers, include: PlaybookDraft.include)
            ), ("check", PlaybookChecks.schema), ("health_check", HealthCheck.schema), ("notifier", Notifier.schema),
        ]
    }
}
