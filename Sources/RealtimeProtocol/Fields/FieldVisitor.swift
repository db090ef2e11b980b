// Strategy: a message names its fields once, in `visit`, and whoever reads, writes or measures one walks through them. A writer writes each field
// that is not zero. A reader is asked again for each name or number that it finds, and the field that has it takes the value. All of it is
// specialised by the compiler: what is left of a walk is a comparison per field.

import NIOCore

/// A message of the protocol.
protocol WireMessage: WireValue {
    mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure)
}

/// Whoever walks through the fields of a message: number and name on the wire, and the value.
protocol FieldVisitor {
    associatedtype Failure: Error

    /// `writesZero`: JSON has the field even if it is zero.
    mutating func scalar<Value: WireScalar>(_ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool) throws(Failure)
    mutating func field<Value: WireMessage>(_ number: Int, _ name: StaticString, _ value: inout Value?) throws(Failure)
    mutating func field<Value: WireValue>(
        _ number: Int, _ name: StaticString, _ values: inout [Value], writesZero: Bool) throws(Failure)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [String: Value]) throws(Failure)
    /// The one message that a message is about.
    mutating func body<Body: WireBody>(_ body: inout Body?) throws(Failure)
}

/// What a message can be about. It is not walked as fields are, because to look at each case in turn would be to copy it each time.
protocol WireBody {
    static func read<Reader: BodyReader>(_ body: inout Self?, _ reader: inout Reader) throws(DecodingFault)
    static func write<Writer: BodyWriter>(_ body: Self?, _ writer: inout Writer)
}

protocol BodyReader {
    /// If this is the field that was found, it has the body.
    mutating func choice<Body, Message: WireMessage>(
        _ field: FieldName, _ body: inout Body?, _ wrap: (Message) -> Body
    ) throws(DecodingFault)
}

protocol BodyWriter {
    mutating func chosen<Message: WireMessage>(_ field: FieldName, _ message: Message)
}

/// A field on the wire.
struct FieldName {
    let number: Int
    let name: StaticString

    @inline(__always)
    init(_ number: Int, _ name: StaticString) {
        self.number = number
        self.name = name
    }
}

extension FieldVisitor {
    @inline(__always)
    mutating func field<Value: WireScalar>(
        _ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool = false
    ) throws(Failure) {
        try scalar(number, name, &value, writesZero: writesZero)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [Value]) throws(Failure) {
        try field(number, name, &values, writesZero: false)
    }

    /// A `sint64`, the only type on the wire that is not plain.
    @inline(__always)
    mutating func zigzag(_ number: Int, _ name: StaticString, _ value: inout Int64) throws(Failure) {
        var zigzag = ZigZag(value: value)
        try scalar(number, name, &zigzag, writesZero: false)
        // A writer must not even store what was there before.
        if value != zigzag.value { value = zigzag.value }
    }

    /// Bytes that JSON has as a string, not as a value in place.
    @inline(__always)
    mutating func text(_ number: Int, _ name: StaticString, _ value: inout ByteBuffer) throws(Failure) {
        var text = TextBytes(bytes: value)
        try scalar(number, name, &text, writesZero: false)
        if value != text.bytes { value = text.bytes }
    }
}

extension WireMessage {
    /// Walks the fields with a visitor that changes none of them. It walks them where they are: a copy of a message would count references for each
    /// string and payload in it.
    @inline(__always)
    func read<Visitor: FieldVisitor>(by visitor: inout Visitor) throws(Visitor.Failure) {
        try withUnsafePointer(to: self) { (message) throws(Visitor.Failure) in
            // Proof: nothing is stored. The writers and the sizer take each value as `inout` because a reader needs that, and only look at it.
            try UnsafeMutablePointer(mutating: message).pointee.visit(&visitor)
        }
    }
}
