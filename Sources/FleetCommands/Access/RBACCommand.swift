import ArgumentParser
import FleetKubernetes
import FleetModel
import FleetReport
import FleetRun

/// `fleet rbac PLAYBOOK`: the least that a playbook's user must be permitted.
struct RBACCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rbac",
        abstract: "Print the ClusterRole and Roles that a playbook needs, and no more.",
        discussion: """
            The rules come from the steps themselves. With --service-account, --user or --group the bindings are \
            printed too:

              fleet rbac decommission --service-account ops/fleet | kubectl apply -f -
            """
    )

    @Argument(help: "A playbook's name under playbooks/, or its path.")
    var playbook: String

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Bind the roles to a user. May be given several times.", valueName: "name"))
    var user: [String] = []

    @Option(parsing: .singleValue, help: ArgumentHelp("Bind the roles to a group.", valueName: "name"))
    var group: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Bind the roles to a ServiceAccount.", valueName: "namespace/name"))
    var serviceAccount: [String] = []

    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let playbook = try LoadedPlaybook.load(playbook)
            let accounts = try serviceAccount.map(Self.account)
            let subjects = user.map(RoleReport.Subject.user) + group.map(RoleReport.Subject.group) + accounts
            output.report(RoleReport(playbook.access, playbook: playbook.header.name, subjects: subjects))
            return .done
        }
    }

    private static func account(_ text: String) throws -> RoleReport.Subject {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw UsageError("--service-account \"\(text)\" is not namespace/name")
        }
        return .serviceAccount(ObjectKey(parts[0], parts[1]))
    }
}

extension LoadedPlaybook {
    /// Everything that the playbook's plans and runs ask of the API.
    var access: [AccessQuestion] { KubernetesClient.standingAccess + ownAccess + RunAccess.wishes(for: steps) }

    /// What the steps and the eviction policy ask of the API.
    var ownAccess: [AccessQuestion] { RunAccess.questions(for: steps, header.evictions) }
}
