// Placeholder until the codec lands: the names that WebSocketNIO compiles against.
public import NIOCore
public import WebSocketProtocol

public struct DeflateConfiguration: Sendable { public init() {} }
public struct DeflateParameters: Hashable, Sendable { public init() {} }
public final class DeflateCodec: MessageCompressor {
    public init(role: WebSocketRole, parameters: DeflateParameters, configuration: DeflateConfiguration) {}
    public var acceptsSharedMessages: Bool { false }
    public func didSendSharedMessage() {}
    public func compress(_ payload: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Bool { false }
    public func decompress(
        _ piece: UnsafeRawBufferPointer, isLast: Bool, into output: inout ByteBuffer, limit: Int
    ) throws(DecompressionFailure) { throw .corrupt }
}
public enum SharedDeflate { public static func compress(_ payload: ByteBuffer) -> ByteBuffer? { nil } }
