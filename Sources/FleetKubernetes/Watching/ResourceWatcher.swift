import AsyncHTTPClient
import FleetModel
import FleetWire
import Logging
import NIOCore

/// Follows one resource from a version on (semantics 6.2).
///
/// An end of file goes on from the last version, at once. A silent stall and a lost connection do so after a wait. An
/// expired version (HTTP 410, or an ERROR event under HTTP 200) lists anew and sends the difference.
struct ResourceWatcher: Sendable {
    let client: KubernetesClient
    let mirror: ClusterMirror
    let resource: APIResource

    /// How one watch ended.
    private enum Ending {
        case ended(sawEvents: Bool)
        case expired
        case failed(ClusterFailure)
    }

    /// Returns why it is pointless to go on; nil when it was cancelled.
    func follow(from version: String) async -> ClusterFailure? {
        var position = version
        var failures = 0
        var refusals = 0
        while !Task.isCancelled {
            let started = ContinuousClock.now
            switch await watchOnce(&position) {
            case .ended(let sawEvents):
                // A server that ends watches at once must not be asked in a tight loop.
                failures = sawEvents || ContinuousClock.now - started > .seconds(1) ? 0 : failures + 1
                refusals = 0
                if failures > 0 { await pause(failures, nil) }
            case .expired:
                // A watch that had just begun anew has told the state before the gap for the present one.
                if failures > 0 { await interrupt(ClusterFailure(.expired, message: "watch \(resource) begins anew")) }
                position = ""
            case .failed(let failure):
                failures += 1
                refusals = failure.isRefusal ? refusals + 1 : 0
                if refusals >= client.options.refusalsTolerated { return Task.isCancelled ? nil : failure }
                await interrupt(failure)
                await pause(failures, failure)
            }
            guard position.isEmpty, !Task.isCancelled else { continue }
            if let failure = await relist(&position, &failures) { return failure }
        }
        return nil
    }

    /// Lists anew until it succeeds or is refused for good.
    private func relist(_ position: inout String, _ failures: inout Int) async -> ClusterFailure? {
        var refusals = 0
        while !Task.isCancelled {
            do throws(ClusterFailure) {
                let list = try await Lister(client: client).list(resource)
                await mirror.replace(list)
                await mirror.resume(resource)
                position = list.resourceVersion
                failures = 0
                return nil
            } catch {
                failures += 1
                refusals += error.isRefusal ? 1 : 0
                if refusals >= client.options.refusalsTolerated { return Task.isCancelled ? nil : error }
                await interrupt(error)
                await pause(failures, error)
            }
        }
        return nil
    }

    private func interrupt(_ failure: ClusterFailure) async {
        guard !Task.isCancelled else { return }
        client.logger.info("watch interrupted: \(failure)", metadata: ["resource": "\(resource)"])
        await mirror.interrupt(resource, failure)
    }

    private func pause(_ attempt: Int, _ failure: ClusterFailure?) async {
        let asked = failure?.retryAfterSeconds.map { Duration.seconds(min($0, 60)) } ?? .zero
        try? await Task.sleep(for: max(asked, client.options.backoff.wait(attempt)))
    }

    // MARK: One watch

    private func watchOnce(_ position: inout String) async -> Ending {
        let subject = "watch \(resource)"
        var sawEvents = false
        var isOpen = false
        do throws(ClusterFailure) {
            let response = try await client.transport.stream(request(from: position), subject: subject)
            isOpen = true
            await mirror.resume(resource)
            return try await consume(response, &position, &sawEvents) ?? .ended(sawEvents: sawEvents)
        } catch {
            if error.code == .expired { return .expired }
            // Silence of an open watch may be a quiet resource: connecting anew will tell.
            return error.code == .timedOut && isOpen ? .ended(sawEvents: sawEvents) : .failed(error)
        }
    }

    /// Takes in events until the stream ends; nil for a plain end.
    private func consume(
        _ response: HTTPClientResponse, _ position: inout String, _ sawEvents: inout Bool
    ) async throws(ClusterFailure) -> Ending? {
        var splitter = LineSplitter()
        do {
            for try await chunk in response.body {
                for line in splitter.append(chunk.readableBytesView) {
                    sawEvents = true
                    if let ending = try await apply(line, &position) { return ending }
                }
                if splitter.isOverfull {
                    throw ClusterFailure(
                        .malformed, subject: "watch \(resource)", message: "an event of more than 64 MiB")
                }
            }
            return nil
        } catch let failure as ClusterFailure {
            throw failure
        } catch {
            throw client.transport.lost(error, subject: "watch \(resource)")
        }
    }

    private func request(from position: String) -> APIRequest {
        let range = client.options.watchLength
        let seconds = Int64.random(in: range.lowerBound.components.seconds...range.upperBound.components.seconds)
        return APIRequest(
            .get, resource.path,
            query: [
                ("watch", "1"), ("resourceVersion", position), ("allowWatchBookmarks", "true"),
                ("timeoutSeconds", String(seconds)),
            ])
    }

    /// Takes in one event; returns how the watch ends, if it does.
    private func apply(_ line: [UInt8], _ position: inout String) async throws(ClusterFailure) -> Ending? {
        do {
            switch try WatchEvent(decoding: line) {
            case .added(let json), .modified(let json):
                if let object = try ClusterObject(json, kind: resource.kind) {
                    await mirror.apply(object, of: resource)
                }
                advance(&position, json)
            case .deleted(let json):
                if let object = try ClusterObject(json, kind: resource.kind) {
                    await mirror.remove(object, of: resource)
                }
                advance(&position, json)
            case .bookmark(let version, _): if !version.isEmpty { position = version }
            case .error(let status):
                let failure = ClusterFailure(status, subject: "watch \(resource)")
                return failure.code == .expired ? .expired : .failed(failure)
            }
            return nil
        } catch {
            throw ClusterFailure(.malformed, subject: "watch \(resource)", message: "\(error)")
        }
    }

    private func advance(_ position: inout String, _ json: JSONValue) {
        if let version = json["metadata"]["resourceVersion"].string, !version.isEmpty { position = version }
    }
}
