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
    /// One of the messages that `body` can be.
    mutating func choice<Body, Value: WireMessage>(
        _ number: Int, _ name: StaticString, _ body: inout Body?, wrap: (Value) -> Body, unwrap: (Body) -> Value?) throws(Failure)
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
        value = zigzag.value
    }

    /// Bytes that JSON has as a string, not as a value in place.
    @inline(__always)
    mutating func text(_ number: Int, _ name: StaticString, _ value: inout ByteBuffer) throws(Failure) {
        var text = TextBytes(bytes: value)
        try scalar(number, name, &text, writesZero: false)
        value = text.bytes
    }
}
