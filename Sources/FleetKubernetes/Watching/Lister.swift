import FleetModel
import FleetWire
import Foundation
import Logging

/// What a list held, and where a watch goes on.
struct Listed: Sendable {
    var resource: APIResource
    var objects: [ClusterObject]
    var resourceVersion: String
}

/// Reads whole lists: as the beginning of a watch, else page by page (semantics 6.1).
struct Lister: Sendable {
    let client: KubernetesClient

    /// Resources that a cluster, or a role, may well lack.
    static let optional: Set<APIResource> = [.autoscalers, .attachments, .replicationControllers]

    /// Everything, in parallel.
    func read() async throws(ClusterFailure) -> ClusterReading {
        // The cluster's identity first: it also tells, once for all lists, whether the server streams them.
        let uid = try await client.clusterUID()
        let outcomes = await withTaskGroup(of: Result<Listed?, ClusterFailure>.self) { group in
            for resource in APIResource.ofSnapshot {
                group.addTask {
                    do throws(ClusterFailure) {
                        return .success(try await listIfPermitted(resource))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var all: [Result<Listed?, ClusterFailure>] = []
            for await outcome in group { all.append(outcome) }
            return all
        }
        var lists: [Listed] = []
        for outcome in outcomes { if let list = try outcome.get() { lists.append(list) } }
        return ClusterReading(lists, clusterUID: uid)
    }

    /// A list; nil for an optional resource that is not served or not permitted, which is said once.
    func listIfPermitted(_ resource: APIResource) async throws(ClusterFailure) -> Listed? {
        do throws(ClusterFailure) {
            return try await list(resource)
        } catch {
            guard Self.optional.contains(resource), error.code == .forbidden || error.code == .notFound else {
                throw error
            }
            client.logger.notice("left out: \(error)", metadata: ["resource": "\(resource)"])
            return nil
        }
    }

    /// A consistent list.
    ///
    /// Where the pages outlive the server's memory (410) it begins anew, at last in one piece.
    func list(_ resource: APIResource) async throws(ClusterFailure) -> Listed {
        if let listed = await stream(resource) { return listed }
        do throws(ClusterFailure) {
            return try await pages(of: resource, limit: client.options.pageLimit)
        } catch {
            guard error.code == .expired else { throw error }
        }
        return try await pages(of: resource, limit: nil)
    }

    private func stream(_ resource: APIResource) async -> Listed? {
        let list = StreamingList(transport: client.transport, resource: resource)
        let state = await list.read { (json) throws(WireFormatError) in try ClusterObject(json, kind: resource.kind) }
        return state.map { Listed(resource: resource, objects: $0.values, resourceVersion: $0.resourceVersion) }
    }

    private func pages(of resource: APIResource, limit: Int?) async throws(ClusterFailure) -> Listed {
        var result = Listed(resource: resource, objects: [], resourceVersion: "")
        var token = ""
        var seen: Set<String> = []
        repeat {
            let page = try await page(of: resource, limit: limit, token: token)
            result.objects += page.objects
            result.resourceVersion = page.resourceVersion
            token = page.continueToken
            guard seen.insert(token).inserted else {
                throw ClusterFailure(
                    .malformed, subject: "list \(resource)", message: "the server sends the same page again and again")
            }
        } while !token.isEmpty
        return result
    }

    private func page(of resource: APIResource, limit: Int?, token: String) async throws(ClusterFailure) -> ObjectList {
        let subject = "list \(resource)"
        var request = APIRequest(.get, resource.path)
        if let limit { request.query.append((name: "limit", value: String(limit))) }
        if !token.isEmpty { request.query.append((name: "continue", value: token)) }
        let bytes = try await client.transport.repeating(subject: subject, while: \.mayPass, request)
        do {
            return try ObjectList(decoding: bytes, kind: resource.kind)
        } catch {
            throw ClusterFailure(.malformed, subject: subject, message: "\(error)")
        }
    }
}

extension Instant {
    /// The wall clock.
    static var now: Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}
