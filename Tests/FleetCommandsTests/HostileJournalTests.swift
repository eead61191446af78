import FleetJournal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetReport
import FleetRun
import Foundation
import Testing

/// A run from another machine is a file that anybody could have written.
struct HostileJournalTests {
    /// Runs that an earlier fleet exported.
    private static func lines(_ name: String) throws -> [String] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appendingPathComponent("FleetJournalTests/Fixtures/\(name).ndjson")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private static let names = ["0.1.0-killed-and-resumed", "0.1.0-rolled-back"]

    /// Lines sealed as an export is, so that what they say is looked at.
    private static func sealed(_ lines: some Sequence<String>) -> String {
        let lines = Array(lines)
        let body = lines.map { $0 + "\n" }.joined()
        return body + "{\"records\":\(lines.count - 1),\"sha256\":\"\(ContentDigest.sha256(body))\"}\n"
    }

    /// An edit of a run's lines, the seal left out.
    private enum Mutation: CaseIterable {
        case number, text, field, order, double, cut, nesting
    }

    private static let numbers = [
        "-1", "0", "1e300", "-1e300", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e-320",
        "2147483648", "0.5",
    ]

    private static let texts = [
        "", "../../../etc", #"\\u0000"#, #"\\u001b[2J\\u001b]0;x\\u0007"#, #"a\\nrun r-1 is done"#, #"\\u009b31m"#,
        "$(reboot)",
        String(repeating: "x", count: 5000),
    ]

    private static func mutated(_ lines: [String], _ random: inout SplitMix) -> [String] {
        var lines = lines
        let place = Int(random.next() % UInt64(lines.count))
        switch Mutation.allCases[Int(random.next() % UInt64(Mutation.allCases.count))] {
        case .number: lines[place] = replaced(lines[place], /:-?[0-9.]+/, numbers.map { ":" + $0 }, &random)
        case .text: lines[place] = replaced(lines[place], /:\\"[^"\\]*/, texts.map { #":\""# + $0 }, &random)
        case .field: lines[place] = replaced(lines[place], /\\?"[A-Za-z]+\\?":(?:\\"[^"\\]*\\"|[0-9]+),/, [""], &random)
        case .order: lines.swapAt(place, Int(random.next() % UInt64(lines.count)))
        case .double: lines.insert(lines[place], at: place)
        case .cut: lines.removeSubrange(place...)
        case .nesting: lines[place] = String(repeating: "[", count: 100_000)
        }
        return lines
    }

    /// The text with one of the places where a pattern is found replaced.
    private static func replaced(
        _ text: String, _ pattern: Regex<Substring>, _ values: [String], _ random: inout SplitMix
    ) -> String {
        let places = text.matches(of: pattern).map(\.range)
        guard !places.isEmpty else { return text }
        let value = values[Int(random.next() % UInt64(values.count))]
        return text.replacingCharacters(in: places[Int(random.next() % UInt64(places.count))], with: value)
    }

    /// The lines as an importer reads them, whatever their order: sequences count from 1 again.
    private static func renumbered(_ lines: [String]) -> [String] {
        guard let head = lines.first else { return [] }
        return [head]
            + lines.dropFirst().enumerated().map { index, line in
                line.replacing(/"sequence":-?[0-9]+/, with: "\"sequence\":\(index + 1)")
            }
    }

    /// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    @Test("whatever stands in it, a run is refused with a reason, or folded and told", arguments: names)
    func folds(_ name: String) throws {
        let lines = try Self.lines(name).dropLast()
        var random = SplitMix(state: 42)
        var (refused, told) = (0, 0)
        for _ in 0..<150 {
            let broken = (0..<2).reduce(Array(lines)) { lines, _ in
                lines.isEmpty ? lines : Self.mutated(lines, &random)
            }
            do {
                try fold(RunArchive(text: Self.sealed(Self.renumbered(broken)), name: "x"))
                told += 1
            } catch {
                #expect(!"\(error)".isEmpty)
                refused += 1
            }
        }
        #expect(refused > 15 && told > 15, "\(refused) refused, \(told) told")
    }

    /// What the commands make of a run: its state, its sentences, its report, its audit.
    private func fold(_ archive: RunArchive) throws {
        let waves = try archive.plan.map { try JSONDecoder().decode(Plan.self, from: Data($0.content)).waves } ?? []
        var (state, lines) = (RunState(waves: waves), EventLines(run: archive.run.id))
        for record in archive.records {
            let event = try RunEvent(record)
            state.apply(event, at: record.time)
            for line in lines.lines(for: event, at: record.time) {
                let text = line.text(.plain)
                #expect(!text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
            }
        }
        let summary = try RunSummary(archive.run.id, records: archive.records)
        let report = RunReport(summary, at: Instant(seconds: 1_800_000_000), audit: try AuditTrail(archive.records))
        #expect(!report.text(.ansi).isEmpty)
        #expect(try !JSONEncoder().encode(report.document).isEmpty)
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What is replaced once, from the line that holds this.
        var of: String
        var pattern: String
        var value: String
        /// What `journal import` says; nil when it takes the run in.
        var refusal: String?
    }

    static let lies = [
        Lie(
            testDescription: "a step that does not exist", of: "step.started", pattern: #"\\"index\\":[0-9]+"#,
            value: #"\"index\":-1"#, refusal: "index -1 makes no sense"),
        Lie(
            testDescription: "an operation of the highest number", of: "operation.intended",
            pattern: #"\\"id\\":[0-9]+"#, value: #"\"id\":9223372036854775807"#,
            refusal: "id 9223372036854775807 makes no sense"),
        Lie(
            testDescription: "a fact before all time", of: "node.started", pattern: #""time":[0-9]+"#,
            value: #""time":-9223372036854775808"#, refusal: "a time outside the years 1970 to 9999"),
        Lie(
            testDescription: "a run that began in the year 292277", of: "fleet.journal/v1",
            pattern: #""startedAt":[0-9]+"#, value: #""startedAt":9223372036854775807"#,
            refusal: ":1: a time outside the years 1970 to 9999"),
        Lie(
            testDescription: "a run named as a path", of: "fleet.journal/v1", pattern: #""id":"[^"]+""#,
            value: #""id":"../../etc""#, refusal: ":1: \"../../etc\" is no run's name"),
        Lie(
            testDescription: "a forecast without end", of: "fleet.journal/v1", pattern: #"\\"longestSeconds\\":[0-9]+"#,
            value: #"\"longestSeconds\":9223372036854775807"#,
            refusal: "its forecast holds a number that makes no sense"),
        Lie(
            testDescription: "words that steer a terminal", of: "step.finished", pattern: #"\\"detail\\":\\"[^"\\]*"#,
            value: #"\"detail\":\"\\u001b[2Jcleared\\nrun r-1 is done\\u009b31m"#, refusal: nil),
    ]

    @Test("a lie is found by the importer, and what passes steers no terminal", arguments: lies)
    func imports(_ lie: Lie) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let fleet = FleetBinary(directory: folder.path)
        var lines = try Array(Self.lines("0.1.0-rolled-back").dropLast())
        let place = try #require(lines.firstIndex { $0.contains(lie.of) })
        let range = try #require(lines[place].range(of: lie.pattern, options: .regularExpression))
        lines[place].replaceSubrange(range, with: lie.value)
        let file = try folder.write(Self.sealed(lines), to: "run.ndjson")
        let imported = try await fleet.run("journal", "import", file)
        if let refusal = lie.refusal {
            #expect(imported.status == 1, "\(imported)")
            #expect(imported.error.contains(refusal), "\(imported.error)")
            #expect(try await fleet.run("runs").output == "no runs yet\n")
            return
        }
        #expect(imported.status == 0, "\(imported.error)")
        for command in [
            ["journal", "verify"], ["runs"], ["status"], ["report", "r-"], ["report", "r-", "--events", "-v"],
        ] {
            for format in command.contains("-v") ? ["text"] : ["text", "json"] {
                let told = try await fleet.run(list: command + ["--output", format])
                #expect(told.status == 0, "\(command): \(told.error)")
                let scalars = (told.output + told.error).unicodeScalars
                #expect(!scalars.contains { $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value) })
                #expect(!told.output.contains("\nrun r-1 is done"), "\(told.output)")
            }
        }
    }
}
