package import NIOCore

/// Writes JSON, in the order in which it is called.
@usableFromInline
package struct JSONOutput {
    package private(set) var buffer = ByteBufferAllocator().buffer(capacity: 256)
    private var needsComma = false

    package init() {}

    @inlinable
    package mutating func object<Failure: Error>(_ body: (inout JSONOutput) throws(Failure) -> Void) throws(Failure) {
        open(UInt8(ascii: "{"))
        try body(&self)
        close(UInt8(ascii: "}"))
    }

    @inlinable
    package mutating func array<Failure: Error>(_ body: (inout JSONOutput) throws(Failure) -> Void) throws(Failure) {
        open(UInt8(ascii: "["))
        try body(&self)
        close(UInt8(ascii: "]"))
    }

    @usableFromInline
    mutating func open(_ bracket: UInt8) {
        begin()
        buffer.writeInteger(bracket)
    }

    @usableFromInline
    mutating func close(_ bracket: UInt8) {
        buffer.writeInteger(bracket)
        needsComma = true
    }

    /// The name of a member; its value comes next.
    package mutating func name(_ name: String) {
        string(name)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        // Names, and most of what is written, need no escapes.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            begin()
            buffer.writeInteger(UInt8(ascii: "\""))
            buffer.writeString(text)
            buffer.writeInteger(UInt8(ascii: "\""))
            needsComma = true
            return
        }
        guard let quoted = JSONText.string(ByteBuffer(string: text)) else { return }
        raw(quoted)
    }

    /// Without the detours of what is generic.
    package mutating func integer(_ number: UInt64) {
        begin()
        buffer.writeString(String(number))
        needsComma = true
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

    /// How many bytes there are.
    package var count: Int { buffer.readableBytes }

    /// A place to go back to.
    package struct Mark {
        fileprivate let length: Int
        fileprivate let needsComma: Bool
    }

    package var mark: Mark { Mark(length: buffer.writerIndex, needsComma: needsComma) }

    /// Forgets what was written since.
    package mutating func rewind(to mark: Mark) {
        buffer.moveWriterIndex(to: mark.length)
        needsComma = mark.needsComma
    }

    private mutating func begin() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = false
    }
}

extension JSONOutput {
    package mutating func member(_ name: String, _ text: String) {
        self.name(name)
        string(text)
    }

    package mutating func member(_ name: String, _ number: UInt64) {
        self.name(name)
        integer(number)
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
