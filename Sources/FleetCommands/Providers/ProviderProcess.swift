import FleetModel
import Foundation
import Subprocess

/// One call of a provider's command: a JSON document in, a JSON document out.
struct ProviderProcess {
    /// What it is asked for.
    enum Action: String, Encodable {
        case create, list, delete
    }

    /// `fleet.provider/v1`, on standard input.
    struct Request: Encodable {
        /// A host that is to come, or to go.
        struct Host: Encodable, Hashable {
            var name: String
            var zone: String?
            var pool: String?
            /// The host that it comes in for.
            var replaces: String?
        }

        let schema = "fleet.provider/v1"
        var action: Action
        var cluster: String
        var plan: String
        var hosts: [Host] = []
    }

    /// What it answers with on standard output.
    struct Answer: Decodable {
        /// A host that it made.
        struct Host: Decodable, Hashable {
            var name: String
            /// Where it is reached; nil means by its name.
            var address: String?
        }

        var hosts: [Host]?
    }

    let provider: HostProvider
    /// The playbook's folder, in which the command runs.
    let folder: String

    /// Calls it, and reads its answer; throws in the command's own words.
    func call(_ request: Request) async throws -> [Answer.Host] {
        let input = String(decoding: try JSONEncoder().encode(request), as: UTF8.self) + "\n"
        let words = provider.command + [request.action.rawValue]
        let run = Subprocess.Arguments(["-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder] + words)
        let (status, output, error) = try await within(provider.timeout, words) {
            let result = try await Subprocess.run(
                .name("sh"), arguments: run, input: .string(input), output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 16))
            return (result.terminationStatus, result.standardOutput, result.standardError)
        }
        guard status.isSuccess else {
            let said = error.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
            throw Refusal("\(words.joined(separator: " ")): \(status)\(said.isEmpty ? "" : ": \(said)")")
        }
        if request.action == .delete { return [] }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(output.utf8)).hosts ?? []
        } catch {
            throw Refusal(
                "\(words.joined(separator: " ")): its answer is not what a provider writes: \(output.prefix(200))",
                hint: "expected {\"hosts\": [{\"name\": …, \"address\": …}]} on standard output")
        }
    }

    private func within<Result: Sendable>(
        _ time: Duration, _ words: [String], _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: time)
                return nil
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() ?? nil else {
                throw Refusal("\(words.joined(separator: " ")): no answer within \(time.text)")
            }
            return result
        }
    }
}
