import FleetModel
import FleetReport
import Foundation

/// The one place where fleet speaks: results on standard output, progress and diagnostics on standard error.
struct Output: Sendable {
    /// What results are printed as.
    let format: OutputFormat
    /// Whether details are told.
    let isVerbose: Bool
    /// Whether only results and errors are told.
    let isQuiet: Bool
    private let resultStyle: TextStyle
    private let progressStyle: TextStyle
    /// The foot of the terminal on which progress is told; nil for a pipe, for `--quiet`, and beside JSON.
    private let foot: LiveRegion?

    /// The output that the options ask for; colour only where a terminal is and neither `--no-color` nor `NO_COLOR`.
    init(_ options: OutputOptions, environment: [String: String] = ProcessInfo.processInfo.environment) {
        format = options.output
        isVerbose = options.verbose
        isQuiet = options.quiet
        let isDumb = environment["TERM"] == "dumb"
        let isPlain = options.noColor || !(environment["NO_COLOR"] ?? "").isEmpty || isDumb
        resultStyle = !isPlain && StandardStream.output.isTerminal ? .ansi : .plain
        progressStyle = !isPlain && StandardStream.error.isTerminal ? .ansi : .plain
        let isLive = StandardStream.error.isTerminal && !isDumb && !options.quiet && options.output == .text
        foot = isLive ? LiveRegion() : nil
    }

    // MARK: - Results

    /// Prints a result: the only switch over formats.
    func report(_ report: some Report) {
        switch format {
        case .text: result(report.text(resultStyle) + "\n")
        case .json: write(report.document)
        }
    }

    /// Prints a result whose JSON has a layout of its own, such as Ansible's.
    func result(json: @autoclosure () -> String, text: (TextStyle) -> String) {
        switch format {
        case .text: result(text(resultStyle) + "\n")
        case .json: StandardStream.output.write(VisibleText.json(json()) + "\n")
        }
    }

    /// Prints a fact of an earlier run as a result: its sentences, or its object as a line of the JSON stream.
    func history(_ object: EventJSON, _ lines: [EventLine], nodeWidth: Int) {
        switch format {
        case .text:
            for line in lines where isVerbose || !line.isDetail {
                result(line.text(resultStyle, nodeWidth: nodeWidth) + "\n")
            }
        case .json: write(object)
        }
    }

    /// Prints a fact of the run under way: its sentences as progress, or its object as a line of the JSON stream.
    func event(_ object: EventJSON, _ lines: [EventLine], nodeWidth: Int) {
        switch format {
        case .text: sentences(lines, nodeWidth: nodeWidth)
        case .json: write(object)
        }
    }

    /// Prints sentences about a run as progress.
    func sentences(_ lines: [EventLine], nodeWidth: Int) {
        guard !isQuiet, format == .text else { return }
        let told = lines.filter { isVerbose || !$0.isDetail }.map {
            $0.text(progressStyle, nodeWidth: nodeWidth) + "\n"
        }
        if !told.isEmpty { tell(told.joined()) }
    }

    // MARK: - The foot of a terminal

    /// Whether a board can be drawn: somebody looks at a terminal.
    var isLive: Bool { foot != nil }

    /// Draws a run's state in place at the foot of the terminal; nothing once it has ended, or for a pipe.
    func draw(_ board: RunBoard, _ summary: RunSummary, at now: Instant) {
        guard let foot, let size = StandardStream.error.size else { return }
        let rows = min(Self.boardRows, size.rows / 2)
        foot.draw(board.lines(of: summary, at: now, columns: size.columns - 1, rows: rows, style: progressStyle))
    }

    /// Leaves the terminal to a question.
    func asking<Answer>(_ ask: () -> Answer) -> Answer { foot?.asking(ask) ?? ask() }

    /// Takes the board away.
    func clear() { foot?.draw([]) }

    /// A board of more lines would crowd out what is told.
    private static let boardRows = 16

    /// Whatever others' words are in a text, none of them steers the terminal: here, once, for all that is told.
    private func tell(_ text: String) {
        let text = VisibleText.screen(text, progressStyle)
        if let foot { foot.tell(text) } else { StandardStream.error.write(text) }
    }

    private func result(_ text: String) { StandardStream.output.write(VisibleText.screen(text, resultStyle)) }

    /// How text is set off on a stream.
    func style(of stream: StandardStream) -> TextStyle { stream == .output ? resultStyle : progressStyle }

    /// Prints lines of hosts while they come, each stream on its own.
    func live(_ lines: String, to stream: StandardStream) {
        if !lines.isEmpty { stream.write(VisibleText.screen(lines, style(of: stream))) }
    }

    private func write(_ document: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let text = String(decoding: try encoder.encode(document), as: UTF8.self)
            StandardStream.output.write(VisibleText.json(text) + "\n")
        } catch {
            StandardStream.error.write("error: the result cannot be written as JSON: \(error)\n")
        }
    }

    // MARK: - Progress and diagnostics

    /// Tells what happens, unless `--quiet`.
    func progress(_ text: String) {
        guard !isQuiet else { return }
        tell(text + "\n")
    }

    /// Tells a detail, with `--verbose`.
    func detail(_ text: String) {
        guard isVerbose else { return }
        tell(progressStyle(.faint, text) + "\n")
    }

    /// Tells something doubtful.
    func warning(_ text: String) {
        tell("\(progressStyle(.warning, "warning")): \(text)\n")
    }

    // MARK: - Asking

    /// Whether somebody can be asked.
    var isInteractive: Bool { StandardStream.isInputTerminal && StandardStream.error.isTerminal }

    /// Asks a question that only `y` or `yes` affirms.
    func ask(_ question: String) -> Bool {
        tell(question)
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    // MARK: - The end

    /// Performs a command's work, prints the error it throws, and ends the process with the right code.
    func exiting(_ work: () async throws -> FleetExit) async throws {
        let exit: FleetExit
        do {
            exit = try await work()
        } catch {
            let failure = FailureReport(error)
            fail(failure)
            throw failure.exit.code
        }
        if exit != .done { throw exit.code }
    }

    private func fail(_ failure: FailureReport) {
        if format == .json { write(failure.document) }
        tell(failure.text(progressStyle) + "\n")
    }
}
