public import FleetExpressions
public import FleetModel

/// `kernel_module: [overlay, br_netfilter]` – modules of the kernel are loaded, now and at boot (E4).
public struct KernelModuleStep: HostStateStep {
    /// `kernel_module`.
    public static let kind = "kernel_module"
    /// What it does, for editors and lists.
    public static let purpose = "Modules of the kernel are loaded, now and at boot."
    /// `kernel_module: NAME`.
    public static let shorthand: String? = "name"

    /// The modules.
    public var names: [String]

    /// Reads `name`: one module or a list.
    public init?(_ arguments: inout LocatedDecoder) {
        guard let names = arguments.required("name", .oneOrMore(of: .moduleName)) else { return nil }
        self.names = names
    }

    /// `load kernel module overlay`.
    public var title: String { "load kernel module \(names.joined(separator: ", "))" }

    /// The script.
    public func command(in context: StepContext) -> HostCommand {
        HostCommand(
            script: NodeScript.kernelModules, environment: ["FLEET_MODULES": names.joined(separator: " ")],
            timeoutSeconds: 120)
    }
}

extension ValueForm<String> {
    /// A kernel module's name: letters, digits, `_` and `-`.
    static var moduleName: ValueForm {
        .scalar("the name of a kernel module such as br_netfilter") { scalar in
            let isPlain = scalar.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
            return isPlain && !scalar.text.isEmpty && !scalar.text.hasPrefix("-") ? scalar.text : nil
        }
    }
}
