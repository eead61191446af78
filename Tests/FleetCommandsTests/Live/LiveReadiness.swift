import Foundation
import NIOHTTP1

/// How many Ready pods an app of namespace `shop` has, by the API server's own watch: every change counts.
actor LiveReadiness {
    let app: String
    private var ready: [String: Bool] = [:]
    /// The least so far; nil before the first look.
    private(set) var least: Int?
    /// The most so far.
    private(set) var most = 0

    /// What the tests read of a watch's line.
    private struct Event: Decodable {
        var type: String
        var object: LivePod
    }

    init(app: String) { self.app = app }

    /// Follows it until the task is cancelled.
    func follow(_ api: LiveAPI) async throws {
        let path = "/api/v1/namespaces/shop/pods?labelSelector=app%3D\(app)"
        let answer = try await api.send(.GET, path)
        let list = try JSONDecoder().decode(ObjectList<LivePod>.self, from: answer.body)
        for pod in list.items { note(pod, isThere: true) }
        count()
        try await api.watch("\(path)&watch=1&resourceVersion=\(list.metadata.resourceVersion)") { line in
            let event = try JSONDecoder().decode(Event.self, from: line)
            self.take(event)
        }
    }

    private func take(_ event: Event) {
        note(event.object, isThere: event.type != "DELETED")
        count()
    }

    private func note(_ pod: LivePod, isThere: Bool) {
        ready[pod.metadata.uid] = isThere && pod.isReady && pod.metadata.deletionTimestamp == nil
    }

    private func count() {
        let now = ready.values.count { $0 }
        least = min(least ?? now, now)
        most = max(most, now)
    }
}
