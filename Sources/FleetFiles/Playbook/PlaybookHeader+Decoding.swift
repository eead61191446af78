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
        let workloadWindows = decoder.optional("windows", .oneOrMore(of: .workloadWindow)) ?? []
        let source = decoder.optional("replace_with", .spares)
        guard let name, let hosts else { return nil }
        self.init(
            name: name, description: description, hosts: hosts, requiresLimit: requiresLimit, maxTargets: maxTargets,
            isForControlPlane: isForControlPlane, variables: variables, waves: waves, evictions: evictions,
            windows: windows, workloadWindows: workloadWindows, spares: source?.pattern, provider: source?.provider)
    }
}

/// Where the hosts come from that stand in for others: a pattern of the inventory, or a provider.
struct SpareSource: Hashable, Sendable {
    var pattern: String?
    var provider: HostProvider?
}

extension ValueForm<SpareSource> {
    /// A pattern, or `{provider: COMMAND, delete: true}`.
    static var spares: ValueForm {
        let provider: ValueForm<SpareSource> = .object("a provider") { decoder in
            let command = decoder.required("provider", .oneOrMore(of: ValueForm<String>.string))
            let deletes = decoder.optional("delete", .bool) ?? false
            let timeout = decoder.optional("timeout", .duration) ?? .seconds(1800)
            guard let command else { return nil }
            if command.isEmpty { decoder.report("the provider has no command") }
            return SpareSource(provider: HostProvider(command: command, deletesOld: deletes, timeout: timeout))
        }
        let expected = "a pattern of the inventory such as new_nodes, or {provider: ./hosts.sh}"
        let schema = ValueSchema.any(of: [.text(), provider.schema])
        return ValueForm(expected: expected, schema: schema) { value, diagnostics in
            if value.mapping != nil { return provider.read(value, &diagnostics) }
            return ValueForm<String>.string.read(value, &diagnostics).map { SpareSource(pattern: $0) }
        }
    }
}

extension ValueForm<WavePolicy> {
    static var wavePolicy: ValueForm {
        .object("a wave policy") { decoder in
            let omitted = WavePolicy()
            let order: WavePolicy.Order? = decoder.optional("order", .choice)
            let maxUnavailable = decoder.optional("max_unavailable", .positiveShare)
            var policy = WavePolicy(
                order: order ?? omitted.order,
                canary: decoder.optional("canary", .countOrPercent) ?? omitted.canary,
                size: decoder.optional("size", .positiveShare) ?? omitted.size,
                maxUnavailable: maxUnavailable ?? omitted.maxUnavailable,
                maxUnavailablePerZone: decoder.optional("max_unavailable_per_zone", .positiveShare)
                    ?? WavePolicy.omittedPerZone(order: order, maxUnavailable: maxUnavailable),
                parallelism: decoder.optional("parallelism", .int(in: 1...10_000)) ?? omitted.parallelism,
                soak: decoder.optional("soak", .duration) ?? omitted.soak,
                maxFailures: decoder.optional("max_failures", .int(in: 0...Int.max)) ?? omitted.maxFailures)
            policy.maxUnavailablePerPool = decoder.optional("max_unavailable_per_pool", .positiveShare)
            let least = decoder.optional("min_available", .dictionary(of: .int(in: 1...100_000))) ?? [:]
            policy.minAvailable = Dictionary(uniqueKeysWithValues: least.map { (Pool($0), $1) })
            policy.maxSurge = decoder.optional("max_surge", .positiveShare)
            policy.maxSurgePerZone = decoder.optional("max_surge_per_zone", .positiveShare)
            policy.maxSurgePerPool = decoder.optional("max_surge_per_pool", .positiveShare)
            policy.startsPerMinute = decoder.optional("starts_per_minute", .int(in: 1...10_000))
            return policy
        }
    }
}

extension ValueForm<CountOrPercent> {
    /// A count or percentage above zero.
    static var positiveShare: ValueForm {
        .scalar("a number of at least 1, or a percentage from 1% to 100%", schema: .share) { scalar in
            guard let share = CountOrPercent(text: scalar.text), share != .count(0), share != .percent(0) else {
                return nil
            }
            return share
        }
    }
}

extension ValueForm<MaintenanceWindow> {
    static var maintenanceWindow: ValueForm {
        .object("a window") { maintenanceWindow(&$0) }
    }

    /// The keys of a window, which may stand beside others.
    fileprivate static func maintenanceWindow(_ decoder: inout LocatedDecoder) -> MaintenanceWindow? {
        let days = decoder.optional("days", .weekdays) ?? Set(MaintenanceWindow.Weekday.allCases)
        let from = decoder.required("from", .timeOfDay)
        let to = decoder.required("to", .timeOfDay)
        let timeZone = decoder.optional("time_zone", .string) ?? "UTC"
        let atEnd = decoder.optional("at_end", .choice) ?? MaintenanceWindow.End.uncordon
        let blackout = decoder.optional("blackout", .dates) ?? []
        guard let from, let to else { return nil }
        return MaintenanceWindow(days: days, from: from, to: to, timeZone: timeZone, atEnd: atEnd, blackout: blackout)
    }
}

extension ValueForm<WorkloadWindow> {
    /// `{selector: app=trading, namespace: shop, days: sat, from: "02:00", to: "04:00"}`.
    static var workloadWindow: ValueForm {
        .object("a window of some pods") { decoder in
            let named = decoder.required("selector", .namedSelector)
            let namespace = decoder.optional("namespace", .string)
            let window = ValueForm<MaintenanceWindow>.maintenanceWindow(&decoder)
            guard let named, let window else { return nil }
            return WorkloadWindow(
                selector: named.selector, words: named.words, namespace: namespace, window: window)
        }
    }
}

extension ValueForm<(selector: LabelSelector, words: String)> {
    /// A selector, and how it was written.
    fileprivate static var namedSelector: ValueForm {
        let form = ValueForm<LabelSelector>.labelSelector
        return ValueForm(expected: form.expected) { value, diagnostics in
            form.read(value, &diagnostics).map { (selector: $0, words: value.scalar?.text ?? "selected pods") }
        }
    }
}

extension ValueForm<Set<CalendarDate>> {
    /// `2026-12-24`, `2026-12-24..2027-01-02`, or a list of such.
    static var dates: ValueForm {
        let expected = "a date such as 2026-12-24, or a range such as 2026-12-24..2027-01-02"
        let part = ValueForm.scalar(expected) { scalar in
            let bounds = scalar.text.split(separator: "..", omittingEmptySubsequences: false).map {
                CalendarDate(String($0))
            }
            guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last,
                last.day - first.day < 3660
            else { return nil }
            return Set((first.day...last.day).map { CalendarDate(day: $0) })
        }
        return ValueForm(
            expected: expected, schema: ValueForm<[Set<CalendarDate>]>.oneOrMore(of: part).schema
        ) { value, diagnostics in
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
        return ValueForm(
            expected: expected, schema: ValueForm<[Set<MaintenanceWindow.Weekday>]>.oneOrMore(of: part).schema
        ) { value, diagnostics in
            ValueForm<[Set<MaintenanceWindow.Weekday>]>.oneOrMore(of: part).read(value, &diagnostics)
                .map { $0.reduce(into: []) { $0.formUnion($1) } }
        }
    }
}
