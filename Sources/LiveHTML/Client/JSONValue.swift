/// As much of JSON as the protocol has: whole numbers, and objects of one member.
enum JSONValue: Hashable {
    case null
    case flag(Bool)
    case number(Int)
    case text(String)
    case array([JSONValue])
    indirect case object(name: String, value: JSONValue)

    init(_ bytes: [UInt8]) throws(ClientError) {
        var reader = JSONValueReader(bytes)
        self = try reader.value()
        guard reader.isAtEnd else { throw .rest }
    }
}

private struct JSONValueReader {
    private var rest: ArraySlice<UInt8>
    private var depth = 0

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func expect(_ text: StaticString) throws(ClientError) {
        let matches = text.withUTF8Buffer { rest.starts(with: $0) }
        guard matches else { throw .syntax }
        rest = rest.dropFirst(text.utf8CodeUnitCount)
    }

    mutating func value() throws(ClientError) -> JSONValue {
        depth &+= 1
        defer { depth &-= 1 }
        guard depth <= 1024 else { throw .depth }
        switch rest.first {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        case UInt8(ascii: "t"):
            try expect("true")
            return .flag(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .flag(false)
        default: return .number(try number())
        }
    }

    private mutating func array() throws(ClientError) -> [JSONValue] {
        try expect("[")
        var values: [JSONValue] = []
        if skip(UInt8(ascii: "]")) { return values }
        repeat { values.append(try value()) } while skip(UInt8(ascii: ","))
        try expect("]")
        return values
    }

    private mutating func object() throws(ClientError) -> JSONValue {
        try expect("{")
        let name = try string()
        try expect(":")
        let value = try value()
        try expect("}")
        return .object(name: name, value: value)
    }

    private mutating func number() throws(ClientError) -> Int {
        let digits = rest.prefix { $0 == UInt8(ascii: "-") || $0.isDigit }
        guard let number = Int(String(decoding: digits, as: UTF8.self)) else { throw .syntax }
        rest = rest.dropFirst(digits.count)
        return number
    }

    private mutating func string() throws(ClientError) -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: bytes, as: UTF8.self) else { throw .syntax }
                return text
            case UInt8(ascii: "\\"): bytes += try escape()
            case ..<0x20: throw .syntax
            default: bytes.append(byte)
            }
        }
        throw .syntax
    }

    /// Those that a server of ours writes; it has no need of surrogates.
    private mutating func escape() throws(ClientError) -> [UInt8] {
        switch rest.popFirst() {
        case UInt8(ascii: "\""): return [UInt8(ascii: "\"")]
        case UInt8(ascii: "\\"): return [UInt8(ascii: "\\")]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "u"):
            let digits = rest.prefix(4)
            rest = rest.dropFirst(4)
            guard digits.count == 4, let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(number)
            else { throw .syntax }
            return Array(String(Character(scalar)).utf8)
        default: throw .syntax
        }
    }
}
