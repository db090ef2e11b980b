public import WebSocketProtocol

/// A client and a server, wired to each other in memory.
///
/// ```swift
/// let pair = MachinePair(splitting: .everyByte)
/// pair.client.machine.send(ByteBuffer(string: "Hello"), .text, into: &pair.client.output)
/// pair.deliver()
/// // pair.server.events == [.message(.text, "Hello")]
/// ```
public final class MachinePair {
    /// The client's end.
    public let client: RecordedMachine
    /// The server's end.
    public let server: RecordedMachine
    /// How the bytes are cut into reads, in both directions.
    public var splitting: Splitting

    /// Two open ends; their handshake lies behind them.
    public init(
        client: WebSocketMachine = WebSocketMachine(role: .client),
        server: WebSocketMachine = WebSocketMachine(role: .server),
        splitting: Splitting = .whole,
        clientApplication: RecordedMachine.Application? = nil,
        serverApplication: RecordedMachine.Application? = nil
    ) {
        self.client = RecordedMachine(client, application: clientApplication)
        self.server = RecordedMachine(server, application: serverApplication)
        self.splitting = splitting
    }

    /// Carries bytes both ways until neither end has any left to send, then ends the connection as TCP would when an end wants that
    /// (RFC 6455 §7.1.1).
    public func deliver() {
        while carry(from: client, to: server) || carry(from: server, to: client) {}
        guard [client, server].contains(where: { $0.machine.wantsDisconnect || $0.machine.wantsHalfClose }) else { return }
        client.receiveEnd()
        server.receiveEnd()
    }

    private func carry(from sender: RecordedMachine, to receiver: RecordedMachine) -> Bool {
        let bytes = sender.takeOutput()
        receiver.receive(bytes, splitting: splitting)
        return !bytes.isEmpty
    }
}
