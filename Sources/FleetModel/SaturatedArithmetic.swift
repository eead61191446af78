/// Arithmetic on numbers that others wrote: what no longer fits stays at the end of the range, and nothing traps.
extension Int64 {
    /// The sum, or the end of the range that it would pass.
    @inlinable public func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the end of the range that it would pass.
    @inlinable public func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflows) = subtractingReportingOverflow(other)
        return overflows ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the end of the range that it would pass.
    @inlinable public func multipliedSaturated(by other: Int64) -> Int64 {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        return overflows ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
