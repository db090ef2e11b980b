// Strategy: a length is compared with what is there before anything is made of it. Inside a message the end is that of the message, so nothing
// inside can reach beyond it.

import NIOCore

/// Reads messages of the protocol in Protobuf. Unknown fields are passed over, groups are refused.
struct ProtobufReader: FieldVisitor, BodyReader {
    private let base: UnsafePointer<UInt8>?
    /// What is read: payloads are slices of it.
    private let source: ByteBuffer
    private let limits: Wire.Limits
    private(set) var position: Int
    private var end: Int
    private var depth = 0
    private var elements: Int
    /// The field that is looked for, and how it was sent; 0 when it has taken the value.
    private var number: UInt64 = 0
    private var type = WireType.varint

    init(_ memory: UnsafeRawBufferPointer, of source: ByteBuffer, from position: Int, limits: Wire.Limits) {
        base = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        self.source = source
        self.limits = limits
        self.position = max(position, 0)
        end = memory.count
        elements = limits.maxElements
    }

    // MARK: Fields

    @inline(__always)
    mutating func scalar<Value: WireScalar>(
        _ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool
    ) throws(DecodingFault) {
        guard try take(number, Value.wireType) else { return }
        try value.read(protobuf: &self)
    }

    /// A message that comes in several parts is one message (Protobuf).
    @inline(__always)
    mutating func field<Value: WireMessage>(_ number: Int, _ name: StaticString, _ value: inout Value?) throws(DecodingFault) {
        guard try take(number, .lengthDelimited) else { return }
        var message = value ?? Value()
        try self.message(&message)
        value = message
    }

    @inline(__always)
    mutating func body<Body: WireBody>(_ body: inout Body?) throws(DecodingFault) { try Body.read(&body, &self) }

    @inline(__always)
    mutating func choice<Body, Message: WireMessage>(
        _ field: FieldName, _ body: inout Body?, _ wrap: (Message) -> Body
    ) throws(DecodingFault) {
        guard try take(field.number, .lengthDelimited) else { return }
        guard case .none = body else { throw .severalBodies }
        var message = Message()
        try self.message(&message)
        body = wrap(message)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(
        _ number: Int, _ name: StaticString, _ values: inout [Value], writesZero: Bool
    ) throws(DecodingFault) {
        guard try take(number, Value.wireType) else { return }
        var value = Value()
        try value.read(protobuf: &self)
        values.append(value)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [String: Value]) throws(DecodingFault) {
        guard try take(number, .lengthDelimited) else { return }
        var key = "", value = Value()
        try entry(&key, &value)
        values[key] = value
    }

    /// Whether this is the field that was found; then it has the value.
    @inline(__always)
    private mutating func take(_ number: Int, _ type: WireType) throws(DecodingFault) -> Bool {
        guard self.number == UInt64(truncatingIfNeeded: number) else { return false }
        guard self.type == type else { throw .wireType }
        self.number = 0
        return true
    }

    // MARK: Values

    /// A message after its length.
    mutating func message<Message: WireMessage>(_ message: inout Message) throws(DecodingFault) {
        let outer = try open()
        while position < end {
            try tag()
            try message.visit(&self)
            if number != 0 { try skip() }
        }
        close(outer)
    }

    /// An entry of a map is a message with the key in field 1 and the value in field 2.
    private mutating func entry<Value: WireValue>(_ key: inout String, _ value: inout Value) throws(DecodingFault) {
        let outer = try open()
        while position < end {
            try tag()
            if try take(1, .lengthDelimited) {
                try key.read(protobuf: &self)
            } else if try take(2, Value.wireType) {
                try value.read(protobuf: &self)
            } else {
                try skip()
            }
        }
        close(outer)
    }

    /// The end becomes that of the message whose length comes next. Returns the one before.
    @inline(__always)
    private mutating func open() throws(DecodingFault) -> Int {
        guard depth < limits.maxDepth else { throw .depth }
        let outer = end
        end = try length() &+ position
        depth &+= 1
        return outer
    }

    @inline(__always)
    private mutating func close(_ outer: Int) {
        depth &-= 1
        end = outer
    }

    /// A tag: the number of a field, and how long its value is.
    private mutating func tag() throws(DecodingFault) {
        guard elements > 0 else { throw .elements }
        elements &-= 1
        let tag = try varint()
        guard tag >> 3 != 0, tag <= UInt64(UInt32.max) else { throw .badTag }
        switch tag & 7 {
        case 0: type = .varint
        case 1: type = .eightBytes
        case 2: type = .lengthDelimited
        case 5: type = .fourBytes
        case 3, 4: throw .group
        default: throw .badTag
        }
        number = tag >> 3
    }

    /// Passes over the value of a field that we do not know.
    private mutating func skip() throws(DecodingFault) {
        number = 0
        switch type {
        case .varint: _ = try varint()
        case .eightBytes: try skip(8)
        case .fourBytes: try skip(4)
        case .lengthDelimited: try skip(try length())
        }
    }

    private mutating func skip(_ count: Int) throws(DecodingFault) {
        guard count <= end &- position else { throw .truncated }
        position &+= count
    }

    mutating func varint() throws(DecodingFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let base, position < end {
            let byte = base[position]
            position &+= 1
            // The tenth byte has the 64th bit alone.
            guard shift < 63 || byte <= 1 else { throw .longVarint }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        throw .truncated
    }

    /// A length, of which so many bytes follow.
    mutating func length() throws(DecodingFault) -> Int {
        let length = try varint()
        guard length <= UInt64(truncatingIfNeeded: end &- position) else { throw .truncated }
        return Int(truncatingIfNeeded: length)
    }

    /// A string, no longer than the limit.
    mutating func string() throws(DecodingFault) -> String {
        let length = try length()
        guard length <= limits.maxStringLength else { throw .stringLength }
        guard let base, length > 0 else { return "" }
        let text = UnsafeBufferPointer(start: base + position, count: length)
        guard UTF8Text.isValid(UnsafeRawBufferPointer(text)) else { throw .notUTF8 }
        position &+= length
        return String(decoding: text, as: UTF8.self)
    }

    /// Any bytes.
    mutating func bytes() throws(DecodingFault) -> ByteBuffer {
        let length = try length()
        defer { position &+= length }
        return source.getSlice(at: source.readerIndex &+ position, length: length) ?? ByteBuffer()
    }
}
