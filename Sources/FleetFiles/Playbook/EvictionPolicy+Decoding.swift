import FleetExpressions
import FleetModel

extension ValueForm<EvictionPolicy> {
    static var evictionPolicy: ValueForm {
        .object("an eviction policy") { decoder in
            let omitted = EvictionPolicy()
            return EvictionPolicy(
                rate: decoder.optional("rate", .rate) ?? omitted.rate,
                withoutBudget: decoder.optional("without_budget", .countOrPercent) ?? omitted.withoutBudget,
                timeout: decoder.optional("timeout", .duration) ?? omitted.timeout,
                stuck: decoder.optional("stuck", .stuckPolicy) ?? omitted.stuck,
                rules: decoder.optional("rules", .list(of: .evictionRule)) ?? [],
                downtime: decoder.optional("downtime", .list(of: .objectKey)) ?? [],
                order: decoder.optional("order", .choice) ?? omitted.order,
                maxInFlight: decoder.optional("max_in_flight", .int(in: 1...Int.max)),
                maxInFlightPerZone: decoder.optional("max_in_flight_per_zone", .int(in: 1...Int.max)))
        }
    }
}

extension ValueForm<EvictionRule> {
    static var evictionRule: ValueForm {
        .object("an eviction rule") { decoder in
            let selector = decoder.required("selector", .labelSelector)
            let action: EvictionRule.Action? = decoder.required("action", .choice)
            let namespace = decoder.optional("namespace", .string)
            let timeout = decoder.optional("timeout", .duration)
            let order = decoder.optional("order", .int) ?? 0
            guard let selector, let action else { return nil }
            return EvictionRule(
                selector: selector, namespace: namespace, action: action, timeout: timeout, order: order)
        }
    }
}

extension ValueForm<StuckPolicy> {
    /// `quarantine`, or a list of `{selector, action}`: deleting past a budget is said by selector only (safety rule 11).
    static var stuckPolicy: ValueForm {
        let rule: ValueForm<StuckPolicy.Rule> = .object("a rule for stuck pods") { decoder in
            let selector = decoder.required("selector", .labelSelector)
            let action: StuckPolicy.Action? = decoder.required("action", .choice)
            guard let selector, let action else { return nil }
            return StuckPolicy.Rule(selector: selector, action: action)
        }
        let expected = "quarantine, or a list of {selector: app=x, action: delete}"
        let schema = ValueSchema.any(of: [
            .choice([StuckPolicy.Action.quarantine.rawValue]), ValueForm<[StuckPolicy.Rule]>.list(of: rule).schema,
        ])
        return ValueForm(expected: expected, schema: schema) { value, diagnostics in
            if value.elements != nil {
                return ValueForm<[StuckPolicy.Rule]>.list(of: rule).read(value, &diagnostics).map {
                    StuckPolicy(rules: $0)
                }
            }
            if value.scalar?.text == StuckPolicy.Action.quarantine.rawValue { return StuckPolicy() }
            let isDelete = value.scalar?.text == StuckPolicy.Action.delete.rawValue
            diagnostics.append(
                Diagnostic(
                    isDelete ? "deleting pods past their budgets is never a default" : "unusable value",
                    at: value.location,
                    found: value.foundText, expected: expected))
            return nil
        }
    }
}
