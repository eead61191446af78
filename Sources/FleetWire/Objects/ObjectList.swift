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
    /// Reads what `kubectl get … -o json` prints, or fleet's own snapshot: a List of mixed kinds, one kind's list, or a
    /// single object.
    ///
    /// The cluster's UID comes from namespace `kube-system`, if it is there; the time from the document, else it is that
    /// of the youngest object.
    public init(decodingKubectlOutput bytes: some Sequence<UInt8>) throws(WireFormatError) {
        self.init()
        var failure: WireFormatError?
        // Items that do not state their kind: those of one kind's list, whose kind may come after them.
        var unnamed: [JSONValue] = []
        let document: JSONValue?
        do {
            document = try JSONValue.reading(itemsOf: bytes, skipping: ObjectList.skippedKeys) { item in
                if item["kind"].isNull { unnamed.append(item) } else { failure = take(item, kind: nil) }
                return failure == nil
            }
        } catch {
            throw WireFormatError("not JSON: \(error)")
        }
        if let failure { throw failure }
        guard let document else { return }
        let kind = document["kind"].string ?? ""
        if document["items"].isNull, !kind.hasSuffix("List") { unnamed.append(document) }
        for item in unnamed {
            if let failure = take(item, kind: kind.hasSuffix("List") ? String(kind.dropLast("List".count)) : nil) {
                throw failure
            }
        }
        serverVersion = document["serverVersion"].string ?? ""
        takenAt = document["takenAt"].string.flatMap(Timestamp.parse) ?? youngest
    }

    /// Adds one object; returns what is wrong with it.
    private mutating func take(_ item: JSONValue, kind: String?) -> WireFormatError? {
        do throws(WireFormatError) {
            if let object = try ClusterObject(item, kind: item["kind"].string ?? kind) { add(object) }
            guard item["kind"].string ?? kind == "Namespace" else { return nil }
            let metadata = try ObjectMetadata(item, kind: "Namespace")
            if metadata.name == "kube-system" { clusterUID = metadata.uid }
            return nil
        } catch {
            return error
        }
    }

    private var youngest: Instant {
        max(nodes.lazy.map(\.createdAt).max() ?? .epoch, pods.lazy.map(\.createdAt).max() ?? .epoch)
    }
}
