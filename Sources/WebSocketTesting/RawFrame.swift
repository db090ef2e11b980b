// Strategy: a second, slow and obvious implementation of RFC 6455 §5.2, byte by byte and without a rule in it. It writes the frames that
// a correct engine never would, and reads back what the engine sent, so that the engine is not its own judge.

public import WebSocketProtocol

/// A frame as it lies on the wire, right or wrong.
///
/// Begin with the frame that you mean, and break it:
///
/// ```swift
/// RawFrame.text("Hello")
/// RawFrame.ping("x").fragment.reserved(0b100)
/// RawFrame.binary([1, 2, 3]).lengthForm(.sixtyFour).declaring(1 << 62).unmasked
/// ```
public struct RawFrame: Hashable, Sendable {
    /// Whether and how the payload is masked (RFC 6455 §5.3).
    public enum Masking: Hashable, Sendable {
        /// As the rules ask of the sender: a client masks with ``RawFrame/exampleKey``, a server does not.
        case asTheRoleMust
        case unmasked
        /// With this key, its first byte in the highest bits.
        case key(UInt32)
    }

    /// How the length is written (RFC 6455 §5.2).
    public enum LengthForm: Hashable, Sendable {
        case shortest
        case seven, sixteen, sixtyFour
    }

    /// FIN.
    public var isFinal = true
    /// RSV1–3 as three bits, RSV1 the highest: `0b100`.
    public var reservedBits: UInt8 = 0
    /// Four bits of any value.
    public var opcode: Opcode
    /// How it is masked.
    public var masking = Masking.asTheRoleMust
    /// How its length is written.
    public var lengthForm = LengthForm.shortest
    /// A length that is not the payload's, or nil.
    public var declaredLength: UInt64?
    /// The payload, unmasked.
    public var payload: [UInt8]

    /// A correct frame of any opcode.
    public init(_ opcode: Opcode, _ payload: [UInt8] = []) {
        self.opcode = opcode
        self.payload = payload
    }

    /// The key of the examples in RFC 6455 §5.7.
    public static let exampleKey: UInt32 = 0x37fa_213d
}

extension RawFrame {
    /// A text frame, which is a whole message unless it is made a ``fragment``.
    public static func text(_ text: String) -> RawFrame { RawFrame(.text, Array(text.utf8)) }
    /// A text frame of bytes that need not be UTF-8.
    public static func text(bytes: [UInt8]) -> RawFrame { RawFrame(.text, bytes) }
    /// A binary frame.
    public static func binary(_ bytes: [UInt8]) -> RawFrame { RawFrame(.binary, bytes) }
    /// The next fragment of a text; the last one unless it is made a ``fragment``.
    public static func continuation(_ text: String) -> RawFrame { RawFrame(.continuation, Array(text.utf8)) }
    /// The next fragment of a message.
    public static func continuation(bytes: [UInt8]) -> RawFrame { RawFrame(.continuation, bytes) }
    /// A Ping.
    public static func ping(_ text: String = "") -> RawFrame { RawFrame(.ping, Array(text.utf8)) }
    /// A Pong.
    public static func pong(_ text: String = "") -> RawFrame { RawFrame(.pong, Array(text.utf8)) }

    /// A Close frame; without a code its body is empty.
    public static func close(_ code: CloseCode? = nil, _ reason: String = "") -> RawFrame {
        guard let code else { return RawFrame(.close) }
        return close(body: [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xff)] + Array(reason.utf8))
    }

    /// A Close frame with any body.
    public static func close(body: [UInt8]) -> RawFrame { RawFrame(.close, body) }

    /// The frame without FIN.
    public var fragment: RawFrame { with { $0.isFinal = false } }
    /// The frame with these of RSV1–3 set, RSV1 the highest of three bits.
    public func reserved(_ bits: UInt8) -> RawFrame { with { $0.reservedBits = bits & 7 } }
    /// The frame without a mask, whoever sends it.
    public var unmasked: RawFrame { with { $0.masking = .unmasked } }
    /// The frame with a mask, whoever sends it.
    public func masked(_ key: UInt32 = RawFrame.exampleKey) -> RawFrame { with { $0.masking = .key(key) } }
    /// The frame with its length written in this form, whether it fits or not.
    public func lengthForm(_ form: LengthForm) -> RawFrame { with { $0.lengthForm = form } }
    /// The frame with a length in its header that is not its payload's.
    public func declaring(_ length: UInt64) -> RawFrame { with { $0.declaredLength = length } }

    private func with(_ change: (inout RawFrame) -> Void) -> RawFrame {
        var frame = self
        change(&frame)
        return frame
    }
}

extension RawFrame {
    /// The bytes of the frame as the given end of the connection sends it.
    public func bytes(from sender: WebSocketRole) -> [UInt8] {
        let key = key(of: sender)
        var bytes = [(isFinal ? 0x80 : 0) | reservedBits << 4 | opcode.rawValue]
        bytes += lengthBytes(maskBit: key == nil ? 0 : 0x80)
        guard let key else { return bytes + payload }
        bytes += key
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ key[index % 4]) }
        return bytes
    }

    private func key(of sender: WebSocketRole) -> [UInt8]? {
        switch masking {
        case .unmasked: nil
        case .key(let key): Self.bigEndian(UInt64(key), count: 4)
        case .asTheRoleMust: sender == .client ? Self.bigEndian(UInt64(Self.exampleKey), count: 4) : nil
        }
    }

    private func lengthBytes(maskBit: UInt8) -> [UInt8] {
        let length = declaredLength ?? UInt64(payload.count)
        switch lengthForm {
        case .seven: return [maskBit | UInt8(length & 0x7f)]
        case .sixteen: return [maskBit | 126] + Self.bigEndian(length, count: 2)
        case .sixtyFour: return [maskBit | 127] + Self.bigEndian(length, count: 8)
        case .shortest where length < 126: return [maskBit | UInt8(length)]
        case .shortest where length <= 0xffff: return [maskBit | 126] + Self.bigEndian(length, count: 2)
        case .shortest: return [maskBit | 127] + Self.bigEndian(length, count: 8)
        }
    }

    private static func bigEndian(_ value: UInt64, count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (UInt64($0) * 8)) }
    }
}
