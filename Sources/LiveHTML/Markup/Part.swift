/// A value, and the literal that stands before it.
@usableFromInline
@frozen
struct Part: Sendable {
    @usableFromInline let address: UInt
    /// The count of the literal and the kind of the value, together: most often they are compared with another's.
    @usableFromInline let form: UInt64
    @usableFromInline let value: Value

    @inlinable @inline(__always)
    init(_ literal: Literal, _ kind: Kind, _ value: Value) {
        address = literal.address
        form = UInt64(literal.count) << 8 | UInt64(kind.rawValue)
        self.value = value
    }

    @usableFromInline var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: form)) ?? .end }

    @usableFromInline var literal: Literal { Literal(address: address, count: UInt32(truncatingIfNeeded: form >> 8)) }

    /// Whether there is something to be freed.
    var isTrivial: Bool {
        switch value {
        case .none, .integer, .flag: true
        case .text, .markup, .rows: false
        }
    }

    /// What an interpolation can have as its value. It follows from the types at the place where it is written, so it belongs to the template.
    @usableFromInline
    @frozen
    enum Kind: UInt8, Sendable {
        /// No value: the next literal follows.
        case joint
        /// No value: the end.
        case end
        case text
        case integer
        /// A text, an integer or nothing.
        case optional
        case flag
        case markup
        case rows
        case raw
        case view
    }

    @usableFromInline
    @frozen
    enum Value: Sendable {
        case none
        case text(String)
        case integer(Int)
        case flag(Bool)
        case markup(HTML)
        case rows(HTMLRows)
    }
}

/// Where the compiler put a literal. The same place is the same text, so two literals are compared without a look at what they say.
@usableFromInline
@frozen
struct Literal: Sendable, Equatable {
    /// An address and not a pointer, which would not be Sendable. It stays valid as long as the program runs.
    @usableFromInline let address: UInt
    @usableFromInline let count: UInt32

    /// An empty one.
    @inlinable
    init() {
        address = 0
        count = 0
    }

    /// A string literal always has a pointer, and less than 4 GB. A `StaticString` made by hand of one scalar has none, and says nothing here.
    @inlinable
    init(_ literal: StaticString) {
        let isUsable = literal.hasPointerRepresentation && literal.utf8CodeUnitCount <= UInt32.max
        address = isUsable ? UInt(bitPattern: literal.utf8Start) : 0
        count = isUsable ? UInt32(truncatingIfNeeded: literal.utf8CodeUnitCount) : 0
    }

    @inlinable
    init(address: UInt, count: UInt32) {
        self.address = address
        self.count = count
    }

    var bytes: [UInt8] {
        Array(UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: address), count: Int(count)))
    }

    /// Different for different literals, as far as 64 bits go.
    var identity: UInt64 { UInt64(address) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(count) }
}
