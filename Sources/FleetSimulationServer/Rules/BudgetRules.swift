import FleetModel
import FleetWire

/// Rules of PodDisruptionBudgets.
enum BudgetRules {
    /// What is wrong with a budget.
    static func validate(_ json: JSONValue) -> [FieldError] {
        let spec = json["spec"]
        var errors: [FieldError] = []
        if !spec["minAvailable"].isNull, !spec["maxUnavailable"].isNull {
            errors.append(
                .invalid("spec", "{}", "minAvailable and maxUnavailable cannot be both set"))
        }
        for field in ["minAvailable", "maxUnavailable"] where !spec[field].isNull {
            if CountOrPercent(spec[field]) == nil {
                let text = spec[field].string ?? ""
                errors.append(
                    .invalid(
                        "spec.\(field)", "\"\(text)\"",
                        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
                            + "regex used for validation is '[0-9]+%')"))
            } else if let count = spec[field].int64, count < 0 {
                errors.append(.invalid("spec.\(field)", "\(count)", "must be greater than or equal to 0"))
            }
        }
        return errors
    }
}
