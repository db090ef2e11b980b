/// Markup with values in it, written as a string literal.
///
/// ```swift
/// let greeting: HTML = "<p class=\"\(kind)\">Hello, \(name)!</p>"
/// ```
///
/// What stands in the literal is markup, known when the program is compiled. What stands in an interpolation is a value: it is escaped for the place in
/// which it is, and can't become markup. A `String` is no `HTML`, and there is no conversion; ``init(unsafeRaw:)`` is the one way around that.
///
/// An `HTML` is cheap to make and to throw away: a view makes all of its markup anew for each change, and ``RenderedView`` finds what is different.
public struct HTML: Sendable {
    /// What was written, in its order. The last part has the literal behind the last value.
    @usableFromInline let parts: Parts

    @inlinable
    init(parts: Parts) {
        self.parts = parts
    }

    /// Nothing.
    public init() {
        parts = Parts.none
    }

    /// Markup from a string that you vouch for: it is neither escaped nor checked, and whoever wrote it can run scripts in the browser of who sees it.
    ///
    /// It is inserted as it is, so its elements must be closed. A change of it sends all of it again.
    public init(unsafeRaw markup: String) {
        var interpolation = StringInterpolation(literalCapacity: 0, interpolationCount: 1)
        interpolation.appendInterpolation(unsafeRaw: markup)
        self.init(stringInterpolation: interpolation)
    }

    /// Whether it is ``init()``.
    var isEmpty: Bool { parts.isEmpty }
}

extension HTML: ExpressibleByStringInterpolation {
    /// Markup without values.
    @inlinable
    public init(stringLiteral markup: StaticString) {
        var interpolation = StringInterpolation(literalCapacity: 0, interpolationCount: 0)
        interpolation.appendLiteral(markup)
        self.init(stringInterpolation: interpolation)
    }

    /// Markup with values.
    @inlinable @inline(__always)
    public init(stringInterpolation: consuming StringInterpolation) {
        self.init(parts: stringInterpolation.finished())
    }
}
