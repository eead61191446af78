import FleetWire

extension SimulatedAPI {
    /// Discovery, version, health and OpenAPI.
    func document(
        _ request: APIRequest, _ target: RequestTarget, _ account: Account
    ) throws(APIFailure) -> APIAnswer {
        guard request.method == "GET" || request.method == "HEAD" else { throw .methodNotAllowed }
        switch target {
        case .health: return .text("ok")
        case .version: return .json(Discovery.version)
        case .coreVersions: return discovery(request, core: true)
        case .groups: return discovery(request, core: false)
        case .group(let name): return try found(Discovery.group(name))
        case .resources(let group, let version): return try found(Discovery.resources(group: group, version: version))
        case .openAPI(["v2"]): return openAPIVersion2
        case .openAPI(let path): return try found(OpenAPI.document(path))
        case .resource, .unknown: throw .noSuchPath
        }
    }

    private func discovery(_ request: APIRequest, core: Bool) -> APIAnswer {
        guard AggregatedDiscovery.isAccepted(request.accept) else {
            return .json(core ? Discovery.coreVersions(address: address) : Discovery.groups)
        }
        var answer = APIAnswer.json(AggregatedDiscovery.document(core: core))
        answer.contentType = AggregatedDiscovery.mediaType
        return answer
    }

    private var openAPIVersion2: APIAnswer {
        var answer = APIAnswer(.bytes(OpenAPIVersion2.document))
        answer.contentType = OpenAPIVersion2.mediaType
        return answer
    }

    private func found(_ document: JSONValue?) throws(APIFailure) -> APIAnswer {
        guard let document else { throw .noSuchPath }
        return .json(document)
    }
}
