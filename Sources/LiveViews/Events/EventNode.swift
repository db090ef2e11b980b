/// A value on its way into an event's text.
final class EventNode {
    enum Kind {
        case null
        case text(String)
        /// A number or a flag, as JSON has it.
        case literal(String)
        case members
        case elements
    }

    var kind = Kind.null
    /// Of an object with their names, of an array without.
    var members: [(name: String, value: EventNode)] = []

    init() {}

    init(encoding value: some Encodable) throws {
        try value.encode(to: EventEncoder(self))
    }

    func member(_ name: String) -> EventNode {
        kind = .members
        let node = EventNode()
        members.append((name, node))
        return node
    }

    func element() -> EventNode {
        kind = .elements
        let node = EventNode()
        members.append(("", node))
        return node
    }

    func write(to text: inout String) {
        switch kind {
        case .null: text += "null"
        case .text(let value): text += Self.quoted(value)
        case .literal(let value): text += value
        case .elements:
            text += "["
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                member.value.write(to: &text)
            }
            text += "]"
        case .members:
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                text += Self.quoted(member.name)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    static func quoted(_ value: String) -> String {
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case ..<0x20:
                let digits = String(byte, radix: 16)
                text += Array("\\u00\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
        return String(decoding: text, as: UTF8.self)
    }
}

private struct EventEncoder: Encoder {
    let node: EventNode
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ node: EventNode) {
        self.node = node
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.kind = .members
        return KeyedEncodingContainer(MembersContainer(node: node))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.kind = .elements
        return ElementsContainer(node: node)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ValueContainer(node: node) }
}

private struct MembersContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EventNode
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil(forKey key: Key) { _ = node.member(key.stringValue) }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try ValueContainer(node: node.member(key.stringValue)).encode(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        EventEncoder(node.member(key.stringValue)).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        EventEncoder(node.member(key.stringValue)).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { EventEncoder(node.member("super")) }
    mutating func superEncoder(forKey key: Key) -> any Encoder { EventEncoder(node.member(key.stringValue)) }
}

private struct ElementsContainer: UnkeyedEncodingContainer {
    let node: EventNode
    var codingPath: [any CodingKey] { [] }
    var count: Int { node.members.count }

    mutating func encodeNil() { _ = node.element() }
    mutating func encode<Value: Encodable>(_ value: Value) throws { try ValueContainer(node: node.element()).encode(value) }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        EventEncoder(node.element()).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { EventEncoder(node.element()).unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { EventEncoder(node.element()) }
}

private struct ValueContainer: SingleValueEncodingContainer {
    let node: EventNode
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { node.kind = .null }

    /// The standard library's types encode themselves by the functions below.
    func encode<Value: Encodable>(_ value: Value) throws {
        switch value {
        case let value as Int: encode(value)
        case let value as String: encode(value)
        default: try value.encode(to: EventEncoder(node))
        }
    }

    func encode(_ value: Bool) { node.kind = .literal(value ? "true" : "false") }
    func encode(_ value: String) { node.kind = .text(value) }
    /// JSON has neither infinity nor NaN.
    func encode(_ value: Double) { node.kind = value.isFinite ? .literal("\(value)") : .null }
    func encode(_ value: Float) { encode(Double(value)) }
    func encode(_ value: Int) { node.kind = .literal("\(value)") }
    func encode(_ value: Int8) { node.kind = .literal("\(value)") }
    func encode(_ value: Int16) { node.kind = .literal("\(value)") }
    func encode(_ value: Int32) { node.kind = .literal("\(value)") }
    func encode(_ value: Int64) { node.kind = .literal("\(value)") }
    func encode(_ value: UInt) { node.kind = .literal("\(value)") }
    func encode(_ value: UInt8) { node.kind = .literal("\(value)") }
    func encode(_ value: UInt16) { node.kind = .literal("\(value)") }
    func encode(_ value: UInt32) { node.kind = .literal("\(value)") }
    func encode(_ value: UInt64) { node.kind = .literal("\(value)") }
}
