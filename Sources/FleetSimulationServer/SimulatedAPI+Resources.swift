import FleetModel
import FleetSimulation
import FleetWire

extension SimulatedAPI {
    /// Answers a request for a resource, an object or a subresource.
    func respond(
        _ request: APIRequest, _ target: ResourceTarget, _ verb: APIVerb, _ account: Account,
        _ fault: WireFault.Effect?
    ) throws(APIFailure) -> APIAnswer {
        if target.resource.isCreateOnly { return try review(request, target, account) }
        if verb.name == "watch" { return .init(.watch(try open(request, target, fault))) }
        if let subresource = target.subresource, !["status", "approval", "finalize"].contains(subresource) {
            return try respond(request, target, subresource: subresource)
        }
        let form = Presentation(request)
        func shown(_ json: JSONValue, code: Int = 200) -> APIAnswer {
            .json(form.object(json, target.resource, now: registry.now), code: code)
        }
        let isDryRun = try DryRun.isSet(request.query["dryRun"].map { [$0] } ?? [])
        switch verb.name {
        case "get": return shown(try registry.stored(target))
        case "list":
            let options = try ListOptions(request.query, target.resource, isWatch: false)
            return .json(form.list(try registry.list(target, options), target.resource, now: registry.now))
        case "create":
            return shown(try registry.create(target, try body(request, target), isDryRun: isDryRun), code: 201)
        case "update": return try update(request, target, isDryRun: isDryRun, shown)
        case "patch": return try patch(request, target, isDryRun: isDryRun, shown)
        case "delete": return try delete(request, target)
        case "deletecollection": return try deleteCollection(request, target, form)
        default: throw .methodNotAllowed
        }
    }

    private func body(_ request: APIRequest, _ target: ResourceTarget) throws(APIFailure) -> JSONValue {
        if request.contentType.contains("protobuf") { throw .unsupportedMediaType }
        return try RequestBody.object(
            request.body, kind: target.resource.kind, groupVersions: [target.resource.groupVersion])
    }

    private func update(
        _ request: APIRequest, _ target: ResourceTarget, isDryRun: Bool, _ shown: (JSONValue, Int) -> APIAnswer
    ) throws(APIFailure) -> APIAnswer {
        let json = try body(request, target)
        let exists = registry.store.object(target.resource.storage, target.key) != nil
        if !exists, target.resource.allowsCreateOnUpdate {
            return shown(try registry.create(target, json, isDryRun: isDryRun), 201)
        }
        return shown(try registry.update(target, json, isDryRun: isDryRun), 200)
    }

    private func patch(
        _ request: APIRequest, _ target: ResourceTarget, isDryRun: Bool, _ shown: (JSONValue, Int) -> APIAnswer
    ) throws(APIFailure) -> APIAnswer {
        let patch = try PatchRequest(
            contentType: request.contentType, body: request.body, fieldManager: request.query["fieldManager"])
        let warnings = patch.warnings.map { ("Warning", "299 - \"\(escaped($0))\"") }
        var answer: APIAnswer
        do throws(APIFailure) {
            let (json, isNew) = try registry.patch(target, patch, isDryRun: isDryRun)
            answer = shown(json, isNew ? 201 : 200)
        } catch  where !warnings.isEmpty {
            answer = APIAnswer(error)
        }
        answer.headers += warnings.map { (name: $0.0, value: $0.1) }
        return answer
    }

    private func escaped(_ text: String) -> String {
        text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    }

    private func delete(_ request: APIRequest, _ target: ResourceTarget) throws(APIFailure) -> APIAnswer {
        let uid = try registry.stored(target)["metadata"]["uid"].string ?? ""
        if let object = try registry.delete(target, try deletion(request)) { return .json(object) }
        return .deleted(target.resource, name: target.name ?? "", uid: uid)
    }

    private func deleteCollection(
        _ request: APIRequest, _ target: ResourceTarget, _ form: Presentation
    ) throws(APIFailure) -> APIAnswer {
        let options = try ListOptions(request.query, target.resource, isWatch: false)
        let page = try registry.deleteCollection(target, options, try deletion(request))
        return .json(form.list(page, target.resource, now: registry.now))
    }

    private func deletion(_ request: APIRequest) throws(APIFailure) -> DeletionRequest {
        let options =
            request.body.isEmpty
            ? JSONValue.emptyObject : try RequestBody.parse(request.body, kind: "DeleteOptions")
        return try DeletionRequest(options, query: request.query)
    }

    private func respond(
        _ request: APIRequest, _ target: ResourceTarget, subresource: String
    ) throws(APIFailure) -> APIAnswer {
        let isDryRun = try DryRun.isSet(request.query["dryRun"].map { [$0] } ?? [])
        switch (subresource, request.method) {
        case ("eviction", "POST"):
            let pod = registry.simulation.pod(target.key.objectKey)?.uid
            try registry.evict(target, request)
            if let pod { noteEviction(of: pod) }
            return .success(code: 201)
        case ("binding", "POST"):
            try registry.bind(target, request, isDryRun: isDryRun)
            return .success(code: 201)
        case ("scale", "GET"): return .json(try registry.scale(target))
        case ("scale", "PUT"):
            let sent = try RequestBody.object(request.body, kind: "Scale", groupVersions: ["autoscaling/v1"])
            return .json(try registry.updateScale(target, sent, isDryRun: isDryRun))
        case ("scale", "PATCH"):
            let patch = try PatchRequest(
                contentType: request.contentType, body: request.body, fieldManager: request.query["fieldManager"])
            let patched = try patch.apply(to: try registry.scale(target))
            return .json(try registry.updateScale(target, patched, isDryRun: isDryRun))
        case ("log", "GET"):
            _ = try registry.stored(target)
            throw .noSuchPath
        default: throw .methodNotAllowed
        }
    }

    private func review(
        _ request: APIRequest, _ target: ResourceTarget, _ account: Account
    ) throws(APIFailure) -> APIAnswer {
        guard request.method == "POST" else { throw .methodNotAllowed }
        var json = try body(request, target)
        if json["metadata"].isNull { json["metadata"] = .emptyObject }
        if target.resource.kind == "SelfSubjectReview" {
            json["status"] = ["userInfo": ["username": .string(account.user), "groups": .strings(account.groups)]]
            return .json(json, code: 201)
        }
        if target.resource.kind == "SelfSubjectRulesReview" {
            json["status"] = try account.rules(in: json["spec"]["namespace"].string ?? "")
            return .json(json, code: 201)
        }
        let asked = json["spec"]["resourceAttributes"]
        let subresource = asked["subresource"].string.flatMap { $0.isEmpty ? nil : "/\($0)" } ?? ""
        let allowed = account.permits(
            Account.Request(
                verb: asked["verb"].string ?? "get", group: asked["group"].string ?? "",
                resource: (asked["resource"].string ?? "*") + subresource, namespace: asked["namespace"].string ?? "",
                name: asked["name"].string ?? ""))
        json["status"] = ["allowed": .bool(allowed)]
        return .json(json, code: 201)
    }
}
