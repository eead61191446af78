public import FleetModel

/// One page of a list.
public struct ObjectList: Hashable, Sendable {
    /// The version of the whole list: where a watch goes on.
    public var resourceVersion: String
    /// The token of the next page; empty on the last one.
    public var continueToken: String
    /// The objects of the kinds that fleet looks at.
    public var objects: [ClusterObject]

    /// Keys that are left out when reading: large, and of no interest to fleet.
    public static let skippedKeys: Set<String> = ["managedFields"]

    /// Decodes the answer to a list request.
    ///
    /// - Parameters:
    ///   - bytes: a `PodList` and the like, or a `List` of mixed kinds.
    ///   - kind: the kind of the items where they do not state their own.
    public init(decoding bytes: some Sequence<UInt8>, kind: String? = nil) throws(WireFormatError) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes, skipping: Self.skippedKeys)
        } catch {
            throw WireFormatError("the list is no JSON: \(error)")
        }
        try self.init(json, kind: kind)
    }

    /// Reads a parsed list.
    public init(_ json: JSONValue, kind: String? = nil) throws(WireFormatError) {
        let listKind = json["kind"].string ?? ""
        guard json["items"].array != nil || (listKind.hasSuffix("List") && json["items"].isNull) else {
            throw WireFormatError("a list was expected, not \(listKind.isEmpty ? "this" : listKind)")
        }
        resourceVersion = json["metadata"]["resourceVersion"].string ?? ""
        continueToken = json["metadata"]["continue"].string ?? ""
        let itemKind = kind ?? (listKind == "List" ? nil : String(listKind.dropLast("List".count)))
        objects = []
        objects.reserveCapacity(json["items"].elements.count)
        for item in json["items"].elements {
            let object = try ClusterObject(item, kind: item["kind"].string ?? itemKind)
            if let object { objects.append(object) }
        }
    }
}

extension ClusterSnapshot {
    /// Reads what `kubectl get … -o json` prints: a List of mixed kinds, one kind's list, or a single object.
    ///
    /// The cluster's UID comes from namespace `kube-system`, if it is there.
    public init(decodingKubectlOutput bytes: some Sequence<UInt8>) throws(WireFormatError) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes, skipping: ObjectList.skippedKeys)
        } catch {
            throw WireFormatError("not JSON: \(error)")
        }
        try self.init(kubectlOutput: json)
    }

    init(kubectlOutput json: JSONValue) throws(WireFormatError) {
        self.init()
        let isList = json["items"].array != nil
        let items = isList ? json["items"].elements : [json]
        let listKind = json["kind"].string ?? ""
        let itemKind = isList && listKind != "List" ? String(listKind.dropLast("List".count)) : nil
        for item in items {
            if let object = try ClusterObject(item, kind: item["kind"].string ?? itemKind) { add(object) }
            guard item["kind"].string ?? itemKind == "Namespace" else { continue }
            let metadata = try ObjectMetadata(item, kind: "Namespace")
            if metadata.name == "kube-system" { clusterUID = metadata.uid }
        }
    }
}
