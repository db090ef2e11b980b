extension HTML {
    /// What a literal of ``HTML`` is put together from.
    ///
    /// Other modules can add interpolations of their own as extensions, from those that are here and ``appendLiteral(_:)``.
    public struct StringInterpolation: StringInterpolationProtocol {
        /// Markup is known when the program is compiled.
        public typealias StringLiteralType = StaticString

        @usableFromInline var storage: PartStorage
        // Where the storage has them: to ask it each time would count as a use of it.
        @usableFromInline var header: UnsafeMutablePointer<PartStorage.Header>
        @usableFromInline var parts: UnsafeMutablePointer<Part>
        /// How many parts of the storage are this interpolation's.
        @usableFromInline var count = 0
        @usableFromInline var literal = Literal()

        @inlinable @inline(__always)
        public init(literalCapacity: Int, interpolationCount: Int) {
            storage = PartStorage.make(capacity: interpolationCount &+ 1)
            (header, parts) = storage.withUnsafeMutablePointers { ($0, $1) }
        }

        /// Appends markup.
        @inlinable @inline(__always)
        public mutating func appendLiteral(_ markup: StaticString) {
            let next = Literal(markup)
            guard next.count > 0 else { return }
            if literal.count > 0 { append(.joint) }
            literal = next
        }

        @inlinable @inline(__always)
        mutating func append(_ kind: Part.Kind, text: String = "", number: Int = 0, object: AnyObject? = nil) {
            // If there are more parts than this one has written, it is a copy, and another has gone on.
            if header.pointee.count != count || header.pointee.capacity == count { grow() }
            (parts + count).initialize(to: Part(literal, kind, text: text, number: number, object: object))
            count &+= 1
            header.pointee.count = count
            literal = Literal()
        }

        /// Room for more, in memory of its own.
        @usableFromInline
        mutating func grow() {
            storage = storage.grown(from: count)
            (header, parts) = storage.withUnsafeMutablePointers { ($0, $1) }
        }

        /// As if what is in this markup had been written here.
        mutating func appendParts(of html: HTML) {
            for part in html.parts {
                if part.literal.count > 0 && literal.count > 0 { append(.joint) }
                if part.literal.count > 0 { literal = part.literal }
                if part.kind != .end && part.kind != .joint { append(part.kind, text: part.text, number: part.number, object: part.object) }
            }
        }

        /// The parts so far, and the literal behind them.
        @inlinable @inline(__always)
        consuming func finished() -> Parts {
            append(.end)
            return Parts(storage: storage, count: count)
        }
    }
}

extension HTML.StringInterpolation {
    /// Inserts a text.
    @inlinable
    @_disfavoredOverload
    @inline(__always)
    public mutating func appendInterpolation(_ text: String) {
        append(.text, text: text)
    }

    /// Inserts a text, or nothing. As a whole attribute, `title=\(tip)`, it is one that is absent without a text.
    @inlinable
    @_disfavoredOverload
    public mutating func appendInterpolation(_ text: String?) {
        append(.optional, text: text ?? "", number: text == nil ? 0 : 1)
    }

    /// Inserts what describes the value, as a text.
    @inlinable
    @_disfavoredOverload
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
        append(.text, text: value.description)
    }

    /// Inserts what describes the value, as a text, or nothing.
    @inlinable
    @_disfavoredOverload
    public mutating func appendInterpolation(_ value: (some CustomStringConvertible)?) {
        appendInterpolation(value?.description)
    }

    /// Inserts a number.
    @inlinable
    @inline(__always)
    public mutating func appendInterpolation(_ number: Int) {
        append(.integer, number: number)
    }

    /// Inserts a number, or nothing.
    @inlinable
    public mutating func appendInterpolation(_ number: Int?) {
        appendInterpolation(number?.description)
    }

    /// As a whole attribute, `disabled=\(isBusy)`, decides whether it is there. Elsewhere inserts `true` or `false`.
    @inlinable
    public mutating func appendInterpolation(_ flag: Bool) {
        append(.flag, number: flag ? 1 : 0)
    }

    /// Inserts markup.
    ///
    /// In an attribute, where markup has no meaning, it is the text that was written: `class="\(isNew ? "new" : "")"`.
    @inlinable
    public mutating func appendInterpolation(_ markup: HTML) {
        append(.markup, number: markup.parts.count, object: markup.parts.storage)
    }

    /// Inserts markup, or nothing.
    @inlinable
    public mutating func appendInterpolation(_ markup: HTML?) {
        appendInterpolation(markup ?? HTML())
    }

    /// Inserts markup under a condition: `\(if: rows.isEmpty, "<p>Nothing here.</p>")`. What is not wanted is not made.
    @inlinable
    public mutating func appendInterpolation(
        if condition: Bool, _ markup: @autoclosure () -> HTML, else other: @autoclosure () -> HTML? = nil
    ) {
        appendInterpolation(condition ? markup() : other())
    }

    /// Inserts the markup of a component.
    @inlinable
    public mutating func appendInterpolation(_ component: some HTMLComponent) {
        appendInterpolation(component.body)
    }

    /// Inserts markup from a string that you vouch for; see ``HTML/init(unsafeRaw:)``.
    @inlinable
    public mutating func appendInterpolation(unsafeRaw markup: String) {
        append(.raw, text: markup)
    }

    /// The place of another view of the same page, by the number that it has there; 0 for none. What that view renders is its own.
    @inlinable
    public mutating func appendInterpolation(view number: Int) {
        append(.view, number: number)
    }
}

/// A piece of a page that is made of values: what it was given says what it looks like.
///
/// ```swift
/// struct Badge: HTMLComponent {
///     let count: Int
///     var body: HTML { "<b class=\"badge\">\(count)</b>" }
/// }
/// let inbox: HTML = "<p>Inbox \(Badge(count: 3))</p>"
/// ```
public protocol HTMLComponent {
    /// Its markup.
    var body: HTML { get }
}
