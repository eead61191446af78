/// Something a command answers with: text for people and one JSON document, of the same facts.
public protocol Report: Sendable {
    /// The JSON document's type.
    associatedtype Document: Encodable
    /// The JSON document, which names its schema and version.
    var document: Document { get }
    /// The text, without a line feed at its end.
    func text(_ style: TextStyle) -> String
}
