import FleetModel
import FleetWire

/// `meta.k8s.io/v1` Tables, which kubectl get prints (`pkg/printers/internalversion/printers.go`).
enum Table {
    /// A column's definition.
    struct Column: Sendable {
        let name: String
        let type: String
        let isWide: Bool
        let description: String

        init(_ name: String, type: String = "string", wide: Bool = false, _ description: String = "") {
            self.name = name
            self.type = type
            self.isWide = wide
            self.description = description
        }

        var json: JSONValue {
            [
                "name": .string(name), "type": .string(type), "format": name == "Name" ? "name" : "",
                "description": .string(description.isEmpty ? name : description), "priority": isWide ? 1 : 0,
            ]
        }
    }

    /// What of each object goes into its row's `object`.
    enum Included: String, Sendable {
        case metadata = "Metadata"
        case object = "Object"
        case none = "None"
    }

    /// A Table of objects.
    ///
    /// - Parameter header: whether column definitions are given; a watch gives them with its first event only.
    static func json(
        _ objects: [JSONValue], _ resource: APIResource, metadata: JSONValue, include: Included, header: Bool = true,
        now: Instant
    ) -> JSONValue {
        let printer = TablePrinters.printer(resource)
        let rows = objects.map { object -> JSONValue in
            var row: JSONValue = ["cells": .array(printer.cells(object, now))]
            if let shown = shown(object, include) { row["object"] = shown }
            return row
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": header ? .array(printer.columns.map(\.json)) : .null, "rows": .array(rows),
        ]
    }

    private static func shown(_ object: JSONValue, _ include: Included) -> JSONValue? {
        switch include {
        case .metadata: partialMetadata(object)
        case .object: object
        case .none: nil
        }
    }

    /// The object's metadata as a PartialObjectMetadata.
    static func partialMetadata(_ object: JSONValue) -> JSONValue {
        ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]]
    }
}
