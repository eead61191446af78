public import FleetModel

/// An expression of `when:` or between `{{` and `}}`: a small, strict part of Jinja.
public struct Expression: Hashable, Sendable {
    /// What the expression does.
    public indirect enum Node: Hashable, Sendable {
        case literal(VariableValue)
        case list([Expression])
        case name(String)
        case attribute(Expression, String)
        case index(Expression, Expression)
        case filter(Expression, name: String, arguments: [Expression])
        case test(Expression, name: String, arguments: [Expression], isNegated: Bool)
        case not(Expression)
        case negative(Expression)
        case binary(Operator, Expression, Expression)
        case conditional(Expression, then: Expression, otherwise: Expression?)
    }

    /// Operators between two expressions.
    public enum Operator: String, Hashable, Sendable {
        case or, and
        case isIn = "in"
        case isNotIn = "not in"
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case plus = "+"
        case minus = "-"
        case concatenation = "~"
        case times = "*"
        case divide = "/"
        case floorDivide = "//"
        case remainder = "%"
    }

    /// What it does.
    public let node: Node
    /// Where it begins.
    public let location: SourceLocation

    init(_ node: Node, at location: SourceLocation) {
        self.node = node
        self.location = location
    }

    /// Reads a whole text as one expression.
    public init(parsing scalar: LocatedScalar) throws(Diagnostic) {
        var parser = ExpressionParser(scalar, from: scalar.text.startIndex)
        self = try parser.parse()
        try parser.expectEnd()
    }
}
