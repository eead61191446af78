/// `/openapi/v2` as kubectl reads it: a protobuf document in which PATCH of each kind knows `fieldValidation`.
///
/// kubectl asks it before it creates or applies; without the document it refuses, unless told `--validate=false`.
/// Field numbers are those of gnostic's `OpenAPIv2.proto`.
enum OpenAPIVersion2 {
    /// The media type of the document; clients ask for it with an `@` before the version, which no media type may have.
    static let mediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    /// The document's bytes.
    static let document: [UInt8] = {
        let info = text(1, "Kubernetes") + text(2, "v1.36.0")
        let paths = ResourceCatalog.resources.filter { !$0.isCreateOnly }.flatMap { message(2, path($0)) }
        return text(1, "2.0") + message(2, info) + message(8, paths)
    }()

    private static func path(_ resource: APIResource) -> [UInt8] {
        let prefix = resource.group.isEmpty ? "/api/\(resource.version)" : "/apis/\(resource.groupVersion)"
        return text(1, "\(prefix)/\(resource.name)/{name}") + message(2, message(8, operation(resource)))
    }

    private static func operation(_ resource: APIResource) -> [UInt8] {
        let parameters = ["dryRun", "fieldManager", "fieldValidation"].flatMap { message(8, parameter($0)) }
        let kind = "group: \"\(resource.group)\"\nkind: \(resource.kind)\nversion: \(resource.version)\n"
        let extensionValue = text(1, "x-kubernetes-group-version-kind") + message(2, text(2, kind))
        return text(5, "patch\(resource.kind)") + parameters + message(13, extensionValue)
    }

    /// A parameter of the query: ParametersItem, Parameter, NonBodyParameter, QueryParameterSubSchema.
    private static func parameter(_ name: String) -> [UInt8] {
        message(1, message(2, message(3, text(2, "query") + text(4, name) + text(6, "string"))))
    }

    private static func text(_ field: UInt64, _ text: String) -> [UInt8] { message(field, Array(text.utf8)) }

    private static func message(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
