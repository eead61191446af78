public import FleetModel
import FleetPlanning

/// A window of their own for the pods of some workloads: their nodes are taken in hand only while it is open (D4).
public struct NarrowWindow: Hashable, Sendable {
    /// The pods.
    public var selector: LabelSelector
    /// Their namespace; nil means any.
    public var namespace: String?
    /// When they may be moved.
    public var calendar: WindowCalendar
    /// What the pods are called in messages, such as `app=trading`.
    public var words: String

    /// A window of some pods.
    public init(selector: LabelSelector, namespace: String?, calendar: WindowCalendar, words: String) {
        self.selector = selector
        self.namespace = namespace
        self.calendar = calendar
        self.words = words
    }

    /// Whether the pod is one of them.
    func concerns(_ pod: Pod) -> Bool {
        namespace.map { $0 == pod.key.namespace } ?? true && selector.matches(pod.labels)
    }
}

/// The narrower windows of a run, besides its own.
public struct NarrowWindows: Hashable, Sendable {
    /// The windows; a pod that several concern may be moved only while all of them are open.
    public var windows: [NarrowWindow]
    /// Whether the run waits for them when nothing else is left to do, or ends as blocked.
    public var waits: Bool
    /// How long each wave takes at the longest by the plan's forecast, by number.
    public var forecast: [Int: RunWindow.WaveNeed]

    /// No narrower windows, unless given.
    public init(windows: [NarrowWindow] = [], waits: Bool = false, forecast: [Int: RunWindow.WaveNeed] = [:]) {
        self.windows = windows
        self.waits = waits
        self.forecast = forecast
    }
}

/// Where a narrower window stands.
struct NarrowState: Hashable, Sendable {
    /// The span that is open; nil while none is.
    var span: WindowCalendar.Span?
    /// The span that opens next.
    var next: WindowCalendar.Span?
    /// When this changes; nil when it never does.
    var changesAt: Instant? { span?.end ?? next?.start }

    init(_ calendar: WindowCalendar, at now: Instant) {
        span = calendar.span(at: now)
        next = calendar.next(after: now)
    }
}

/// Why a node may not be taken in hand now.
struct NarrowRefusal: Hashable, Sendable {
    var reason: String
    /// Whether no window is ever long enough, so that waiting is in vain.
    var isForGood = false
    /// The pods' own windows, which must meet the run's.
    var window: NarrowWindow
    /// How long the node needs.
    var need: Duration

    var meeting: WindowMeeting { WindowMeeting(window: window, need: need) }
}

/// A question about windows that must meet: asked once, since the answer takes a look at a year.
struct WindowMeeting: Hashable, Sendable {
    var window: NarrowWindow
    var need: Duration
}

extension WindowCalendar {
    /// The longest time in which this calendar and another one are both open, or the first one that is enough; zero when
    /// they never are, within a year.
    func longest(with other: WindowCalendar, from instant: Instant, enough: Duration) -> Duration {
        var longest = Duration.zero
        var time = instant
        let horizon = instant + .seconds(366 * 86_400)
        while longest < enough, let own = span(at: time) ?? next(after: time), own.start < horizon {
            var inner = max(own.start, time)
            while let theirs = other.span(at: inner) ?? other.next(after: inner), theirs.start < own.end {
                longest = max(longest, min(own.end, theirs.end) - max(own.start, theirs.start))
                inner = max(theirs.end, inner + .seconds(1))
            }
            time = max(own.end, time + .seconds(1))
        }
        return longest
    }
}
