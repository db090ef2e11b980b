// Strategy: one pass over memory that somebody else holds, with an index that is compared with the end before each load. At the end there is a
// NUL, which no JSON has outside of a string. Nesting is kept in the bits of a word, so that no input can make us recurse.

/// Reads JSON by its grammar (RFC 8259), a token or a whole value at a time.
struct JSONScanner {
    private let base: UnsafePointer<UInt8>?
    let end: Int
    private(set) var position = 0
    /// How many bytes of whitespace were passed over.
    private(set) var whitespace = 0
    /// Whether a newline is whitespace. Between the messages of a batch it is not: it ends one.
    let allowsNewlines: Bool

    init(_ memory: UnsafeRawBufferPointer, allowsNewlines: Bool) {
        base = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        end = memory.count
        self.allowsNewlines = allowsNewlines
    }

    var isAtEnd: Bool { position >= end }

    /// The byte here; 0 at the end.
    @inline(__always)
    var byte: UInt8 { self[position] }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        guard let base, index >= 0, index < end else { return 0 }
        return base[index]
    }

    /// The bytes of a range that lies within what is scanned; none if it does not.
    @inline(__always)
    func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        guard let base, range.lowerBound >= 0, range.upperBound <= end else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    @inline(__always)
    mutating func advance() { position &+= 1 }

    mutating func move(to index: Int) { position = max(index, 0) }

    @inline(__always)
    func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a && allowsNewlines
    }

    @inline(__always)
    mutating func skipWhitespace() {
        guard byte <= 0x20 else { return }
        let start = position
        while isWhitespace(byte) { advance() }
        whitespace &+= position &- start
    }

    /// Passes over this byte and what whitespace comes before it, if it is the next.
    @inline(__always)
    mutating func take(_ expected: UInt8) -> Bool {
        skipWhitespace()
        guard byte == expected else { return false }
        advance()
        return true
    }

    mutating func takeNull() -> Bool {
        skipWhitespace()
        guard byte == UInt8(ascii: "n"), self[position &+ 1] == UInt8(ascii: "u"), self[position &+ 2] == UInt8(ascii: "l"),
            self[position &+ 3] == UInt8(ascii: "l")
        else { return false }
        position &+= 4
        return true
    }

    mutating func bool() throws(DecodingFault) -> Bool {
        skipWhitespace()
        switch byte {
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        default: throw .wrongType
        }
        return self[position &- 2] == UInt8(ascii: "u")
    }

    private mutating func literal(_ text: StaticString) throws(DecodingFault) {
        for index in 0..<text.utf8CodeUnitCount {
            guard self[position &+ index] == text.utf8Start[index] else { throw .notJSON }
        }
        position &+= text.utf8CodeUnitCount
    }
}

// MARK: - Numbers (RFC 8259 §6)

extension JSONScanner {
    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// An integer: its size and its sign. A fraction or an exponent makes it none, whatever its value.
    mutating func integer() throws(DecodingFault) -> (magnitude: UInt64, isNegative: Bool) {
        skipWhitespace()
        let isNegative = byte == UInt8(ascii: "-")
        if isNegative { advance() }
        guard Self.isDigit(byte) else { throw isNegative ? .badNumber : .wrongType }
        if byte == UInt8(ascii: "0"), Self.isDigit(self[position &+ 1]) { throw .badNumber }
        var magnitude: UInt64 = 0
        while Self.isDigit(byte) {
            let (product, overflows) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carries) = product.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
            guard !overflows, !carries else { throw .outOfRange }
            magnitude = sum
            advance()
        }
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): throw .outOfRange
        default: return (magnitude, isNegative)
        }
    }

    /// Any number, by its grammar alone: `1e400` is one.
    private mutating func skipNumber() throws(DecodingFault) {
        if byte == UInt8(ascii: "-") { advance() }
        if byte == UInt8(ascii: "0"), Self.isDigit(self[position &+ 1]) { throw .badNumber }
        try skipDigits()
        if byte == UInt8(ascii: ".") {
            advance()
            try skipDigits()
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            advance()
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { advance() }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(DecodingFault) {
        guard Self.isDigit(byte) else { throw .badNumber }
        while Self.isDigit(byte) { advance() }
    }
}

// MARK: - Strings (RFC 8259 §7)

/// What a string holds, as it was found.
struct JSONStringToken {
    /// Without the quotes.
    var range: Range<Int>
    var hasEscapes: Bool
}

extension JSONScanner {
    /// A string, up to its closing quote. Its escapes and its UTF-8 are right.
    mutating func stringToken() throws(DecodingFault) -> JSONStringToken {
        guard byte == UInt8(ascii: "\"") else { throw .wrongType }
        advance()
        let start = position
        var hasEscapes = false
        while true {
            skipPlain()
            let byte = byte
            switch byte {
            case UInt8(ascii: "\""):
                defer { advance() }
                return JSONStringToken(range: start..<position, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                _ = try escape()
            case 0x80...:
                try skipMultiByte()
            default:
                throw position >= end ? .badString : .controlCharacter
            }
        }
    }

    /// Passes over ASCII that stands for itself, eight bytes at a time.
    @inline(__always)
    private mutating func skipPlain() {
        guard let base else { return }
        while position &+ 8 <= end {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
            let special = Self.specialBytes(word)
            guard special == 0 else {
                position &+= special.trailingZeroBitCount >> 3
                return
            }
            position &+= 8
        }
        while position < end, Self.isPlain(base[position]) { position &+= 1 }
    }

    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// The high bit of each byte that is a quote, a backslash, a control character or no ASCII. Above the first such byte others may be set too.
    @inline(__always)
    static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = (word ^ ones &* 0x22) &- ones
        let backslashes = (word ^ ones &* 0x5c) &- ones
        let controls = word &- ones &* 0x20
        return (quotes | backslashes | controls | word) & (ones &* 0x80)
    }

    /// An escape, from its backslash on: what it stands for. A surrogate must have its other half (§8.2).
    mutating func escape() throws(DecodingFault) -> Unicode.Scalar {
        advance()
        let byte = byte
        advance()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw .badEscape
        }
    }

    private mutating func unicodeEscape() throws(DecodingFault) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, byte == UInt8(ascii: "\\"), self[position &+ 1] == UInt8(ascii: "u") else { throw .loneSurrogate }
        position &+= 2
        let second = try fourHexDigits()
        guard second & 0xfc00 == 0xdc00, let scalar = Unicode.Scalar(0x10000 &+ (first & 0x3ff) << 10 | second & 0x3ff) else {
            throw .loneSurrogate
        }
        return scalar
    }

    private mutating func fourHexDigits() throws(DecodingFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte &- UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte & 0x0f &+ 9)
            default: throw .badEscape
            }
            advance()
        }
        return value
    }

    /// A character of two to four bytes.
    private mutating func skipMultiByte() throws(DecodingFault) {
        let length = UTF8Text.length(byte, self[position &+ 1], self[position &+ 2], self[position &+ 3])
        guard length > 0 else { throw .notUTF8 }
        position &+= length
    }
}

// MARK: - Whole values

extension JSONScanner {
    /// A value of any kind, nested no deeper than `maxDepth` (at most 64). Returns whether it has whitespace, which it could do without.
    mutating func skipValue(maxDepth: Int) throws(DecodingFault) -> Bool {
        let earlier = whitespace
        var nesting = Nesting(maxDepth: maxDepth)
        while true {
            skipWhitespace()
            if try skipOneToken(&nesting) { continue }
            // A value has ended; perhaps it was the last of what holds it.
            while true {
                guard nesting.depth > 0 else { return whitespace != earlier }
                skipWhitespace()
                if byte == UInt8(ascii: ",") {
                    advance()
                    if nesting.isInObject { try skipName() }
                    break
                }
                guard byte == (nesting.isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .notJSON }
                advance()
                nesting.pop()
            }
        }
    }

    /// A scalar, an empty container, or the opening of one that has something: then it is true.
    @inline(__always)
    private mutating func skipOneToken(_ nesting: inout Nesting) throws(DecodingFault) -> Bool {
        switch byte {
        case UInt8(ascii: "\""): _ = try stringToken()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
        case UInt8(ascii: "{"): return try open(&nesting, isObject: true)
        case UInt8(ascii: "["): return try open(&nesting, isObject: false)
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: throw .notJSON
        }
        return false
    }

    private mutating func open(_ nesting: inout Nesting, isObject: Bool) throws(DecodingFault) -> Bool {
        try nesting.push(isObject: isObject)
        advance()
        skipWhitespace()
        if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            advance()
            nesting.pop()
            return false
        }
        if isObject { try skipName() }
        return true
    }

    /// The name of a member and its colon.
    private mutating func skipName() throws(DecodingFault) {
        skipWhitespace()
        guard byte == UInt8(ascii: "\"") else { throw .notJSON }
        _ = try stringToken()
        guard take(UInt8(ascii: ":")) else { throw .notJSON }
    }

    /// What holds the value that is read: a bit for each level, set for an object.
    private struct Nesting {
        let maxDepth: Int
        private(set) var depth = 0
        private var objects: UInt64 = 0

        init(maxDepth: Int) { self.maxDepth = min(maxDepth, 64) }

        var isInObject: Bool { objects & 1 == 1 }

        mutating func push(isObject: Bool) throws(DecodingFault) {
            guard depth < maxDepth else { throw .depth }
            depth &+= 1
            objects = objects << 1 | (isObject ? 1 : 0)
        }

        mutating func pop() {
            depth &-= 1
            objects >>= 1
        }
    }
}
