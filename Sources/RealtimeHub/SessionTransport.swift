public import NIOCore
public import RealtimeProtocol

/// What carries a session's messages: a WebSocket, a stream of HTTP. The port of the hub's adapters.
///
/// Every call, in both directions, is made on ``eventLoop``. The adapter calls ``Session/received(_:)`` for each batch that the client sent,
/// ``Session/drained()`` when what was sent has left after the client was slow, and ``Session/closed()`` once at the end.
public protocol SessionTransport: AnyObject {
    var eventLoop: any EventLoop { get }

    /// The encoding of the connection, for its whole life.
    var format: WireFormat { get }

    /// What it is called in logs and metrics, such as "websocket".
    var name: String { get }

    /// Whether the client sends nothing but the request to connect; it gets bare pushes then.
    var isUnidirectional: Bool { get }

    /// Whether the client's commands come by requests of their own, to ``Hub/receive(_:session:)``: the answer to connect
    /// names the session and this process then. Default false.
    var isEmulated: Bool { get }

    /// Whether the hub sends pings of the protocol; false where the transport has its own.
    var needsPings: Bool { get }

    /// The address of the peer, without its port, as far as the transport knows it. Asked for when somebody looks. Default nil.
    var remoteAddress: String? { get }

    /// Fields of the HTTP request that the connection began with, as many as somebody will ask for. Default none.
    var requestFields: [RequestField] { get }

    /// The bytes that wait for the client.
    var bufferedBytes: Int { get }

    /// Whether more bytes than that wait because the client does not take them.
    ///
    /// What it was not offered yet does not count, nor does the longest message: however quickly a client reads, a long one takes a while. Default: whether so much
    /// waits at all.
    func isSlow(over limit: Int) -> Bool

    /// Sends a batch of messages.
    func send(_ batch: ByteBuffer)

    /// Sends a batch that other sessions of this loop get too.
    ///
    /// - Parameters:
    ///   - batch: the messages, encoded.
    ///   - mayWait: whether more for this session may follow in this turn of the loop, so that it pays to send all at once. If not, the call comes
    ///     from a task of the loop of its own, from within nobody's callback.
    func send(_ batch: SharedBatch, mayWait: Bool)

    /// A batch for many sessions is about to come: whatever sending it touches may be brought into the cache. Default: nothing.
    func expectSend()

    /// Stops or resumes reading what the client sends.
    func holdReads(_ isHeld: Bool)

    /// Ends the connection after what was sent has left; what waits for a client that is `DisconnectCode/slow` need not leave. A transport that
    /// has no codes for its end sends ``farewell(_:)`` before it.
    func close(_ code: DisconnectCode)
}

extension SessionTransport {
    public var isEmulated: Bool { false }
    public var remoteAddress: String? { nil }
    public var requestFields: [RequestField] { [] }
    public func expectSend() {}
    public func isSlow(over limit: Int) -> Bool { bufferedBytes > limit }

    /// The push that tells the client of the end.
    public func farewell(_ code: DisconnectCode) -> ByteBuffer {
        var batch = ByteBuffer()
        let push = Wire.Push(body: .disconnect(Wire.Disconnect(code)))
        // Nothing in it can be wrong: it has no payload.
        if isUnidirectional {
            try? Wire.write(push, as: format, to: &batch)
        } else {
            try? Wire.write(Wire.Reply(body: .push(push)), as: format, to: &batch)
        }
        return batch
    }
}

/// A batch of messages for many sessions of one loop, encoded once.
public final class SharedBatch {
    public let bytes: ByteBuffer

    @usableFromInline var forms: [AnyObject] = []

    public init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }

    /// What a transport makes of the bytes, such as a WebSocket's frame: made once, one of each type.
    @inlinable
    public func form<Form: AnyObject>(_ make: (ByteBuffer) -> Form) -> Form {
        for form in forms {
            if let form = form as? Form { return form }
        }
        let form = make(bytes)
        forms.append(form)
        return form
    }
}
