public import NIOCore
public import WebSocketProtocol

/// A machine that is driven in memory, with a record of what came out of it.
///
/// It does what an adapter for a real transport does: receive, take the events in order, hand them to the application, send.
public final class RecordedMachine {
    /// What an application does with an event: it may send, close, and so on.
    public typealias Application = (_ event: WebSocketEvent, _ machine: inout WebSocketMachine, _ output: inout ByteBuffer) -> Void

    /// The machine itself.
    public var machine: WebSocketMachine
    /// All events so far.
    public private(set) var events: [WebSocketEvent] = []
    /// What is to be sent and was not yet taken. Hand it to the machine's own methods.
    public var output = ByteBuffer()
    private var batch = EventBatch()
    private let application: Application?

    /// - Parameters:
    ///   - machine: the machine to drive.
    ///   - application: what the application above the machine does with each event, as it is taken.
    public init(_ machine: WebSocketMachine, application: Application? = nil) {
        self.machine = machine
        self.application = application
    }

    /// Feeds bytes as the transport would: in pieces.
    public func receive(_ bytes: [UInt8], splitting: Splitting = .whole) {
        for piece in splitting.pieces(of: bytes) {
            machine.receive(ByteBuffer(bytes: piece), into: &batch)
            while let event = machine.nextEvent(from: &batch, output: &output) {
                events.append(event)
                application?(event, &machine, &output)
            }
        }
    }

    /// The peer's bytes have ended.
    @discardableResult
    public func receiveEnd() -> CloseReason {
        machine.receiveEnd()
    }

    /// Tells the machine the time, in seconds since its start.
    @discardableResult
    public func advance(toSecond second: Double) -> TimerOutcome {
        machine.advance(to: MonotonicTime(nanoseconds: UInt64(second * 1e9)), output: &output)
    }

    /// Takes what is to be sent.
    public func takeOutput() -> [UInt8] {
        defer { output.clear() }
        return Array(output.readableBytesView)
    }

    /// Takes what is to be sent, as frames.
    ///
    /// - Throws: ``Unexpected`` unless they are whole frames, masked as the role asks (RFC 6455 §5.1).
    public func takeFrames() throws -> [RawFrame] {
        let frames = try RawFrame.read(takeOutput())
        for frame in frames where (frame.key != nil) != (machine.role == .client) {
            throw Unexpected("\(frame) is \(frame.key == nil ? "not masked" : "masked") by a \(machine.role)")
        }
        return frames
    }
}
