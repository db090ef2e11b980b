package import NIOCore

/// Writes JSON, in the order in which it is called.
package struct JSONOutput {
    package private(set) var buffer = ByteBufferAllocator().buffer(capacity: 256)
    private var needsComma = false

    package init() {}

    package mutating func object<Failure: Error>(_ body: (inout JSONOutput) throws(Failure) -> Void) throws(Failure) {
        begin()
        buffer.writeStaticString("{")
        try body(&self)
        buffer.writeStaticString("}")
        needsComma = true
    }

    package mutating func array<Failure: Error>(_ body: (inout JSONOutput) throws(Failure) -> Void) throws(Failure) {
        begin()
        buffer.writeStaticString("[")
        try body(&self)
        buffer.writeStaticString("]")
        needsComma = true
    }

    /// The name of a member; its value comes next.
    package mutating func name(_ name: String) {
        string(name)
        buffer.writeStaticString(":")
        needsComma = false
    }

    package mutating func string(_ text: String) {
        // Names, and most of what is written, need no escapes.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            begin()
            buffer.writeStaticString("\"")
            buffer.writeString(text)
            buffer.writeStaticString("\"")
            needsComma = true
            return
        }
        guard let quoted = JSONText.string(ByteBuffer(string: text)) else { return }
        raw(quoted)
    }

    package mutating func integer(_ number: some BinaryInteger) {
        begin()
        buffer.writeString(String(number))
        needsComma = true
    }

    package mutating func bool(_ value: Bool) {
        begin()
        buffer.writeString(value ? "true" : "false")
        needsComma = true
    }

    /// JSON as it is.
    package mutating func raw(_ json: ByteBuffer) {
        begin()
        buffer.writeImmutableBuffer(json)
        needsComma = true
    }

    private mutating func begin() {
        if needsComma { buffer.writeStaticString(",") }
        needsComma = false
    }
}

extension JSONOutput {
    package mutating func member(_ name: String, _ text: String) {
        self.name(name)
        string(text)
    }

    package mutating func member(_ name: String, _ number: some BinaryInteger) {
        self.name(name)
        integer(number)
    }

    /// A payload: in place if it is JSON, and else in base64 under another name.
    package mutating func payload(_ name: String, _ bytes: [UInt8]) {
        guard let json = try? JSONText.compact(ByteBuffer(bytes: bytes), maxDepth: 64) else {
            return member("b64\(name)", Base64.encode(bytes))
        }
        self.name(name)
        raw(json)
    }
}
