/// Decodes an event from its parts.
struct EventDecoder: Decoder {
    let values: EventValues
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ values: EventValues) {
        self.values = values
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(CaseContainer(values: values))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw EventError.notAnEvent }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw EventError.notAnEvent }
}

/// The one case that the event is.
private struct CaseContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let values: EventValues
    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        let key = Key(stringValue: values.name)
        values.isUnknown = key == nil
        return key.map { [$0] } ?? []
    }
    func contains(_ key: Key) -> Bool { key.stringValue == values.name }
    func decodeNil(forKey key: Key) throws -> Bool { false }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { throw EventError.notAnEvent }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(
            MembersContainer(name: values.name, isInput: false, labels: { Array(values.values.keys) }, member: values.value))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw EventError.notAnEvent }
    func superDecoder() throws -> any Decoder { throw EventError.notAnEvent }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw EventError.notAnEvent }
}

/// The values of a case, or the members of an object.
private struct MembersContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let name: String
    /// Whether it is what a browser says of a form.
    let isInput: Bool
    let labels: () -> [String]
    let member: (String) -> EventValue?
    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] { labels().compactMap { Key(stringValue: $0) } }
    func contains(_ key: Key) -> Bool { member(key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { member(key.stringValue)?.isNull ?? true }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        if let value = member(key.stringValue) { return try value.decode(type, name) }
        // A box that is not checked sends nothing, nor does a list in which nothing is selected.
        if isInput, let absent = (Value.self as? any AbsentInput.Type)?.absent as? Value { return absent }
        throw EventError.badValue(name)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try decoder(key).unkeyedContainer() }
    func superDecoder() throws -> any Decoder { throw EventError.badValue(name) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: Key) throws -> ValueDecoder {
        guard let value = member(key.stringValue) else { throw EventError.badValue(name) }
        return ValueDecoder(value, name: name)
    }
}

/// What a form does not send when there is nothing to say.
private protocol AbsentInput {
    static var absent: Self { get }
}
extension Bool: AbsentInput {
    static var absent: Bool { false }
}
extension Array: AbsentInput {
    static var absent: [Element] { [] }
}

extension EventValue {
    func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try Value(from: ValueDecoder(self, name: name))
    }
}

/// One value.
private struct ValueDecoder: Decoder, SingleValueDecodingContainer {
    private let value: EventValue
    private let name: String
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ value: EventValue, name: String) {
        self.value = value
        self.name = name
    }

    private func required<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw EventError.badValue(name) }
        return value
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let members = try required(value.members())
        return KeyedDecodingContainer(
            MembersContainer(name: name, isInput: value.isInput, labels: { Array(members.keys) }, member: { members[$0] }))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        ElementsContainer(elements: try required(value.elements()), name: name)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { value.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try required(value.flag()) }
    func decode(_ type: String.Type) throws -> String { try required(value.text()) }
    func decode(_ type: Double.Type) throws -> Double { try required(value.number()) }
    func decode(_ type: Float.Type) throws -> Float {
        let number = Float(try decode(Double.self))
        return try required(number.isFinite ? number : nil)
    }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }

    private func integer<Integer: FixedWidthInteger>() throws -> Integer { try required(value.integer()) }
}

private struct ElementsContainer: UnkeyedDecodingContainer {
    let elements: [EventValue]
    let name: String
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    init(elements: [EventValue], name: String) {
        self.elements = elements
        self.name = name
    }

    private mutating func next() throws -> ValueDecoder {
        guard elements.indices.contains(currentIndex) else { throw EventError.badValue(name) }
        defer { currentIndex += 1 }
        return ValueDecoder(elements[currentIndex], name: name)
    }

    mutating func decodeNil() throws -> Bool {
        guard elements.indices.contains(currentIndex), elements[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: next()) }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        try next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
}
