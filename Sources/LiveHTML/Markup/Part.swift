/// A value, and the literal that stands before it.
struct Part: Sendable {
    let literal: Literal
    let kind: Kind
    let value: Value

    init(_ literal: Literal, _ kind: Kind, _ value: Value) {
        self.literal = literal
        self.kind = kind
        self.value = value
    }

    /// What an interpolation can have as its value. It follows from the types at the place where it is written, so it belongs to the template.
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
struct Literal: Sendable, Equatable {
    /// An address and not a pointer, which would not be Sendable. It stays valid as long as the program runs.
    private let address: UInt
    let count: Int

    /// An empty one.
    init() {
        self.init(address: 0, count: 0)
    }

    init(_ literal: StaticString) {
        // A string literal always has a pointer; a `StaticString` made by hand of one scalar has none, and says nothing here.
        guard literal.hasPointerRepresentation, literal.utf8CodeUnitCount > 0 else {
            self.init()
            return
        }
        self.init(address: UInt(bitPattern: literal.utf8Start), count: literal.utf8CodeUnitCount)
    }

    private init(address: UInt, count: Int) {
        self.address = address
        self.count = count
    }

    var bytes: [UInt8] {
        Array(UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: address), count: count))
    }

    /// Different for different literals, as far as 64 bits go.
    var identity: UInt64 { UInt64(address) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(count) }
}
