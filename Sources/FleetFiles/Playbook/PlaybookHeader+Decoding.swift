import FleetExpressions
import FleetModel

extension PlaybookHeader {
    /// Reads the keys of the header; the decoder refuses the rest.
    init?(decoding decoder: inout LocatedDecoder) {
        let name = decoder.required("name", .string)
        let hosts = decoder.required("hosts", .string)
        let description = decoder.optional("description", .string) ?? ""
        let requiresLimit = decoder.optional("require_limit", .bool) ?? false
        let maxTargets = decoder.optional("max_targets", .countOrPercent)
        let isForControlPlane = decoder.optional("control_plane", .bool) ?? false
        let variables = decoder.optional("vars", .variables) ?? [:]
        let waves = decoder.optional("waves", .wavePolicy) ?? WavePolicy()
        let evictions = decoder.optional("evictions", .evictionPolicy) ?? EvictionPolicy()
        let windows = decoder.optional("window", .oneOrMore(of: .maintenanceWindow)) ?? []
        let spares = decoder.optional("replace_with", .string)
        guard let name, let hosts else { return nil }
        self.init(
            name: name, description: description, hosts: hosts, requiresLimit: requiresLimit, maxTargets: maxTargets,
            isForControlPlane: isForControlPlane, variables: variables, waves: waves, evictions: evictions,
            windows: windows, spares: spares)
    }
}

extension ValueForm<WavePolicy> {
    static var wavePolicy: ValueForm {
        .object("a wave policy") { decoder in
            let omitted = WavePolicy()
            let order: WavePolicy.Order? = decoder.optional("order", .choice)
            let maxUnavailable = decoder.optional("max_unavailable", .positiveShare)
            return WavePolicy(
                order: order ?? omitted.order,
                canary: decoder.optional("canary", .countOrPercent) ?? omitted.canary,
                size: decoder.optional("size", .positiveShare) ?? omitted.size,
                maxUnavailable: maxUnavailable ?? omitted.maxUnavailable,
                maxUnavailablePerZone: decoder.optional("max_unavailable_per_zone", .positiveShare)
                    ?? WavePolicy.omittedPerZone(order: order, maxUnavailable: maxUnavailable),
                parallelism: decoder.optional("parallelism", .int(in: 1...10_000)) ?? omitted.parallelism,
                soak: decoder.optional("soak", .duration) ?? omitted.soak,
                maxFailures: decoder.optional("max_failures", .int(in: 0...Int.max)) ?? omitted.maxFailures)
        }
    }
}

extension ValueForm<CountOrPercent> {
    /// A count or percentage above zero.
    static var positiveShare: ValueForm {
        .scalar("a number of at least 1, or a percentage from 1% to 100%") { scalar in
            guard let share = CountOrPercent(text: scalar.text), share != .count(0), share != .percent(0) else {
                return nil
            }
            return share
        }
    }
}

extension ValueForm<MaintenanceWindow> {
    static var maintenanceWindow: ValueForm {
        .object("a window") { decoder in
            let days = decoder.optional("days", .weekdays) ?? Set(MaintenanceWindow.Weekday.allCases)
            let from = decoder.required("from", .timeOfDay)
            let to = decoder.required("to", .timeOfDay)
            let timeZone = decoder.optional("time_zone", .string) ?? "UTC"
            let atEnd = decoder.optional("at_end", .choice) ?? MaintenanceWindow.End.uncordon
            let blackout = decoder.optional("blackout", .dates) ?? []
            guard let from, let to else { return nil }
            return MaintenanceWindow(
                days: days, from: from, to: to, timeZone: timeZone, atEnd: atEnd, blackout: blackout)
        }
    }
}

extension ValueForm<Set<CalendarDate>> {
    /// `2026-12-24`, `2026-12-24..2027-01-02`, or a list of such.
    static var dates: ValueForm {
        let expected = "a date such as 2026-12-24, or a range such as 2026-12-24..2027-01-02"
        let part = ValueForm.scalar(expected) { scalar in
            let bounds = scalar.text.split(separator: "..", omittingEmptySubsequences: false).map { CalendarDate(String($0)) }
            guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last,
                last.day - first.day < 3660
            else { return nil }
            return Set((first.day...last.day).map { CalendarDate(day: $0) })
        }
        return ValueForm(expected: expected) { value, diagnostics in
            ValueForm<[Set<CalendarDate>]>.oneOrMore(of: part).read(value, &diagnostics)
                .map { $0.reduce(into: []) { $0.formUnion($1) } }
        }
    }
}

extension ValueForm<Set<MaintenanceWindow.Weekday>> {
    /// `sat-sun`, `mon,wed`, or a list of such.
    static var weekdays: ValueForm {
        let expected = "days such as sat-sun or mon,wed"
        let part = ValueForm.scalar(expected) { MaintenanceWindow.Weekday.days($0.text) }
        return ValueForm(expected: expected) { value, diagnostics in
            ValueForm<[Set<MaintenanceWindow.Weekday>]>.oneOrMore(of: part).read(value, &diagnostics)
                .map { $0.reduce(into: []) { $0.formUnion($1) } }
        }
    }
}
