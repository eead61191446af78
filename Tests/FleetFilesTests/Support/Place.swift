import FleetExpressions

/// Swift Testing has a `SourceLocation` of its own.
typealias Place = FleetExpressions.SourceLocation
