import AsyncHTTPClient
import FleetModel
import FleetWire
import NIOCore

/// Reads a collection as the beginning of a watch: consistent, in one request however large it is, and served from the
/// API server's memory (KEP-3157; Kubernetes 1.34, with etcd 3.5.8 or newer).
struct StreamingList: Sendable {
    let transport: APITransport
    let resource: APIResource
    /// The only object that is wanted; nil for all of all namespaces.
    var only: ObjectKey?

    /// What a stream told before its bookmark.
    struct State<Value: Sendable>: Sendable {
        /// The objects in the order of their keys.
        var values: [Value]
        /// Where a watch goes on.
        var resourceVersion: String
    }

    /// Why a stream is of no use, and whether another one may be.
    private struct Unusable: Error { var isForGood: Bool }

    /// Reads the state; nil where that did not come about.
    ///
    /// Then a plain list is asked, in whose words failures are told. A server that says that it cannot is not asked again.
    func read<Value: Sendable>(
        _ transform: (JSONValue) throws(WireFormatError) -> Value?
    ) async -> State<Value>? {
        guard await transport.streamsLists else { return nil }
        do {
            let response = try await transport.stream(
                request, subject: "list \(resource)", timeout: transport.options.readTimeout)
            return try await consume(response, transform)
        } catch let reason as Unusable {
            if reason.isForGood { await transport.stopStreamingLists() }
        } catch let failure as ClusterFailure {
            if failure.code == .invalid { await transport.stopStreamingLists() }
        } catch {}
        return nil
    }

    private var request: APIRequest {
        var path = resource.path
        var query = [
            (name: "watch", value: "1"), ("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"),
            ("allowWatchBookmarks", "true"),
        ]
        if let only {
            path = resource.collection(namespace: only.namespace)
            query.append(("fieldSelector", "metadata.name=\(only.name)"))
        }
        return APIRequest(.get, path, query: query)
    }

    /// Takes in events up to the bookmark; ending the stream ends the request.
    private func consume<Value: Sendable>(
        _ response: HTTPClientResponse, _ transform: (JSONValue) throws(WireFormatError) -> Value?
    ) async throws -> State<Value> {
        var splitter = LineSplitter()
        var values: [ObjectKey: Value] = [:]
        for try await chunk in response.body {
            for line in splitter.append(chunk.readableBytesView) {
                switch try WatchEvent(decoding: line) {
                case .added(let json), .modified(let json): values[ObjectKey(of: json)] = try transform(json)
                case .deleted(let json): values[ObjectKey(of: json)] = nil
                case .bookmark(let version, true):
                    let sorted = values.sorted { $0.key < $1.key }.map(\.value)
                    return State(values: sorted, resourceVersion: version)
                case .bookmark(_, false): break
                case .error(let status): throw Unusable(isForGood: status.reason != "Expired")
                }
            }
            if splitter.isOverfull { throw Unusable(isForGood: false) }
        }
        // A server that knows nothing of this watches as ever, and ends that some time.
        throw Unusable(isForGood: true)
    }
}

extension ObjectKey {
    fileprivate init(of json: JSONValue) {
        let metadata = json["metadata"]
        self.init(metadata["namespace"].string ?? "", metadata["name"].string ?? "")
    }
}
