public import WebSocketProtocol

extension RawFrame {
    /// Reads the frames that lie one after another in `bytes`, and unmasks them. No rule is checked.
    ///
    /// - Throws: ``Unexpected`` if the last frame is not whole.
    public static func read(_ bytes: some Sequence<UInt8>) throws -> [RawFrame] {
        var reader = Reader(bytes: Array(bytes))
        var frames: [RawFrame] = []
        while !reader.isAtEnd { frames.append(try reader.frame()) }
        return frames
    }

    /// What the frame means, without how it was masked and its length written: for comparing.
    var meaning: RawFrame {
        var frame = RawFrame(opcode, payload)
        frame.isFinal = isFinal
        frame.reservedBits = reservedBits
        return frame
    }

    /// The key, as the four bytes lie in the frame; nil if it was not masked, or was not read from the wire.
    public var key: UInt32? {
        if case .key(let key) = masking { key } else { nil }
    }

    /// The code of a Close frame.
    public var closeCode: CloseCode? {
        guard opcode == .close, payload.count >= 2 else { return nil }
        return CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
    }

    /// The text of a Close frame, after the code.
    public var closeText: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
}

extension RawFrame: CustomStringConvertible {
    /// Opcode, what is unusual of the flags, and the first bytes.
    public var description: String {
        let flags = (isFinal ? "" : " fragment") + (reservedBits == 0 ? "" : " rsv \(String(reservedBits, radix: 2))")
        let text = String(validating: payload.prefix(80), as: UTF8.self)
        return "\(opcode)\(flags) \(text.map { "\"\($0)\"" } ?? "\(payload.prefix(40))")"
            + (payload.count > 80 ? "… (\(payload.count) bytes)" : "")
    }
}

private struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func frame() throws -> RawFrame {
        let first = try integer(1), second = try integer(1)
        var frame = RawFrame(Opcode(rawValue: UInt8(first & 0x0f)))
        frame.isFinal = first & 0x80 != 0
        frame.reservedBits = UInt8(first >> 4) & 7
        let length: UInt64
        switch second & 0x7f {
        case 126: (frame.lengthForm, length) = (.sixteen, try integer(2))
        case 127: (frame.lengthForm, length) = (.sixtyFour, try integer(8))
        default: (frame.lengthForm, length) = (.seven, second & 0x7f)
        }
        frame.masking = second & 0x80 == 0 ? .unmasked : .key(UInt32(try integer(4)))
        guard let count = Int(exactly: length), count <= bytes.count - position else { throw Unexpected("a frame that is not whole") }
        frame.payload = Array(bytes[position..<position + count])
        position += count
        frame.unmask()
        return frame
    }

    private mutating func integer(_ count: Int) throws -> UInt64 {
        guard bytes.count - position >= count else { throw Unexpected("a frame header that is not whole") }
        defer { position += count }
        return bytes[position..<position + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension RawFrame {
    fileprivate mutating func unmask() {
        guard let key else { return }
        for index in payload.indices { payload[index] ^= UInt8(truncatingIfNeeded: key >> (UInt32(3 - index % 4) * 8)) }
    }
}
