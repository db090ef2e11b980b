/// A value, and the literal that stands before it.
///
/// What a value consists of are fields and not an enumeration: most are texts, and to copy or free an enumeration takes a function that asks which it is.
@usableFromInline
@frozen
struct Part {
    @usableFromInline let address: UInt
    /// The count of the literal and the kind of the value, together: most often they are compared with another's.
    @usableFromInline let form: UInt64
    /// Of a text.
    @usableFromInline let text: String
    /// The integer; of a flag whether it is set, of what is optional whether it is there, of markup how many parts it has.
    @usableFromInline let number: Int
    /// What markup and rows are kept in.
    @usableFromInline let object: AnyObject?

    @inlinable @inline(__always)
    init(_ literal: Literal, _ kind: Kind, text: String = "", number: Int = 0, object: AnyObject? = nil) {
        address = literal.address
        form = UInt64(literal.count) << 8 | UInt64(kind.rawValue)
        self.text = text
        self.number = number
        self.object = object
    }

    var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: form)) ?? .end }

    var literal: Literal { Literal(address: address, count: UInt32(truncatingIfNeeded: form >> 8)) }

    /// What an interpolation can have as its value. It follows from the types at the place where it is written, so it belongs to the template.
    @usableFromInline
    @frozen
    enum Kind: UInt8, Sendable {
        /// No value: the next literal follows.
        case joint
        /// No value: the end.
        case end
        case integer
        case flag
        case view
        // From here on there is something to be freed.
        case text
        /// A text, or nothing.
        case optional
        case raw
        case markup
        case rows
        /// Rows of which only what happens to them is known.
        case changes
    }

    /// Whether it is more than a joint or the end.
    var hasValue: Bool { UInt8(truncatingIfNeeded: form) > Kind.end.rawValue }

    /// Whether what is to be freed is an object; of a text that is in no use there is nothing to be freed then.
    var hasObject: Bool { UInt8(truncatingIfNeeded: form) >= Kind.markup.rawValue }

    /// Whether there is nothing to be freed.
    var isTrivial: Bool { UInt8(truncatingIfNeeded: form) < Kind.text.rawValue }
}

extension Part {
    enum Value {
        case none
        case text(String)
        case integer(Int)
        case flag(Bool)
        case markup(HTML)
        case rows(HTMLRows)
        case changes(RowChanges)
    }

    /// What the fields mean.
    var value: Value {
        switch kind {
        case .joint, .end: .none
        case .integer, .view: .integer(number)
        case .flag: .flag(number != 0)
        case .text, .raw: .text(text)
        case .optional: number != 0 ? .text(text) : .none
        case .markup: object.map { .markup(HTML(parts: Parts(storage: unsafeDowncast($0, to: PartStorage.self), count: number))) } ?? .none
        case .rows: object.map { .rows(unsafeDowncast($0, to: HTMLRows.self)) } ?? .none
        case .changes: object.map { .changes(unsafeDowncast($0, to: RowChanges.self)) } ?? .none
        }
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
