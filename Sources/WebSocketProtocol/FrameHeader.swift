package import NIOCore

/// The header of a frame (RFC 6455 §5.2).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-------+-+-------------+-------------------------------+
/// |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
/// |I|S|S|S|  (4)  |A|     (7)     |           (16/64)             |
/// |N|V|V|V|       |S|             |   (if payload len==126/127)   |
/// | |1|2|3|       |K|             |                               |
/// +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
/// |  masking key (if MASK set)    |          payload              |
/// ```
public struct FrameHeader: Hashable, Sendable {
    /// FIN, RSV1–3 and the opcode.
    var first: UInt8
    /// As declared: up to 64 bits, whatever the rules say of them.
    var length: UInt64
    var key: MaskingKey?

    static let fin: UInt8 = 0x80
    static let rsv1: UInt8 = 0x40
    static let reserved: UInt8 = 0x70
    /// The longest header: 2 bytes, a 64-bit length and a masking key.
    static let maxLength = 14

    /// FIN: whether this is the last fragment of a message.
    public var isFinal: Bool { first & Self.fin != 0 }
    /// What the frame is.
    public var opcode: Opcode { Opcode(rawValue: first) }
    var reservedBits: UInt8 { first & Self.reserved }

    /// How many bytes the header has that begins with a second byte of this value.
    @inline(__always)
    static func length(secondByte: UInt8) -> Int {
        let extended =
            switch secondByte & 0x7f {
            case 126: 2
            case 127: 8
            default: 0
            }
        return 2 + extended + (secondByte & 0x80 != 0 ? 4 : 0)
    }

    /// Reads a header that lies whole in `bytes`: at least ``length(secondByte:)`` of them. Also says whether the length was in its shortest form.
    static func read(_ bytes: UnsafeRawPointer) -> (header: FrameHeader, isMinimal: Bool) {
        let second = bytes.load(fromByteOffset: 1, as: UInt8.self)
        var length = UInt64(second & 0x7f)
        var offset = 2
        var isMinimal = true
        if length == 126 {
            length = UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            isMinimal = length >= 126
            offset = 4
        } else if length == 127 {
            length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            isMinimal = length > 0xffff
            offset = 10
        }
        let key = second & 0x80 != 0 ? MaskingKey(word: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) : nil
        return (FrameHeader(first: bytes.load(as: UInt8.self), length: length, key: key), isMinimal)
    }
}

extension ByteBuffer {
    /// Appends a frame of ours: the header, and the payload masked if there is a key. Nothing else of the engine writes headers.
    mutating func writeFrame(first: UInt8, key: MaskingKey?, payload: UnsafeRawBufferPointer) {
        // The closure gets at least the bytes asked for, and writes the header (at most 14 of them) and the payload.
        writeWithUnsafeMutableBytes(minimumWritableBytes: payload.count + FrameHeader.maxLength) { free in
            guard let base = free.baseAddress else { return 0 }
            let header = Self.storeHeader(at: base, first: first, key: key, length: payload.count)
            if let source = payload.baseAddress {
                _ = copyMasked(from: source, to: base + header, count: payload.count, key: key ?? .none)
            }
            return header + payload.count
        }
    }

    /// Stores a whole frame of a server with this payload in memory that has room for it and the longest header. Returns its length.
    @inline(__always)
    package func storeAsServerFrame(_ kind: MessageKind, at base: UnsafeMutableRawPointer) -> Int {
        withUnsafeReadableBytes { payload in
            let header = Self.storeHeader(at: base, first: FrameHeader.fin | kind.rawValue, key: nil, length: payload.count)
            if let source = payload.baseAddress { (base + header).copyMemory(from: source, byteCount: payload.count) }
            return header &+ payload.count
        }
    }

    /// Appends a whole frame of a server.
    package mutating func writeServerFrame(_ kind: MessageKind, _ payload: ByteBuffer) {
        // The closure gets at least the bytes asked for.
        writeWithUnsafeMutableBytes(minimumWritableBytes: payload.readableBytes &+ FrameHeader.maxLength) { free in
            free.baseAddress.map { payload.storeAsServerFrame(kind, at: $0) } ?? 0
        }
    }

    /// Appends only the header of a frame of ours, whose payload follows in a buffer of its own.
    package mutating func writeFrameHeader(first: UInt8, length: Int) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: FrameHeader.maxLength) { free in
            guard let base = free.baseAddress else { return 0 }
            return Self.storeHeader(at: base, first: first, key: nil, length: length)
        }
    }

    /// `base` has room for ``FrameHeader/maxLength`` bytes. Returns how many were written.
    @inline(__always)
    private static func storeHeader(at base: UnsafeMutableRawPointer, first: UInt8, key: MaskingKey?, length: Int) -> Int {
        let masked: UInt8 = key == nil ? 0 : 0x80
        var offset = 2
        base.storeBytes(of: first, as: UInt8.self)
        if length < 126 {
            base.storeBytes(of: masked | UInt8(truncatingIfNeeded: length), toByteOffset: 1, as: UInt8.self)
        } else if length <= 0xffff {
            base.storeBytes(of: masked | 126, toByteOffset: 1, as: UInt8.self)
            base.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, toByteOffset: 2, as: UInt16.self)
            offset = 4
        } else {
            base.storeBytes(of: masked | 127, toByteOffset: 1, as: UInt8.self)
            base.storeBytes(of: UInt64(truncatingIfNeeded: length).bigEndian, toByteOffset: 2, as: UInt64.self)
            offset = 10
        }
        if let key {
            base.storeBytes(of: key.word, toByteOffset: offset, as: UInt32.self)
            offset += 4
        }
        return offset
    }
}
