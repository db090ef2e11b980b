public import NIOCore

/// Goes through the messages of a batch. One that is broken ends it: what came before stands, what comes after is lost.
struct Batch: Sendable {
    let format: WireFormat
    let bytes: ByteBuffer
    let limits: Wire.Limits
    fileprivate private(set) var position = 0
    fileprivate private(set) var isFinished = false

    init(_ format: WireFormat, _ bytes: ByteBuffer, _ limits: Wire.Limits) {
        self.format = format
        self.bytes = bytes
        self.limits = limits
    }

    /// The next message, or nil after the last.
    @inline(__always)
    mutating func next<Message: WireMessage>() throws(Wire.DecodingError) -> Message? {
        guard !isFinished else { return nil }
        var message = Message()
        if let fault = read(&message) {
            isFinished = true
            throw Wire.DecodingError(fault, at: min(position, bytes.readableBytes))
        }
        isFinished = position >= bytes.readableBytes
        return message
    }

    private mutating func read<Message: WireMessage>(_ message: inout Message) -> DecodingFault? {
        guard bytes.readableBytes > 0 else { return .empty }
        return bytes.withUnsafeReadableBytes { memory in
            switch format {
            case .json: readJSON(&message, memory)
            case .protobuf: readProtobuf(&message, memory)
            }
        }
    }

    private mutating func readJSON<Message: WireMessage>(_ message: inout Message, _ memory: UnsafeRawBufferPointer) -> DecodingFault? {
        var reader = JSONReader(memory, of: bytes, from: position, limits: limits)
        defer { position = reader.scanner.position }
        do throws(DecodingFault) {
            try reader.message(&message)
            try reader.scanner.endOfMessage()
            return nil
        } catch {
            return error
        }
    }

    private mutating func readProtobuf<Message: WireMessage>(
        _ message: inout Message, _ memory: UnsafeRawBufferPointer
    ) -> DecodingFault? {
        var reader = ProtobufReader(memory, of: bytes, from: position, limits: limits)
        defer { position = reader.position }
        do throws(DecodingFault) {
            try reader.message(&message)
            return nil
        } catch {
            return error
        }
    }
}

extension JSONScanner {
    /// The end of all, or a newline and another message. One newline at the end of all is nothing.
    fileprivate mutating func endOfMessage() throws(DecodingFault) {
        skipWhitespace()
        guard !isAtEnd else { return }
        guard byte == UInt8(ascii: "\n") else { throw .trailing }
        advance()
        skipWhitespace()
        guard isAtEnd || byte != UInt8(ascii: "\n") else { throw .newline }
    }
}

/// Reads the commands of a batch, which a client has sent in one frame or one body.
///
/// ```swift
/// var reader = CommandReader(.json, frame)
/// while let command = try reader.next() { handle(command) }
/// ```
public struct CommandReader: Sendable {
    private var batch: Batch

    /// A reader at the start of the batch. Payloads will be slices of it.
    public init(_ format: WireFormat, _ bytes: ByteBuffer, limits: Wire.Limits = Wire.Limits()) {
        batch = Batch(format, bytes, limits)
    }

    /// The next command, or nil after the last. After an error there are none.
    public mutating func next() throws(Wire.DecodingError) -> Wire.Command? { try batch.next() }
}

/// Reads the replies and pushes of a batch, as a client gets them.
public struct ReplyReader: Sendable {
    private var batch: Batch

    /// A reader at the start of the batch. Payloads will be slices of it.
    public init(_ format: WireFormat, _ bytes: ByteBuffer, limits: Wire.Limits = .server) {
        batch = Batch(format, bytes, limits)
    }

    /// The next reply, or nil after the last. After an error there are none.
    public mutating func next() throws(Wire.DecodingError) -> Wire.Reply? { try batch.next() }
}

/// Reads the bare pushes of a batch, as a client gets them where the server alone speaks.
public struct PushReader: Sendable {
    private var batch: Batch

    /// A reader at the start of the batch. Payloads will be slices of it.
    public init(_ format: WireFormat, _ bytes: ByteBuffer, limits: Wire.Limits = .server) {
        batch = Batch(format, bytes, limits)
    }

    /// The next push, or nil after the last. After an error there are none.
    public mutating func next() throws(Wire.DecodingError) -> Wire.Push? { try batch.next() }
}

extension Wire {
    /// The only message of a connection on which the server alone speaks: a connect request that is no command.
    public static func connectRequest(json: ByteBuffer, limits: Limits = Limits()) throws(DecodingError) -> ConnectRequest {
        try single(.json, json, limits)
    }

    /// A filter by itself, as tokens and backends give it.
    package static func filterNode(json: ByteBuffer, limits: Limits = Limits()) throws(DecodingError) -> FilterNode {
        try single(.json, json, limits)
    }

    /// Commands of a session, as the body of a request has them: JSON, or Protobuf without a length.
    public static func emulationRequest(_ format: WireFormat, _ body: ByteBuffer, limits: Limits = Limits()) throws(DecodingError)
        -> EmulationRequest
    {
        switch format {
        case .json: return try single(.json, body, limits)
        case .protobuf:
            var framed = ByteBuffer()
            framed.append { output in
                body.withUnsafeReadableBytes { output.lengthDelimited($0) }
                return true
            }
            return try single(.protobuf, framed, limits)
        }
    }

    private static func single<Message: WireMessage>(
        _ format: WireFormat, _ bytes: ByteBuffer, _ limits: Limits
    ) throws(DecodingError) -> Message {
        var batch = Batch(format, bytes, limits)
        guard let message: Message = try batch.next() else { throw DecodingError(.empty, at: 0) }
        guard batch.isFinished else { throw DecodingError(.trailing, at: batch.position) }
        return message
    }
}
