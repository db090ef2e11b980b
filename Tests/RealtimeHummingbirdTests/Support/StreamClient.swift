import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOHTTPTypesHTTP2
import NIOPosix
import NIOSSL
import RealtimeProtocol
import ServerTestSupport

/// One request on a connection of its own, and the answer as it comes.
final class StreamClient: Sendable {
    /// What the connection speaks.
    enum HTTP: Sendable, CaseIterable {
        case plain
        case tls
        case http2
    }

    let channel: any NIOCore.Channel
    let inbox: Inbox

    private init(_ channel: any NIOCore.Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    deinit {
        (channel.parent ?? channel).close(promise: nil)
    }

    /// Sends a request.
    ///
    /// - Parameter reads: false: what the server sends is left in the kernel until ``read()``.
    static func send(
        _ http: HTTP = .plain, port: Int, _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:],
        _ body: ByteBuffer = ByteBuffer(), reads: Bool = true
    ) async throws -> StreamClient {
        let client = try await connect(http, port: port, reads: reads)
        var request = HTTPRequest(method: method, scheme: http == .plain ? "http" : "https", authority: "localhost:\(port)", path: path)
        request.headerFields = fields
        if body.readableBytes > 0, fields[.contentLength] == nil { request.headerFields[.contentLength] = "\(body.readableBytes)" }
        client.channel.write(HTTPRequestPart.head(request), promise: nil)
        if body.readableBytes > 0 { client.channel.write(HTTPRequestPart.body(body), promise: nil) }
        client.channel.writeAndFlush(HTTPRequestPart.end(nil), promise: nil)
        return client
    }

    /// A connection without a request.
    static func connect(_ http: HTTP = .plain, port: Int, reads: Bool = true) async throws -> StreamClient {
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
        // The kernel keeps less for a client that does not read.
        if !reads { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 16 << 10) }
        guard http == .http2 else {
            return try await bootstrap.channelOption(.autoRead, value: reads).connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if http == .tls { try channel.pipeline.syncOperations.addHandler(tls(["http/1.1"])) }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPClientCodec())
                    return try install(in: channel)
                }
            }
        }
        let multiplexer = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(tls(["h2"]))
                return try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                    mode: .client, connectionConfiguration: .init(), streamConfiguration: .init()
                ) { $0.eventLoop.makeSucceededVoidFuture() }
            }
        }
        let inbox = Inbox()
        let stream = try await multiplexer.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                if !reads { try stream.syncOptions?.setOption(.autoRead, value: false) }
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTPClientCodec())
                try stream.pipeline.syncOperations.addHandler(ResponseCollector(inbox))
            }
        }.get()
        return StreamClient(stream, inbox)
    }

    private static func install(in channel: any NIOCore.Channel) throws -> StreamClient {
        let inbox = Inbox()
        try channel.pipeline.syncOperations.addHandler(ResponseCollector(inbox))
        return StreamClient(channel, inbox)
    }

    private static func tls(_ protocols: [String]) throws -> NIOSSLClientHandler {
        var configuration = try TestCertificate.names.trustingClient()
        configuration.applicationProtocols = protocols
        return try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: "localhost")
    }

    // MARK: Taking

    private func take<Value: Sendable>(_ what: String, _ look: (inout Inbox.State) -> Value?) async throws -> Value {
        try await inbox.take(what, on: channel.eventLoop, look)
    }

    func head() async throws -> HTTPResponse {
        try await take("a response") { $0.head }
    }

    func status() async throws -> Int { try await head().status.code }

    /// The rest of the body, and that it ended as it should.
    func rest() async throws -> String {
        try await take("the end") { state in
            guard state.isEnd else { return nil }
            defer { state.bytes.clear() }
            return String(buffer: state.bytes)
        }
    }

    /// Returns when the connection, or the stream, is over, however that came.
    func waitForClose() async throws {
        _ = try await take("the end of the connection") { $0.isClosed || $0.isEnd ? true : nil }
    }

    /// A line of text, without its end.
    func line() async throws -> String {
        try await take("a line") { state in
            guard let end = state.bytes.readableBytesView.firstIndex(of: 10) else { return nil }
            let line = state.bytes.readString(length: end - state.bytes.readerIndex)
            state.bytes.moveReaderIndex(forwardBy: 1)
            return line
        }
    }

    /// A message of Protobuf, with its length before it.
    func message() async throws -> ByteBuffer {
        try await take("a message") { state in
            var bytes = state.bytes
            var length = 0
            var shift = 0
            while let byte = bytes.readInteger(as: UInt8.self) {
                length |= Int(byte & 0x7F) << shift
                shift += 7
                guard byte < 0x80 else { continue }
                guard bytes.readableBytes >= length else { return nil }
                return state.bytes.readSlice(length: bytes.readerIndex - state.bytes.readerIndex + length)
            }
            return nil
        }
    }

    /// The next server-sent event that has data.
    func event() async throws -> ServerEvent {
        var event = ServerEvent()
        while true {
            var line = try await line()
            if line.last == "\r" { line.removeLast() }
            if line.isEmpty {
                if !event.data.isEmpty { return event }
                continue
            }
            guard let colon = line.firstIndex(of: ":") else { throw Unexpected("a field without a value: \(line)") }
            let value = String(line[line.index(after: colon)...].drop { $0 == " " })
            switch line[..<colon] {
            case "data": event.data += event.data.isEmpty ? value : "\n" + value
            case "event": event.name = value
            case "id": event.id = value
            case "": break
            case "retry": event.retry = Int(value)
            default: throw Unexpected("an unknown field: \(line)")
            }
        }
    }

    func close() async {
        try? await channel.close()
    }
}

struct ServerEvent: Equatable {
    var name: String?
    var id: String?
    var data = ""
    var retry: Int?
}
