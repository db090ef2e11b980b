import HummingbirdTesting
import NIOCore
import NIOPosix
import ServerTestSupport
import WebSocketProtocol
import WebSocketTesting

/// A WebSocket that sees frames as they lie on the wire: which are compressed, and with what code it ends.
struct FrameClient {
    /// The answer to the handshake.
    private(set) var head = ""
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var bytes: [UInt8] = []

    /// - Parameter offer: what it says in `Sec-WebSocket-Extensions`.
    static func run(
        _ server: TestServer, _ path: String, offer: String, _ test: (inout FrameClient) async throws -> Void
    ) async throws {
        guard let port = server.http.port else { throw ServerTestSupport.Unexpected("the server has no port") }
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "localhost", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
            }
        try await channel.executeThenClose { inbound, outbound in
            var client = FrameClient(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            try await client.shakeHands("localhost:\(port)", path, offer)
            try await test(&client)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    private mutating func shakeHands(_ host: String, _ path: String, _ offer: String) async throws {
        let lines = [
            "GET \(path) HTTP/1.1", "Host: \(host)", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Extensions: \(offer)",
        ]
        try await outbound.write(ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n"))
        while !head.hasSuffix("\r\n\r\n") { head += String(decoding: try await take(1), as: UTF8.self) }
    }

    func send(_ frame: RawFrame) async throws {
        try await outbound.write(ByteBuffer(bytes: frame.bytes(from: .client)))
    }

    mutating func next() async throws -> RawFrame {
        var header = try await take(2)
        switch header[1] & 0x7f {
        case 126: header += try await take(2)
        case 127: header += try await take(8)
        default: break
        }
        let extended = header.dropFirst(2).reduce(0) { $0 << 8 | Int($1) }
        let frames = try RawFrame.read(header + (try await take(header.count > 2 ? extended : Int(header[1] & 0x7f))))
        guard let frame = frames.first else { throw ServerTestSupport.Unexpected("no frame") }
        return frame
    }

    private mutating func take(_ count: Int) async throws -> [UInt8] {
        while bytes.count < count {
            guard let more = try await inbound.next() else { throw ServerTestSupport.Unexpected("the connection has ended") }
            bytes += more.readableBytesView
        }
        defer { bytes.removeFirst(count) }
        return Array(bytes.prefix(count))
    }
}
