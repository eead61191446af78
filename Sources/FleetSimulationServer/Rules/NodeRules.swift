import FleetModel
import FleetWire

/// Rules of Nodes (`pkg/apis/core/validation/validation.go:ValidateNode`).
enum NodeRules {
    /// What is wrong with a Node.
    ///
    /// The server validates taints twice, and so lists each error twice.
    static func validate(_ json: JSONValue) -> [FieldError] {
        let errors = json["spec"]["taints"].elements.enumerated().flatMap { validate($1, index: $0) }
        return errors + errors
    }

    private static func validate(_ taint: JSONValue, index: Int) -> [FieldError] {
        var errors: [FieldError] = []
        let key = taint["key"].string ?? ""
        if !LabelSyntax.isQualifiedName(key) {
            errors.append(.invalid("metadata.taints[\(index)].key", "\"\(key)\"", LabelSyntax.nameRule))
        }
        let effect = taint["effect"].string ?? ""
        if effect.isEmpty {
            errors.append(.required("metadata.taints[\(index)].effect"))
        } else if TaintEffect(rawValue: effect) == nil {
            errors.append(
                .unsupported(
                    "metadata.taints[\(index)].effect", effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]))
        }
        return errors
    }
}
