import FleetExpressions
import FleetModel

/// Puts the steps of other files in the place of `include: FILE`.
///
/// A file holds a list of steps. What stands beside the include holds for each of them: `when` in addition to their own,
/// `vars` below their own.
struct StepIncludes {
    /// The step that stands for other steps.
    static let kind = "include"
    /// How deep files may include files.
    private static let deepest = 8

    let tree: (any FileTree)?
    private(set) var files: [String] = []
    private(set) var mistakes: [Diagnostic] = []

    init(tree: (any FileTree)?) { self.tree = tree }

    /// The steps of a file with those that they include.
    mutating func expand(_ steps: [PlaybookStep], of file: String) -> [PlaybookStep] { expand(steps, inside: [file]) }

    private mutating func expand(_ steps: [PlaybookStep], inside chain: [String]) -> [PlaybookStep] {
        steps.flatMap { $0.kind == Self.kind ? included($0, inside: chain) : [$0] }
    }

    private mutating func included(_ include: PlaybookStep, inside chain: [String]) -> [PlaybookStep] {
        if include.register != nil || include.isRepeatable != nil || include.name != nil
            || include.retries != nil
        {
            mistakes.append(
                Diagnostic(
                    "name, register, retries and repeatable belong to a step, not to an include",
                    at: include.kindLocation))
        }
        guard let name = include.arguments.scalar?.text, !name.isEmpty else {
            mistakes.append(
                Diagnostic(
                    "unusable include", at: include.arguments.location, found: include.arguments.foundText,
                    expected: "the path of a file that holds a list of steps"))
            return []
        }
        let path = Self.path(name, besides: chain.last ?? "")
        guard let steps = read(path, of: include, inside: chain) else { return [] }
        return expand(steps, inside: chain + [path]).map { step in
            var step = step
            step.condition =
                include.condition.map { around in step.condition.map { around.and($0) } ?? around }
                ?? step.condition
            step.variables = include.variables.overlaid(by: step.variables)
            return step
        }
    }

    private mutating func read(_ path: String, of include: PlaybookStep, inside chain: [String]) -> [PlaybookStep]? {
        let place = include.arguments.location
        guard !chain.contains(path), chain.count <= Self.deepest else {
            mistakes.append(
                Diagnostic("the file includes itself: \((chain + [path]).joined(separator: " → "))", at: place))
            return nil
        }
        guard let tree, tree.kind(of: path) == .file else {
            mistakes.append(Diagnostic("there is no file \(path)", at: place))
            return nil
        }
        if !files.contains(path) { files.append(path) }
        do {
            let value = try YAMLReader.read(try TextFile.read(path, in: tree), file: path)
            return ValueForm<[PlaybookStep]>.steps.read(value, &mistakes)
        } catch let failure as Diagnostics {
            mistakes += failure.all
        } catch let failure as Diagnostic {
            mistakes.append(failure)
        } catch {
            mistakes.append(Diagnostic("the file cannot be read: \(error)", at: SourceLocation(file: path)))
        }
        return nil
    }

    private static func path(_ name: String, besides file: String) -> String {
        guard !name.hasPrefix("/"), !name.hasPrefix("~") else { return name }
        return (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + name
    }
}
