import HTTPTypes
import NIOCore
import RealtimeHummingbird
import RealtimeProtocol

/// A client of a stream whose commands go by requests of their own.
final class EmulatedClient {
    /// What can be spoken over which transport.
    enum Kind: CaseIterable, Sendable {
        case httpStreamJSON
        case httpStreamProtobuf
        case events
        case eventsByGET

        var format: WireFormat { self == .httpStreamProtobuf ? .protobuf : .json }
        var isEvents: Bool { self == .events || self == .eventsByGET }
    }

    let server: RealtimeServer
    let kind: Kind
    let stream: StreamClient
    private var waiting: [Wire.Reply] = []
    private var lastID: UInt32 = 0
    private(set) var session = ""
    private(set) var node = ""

    private init(_ server: RealtimeServer, _ kind: Kind, _ stream: StreamClient) {
        self.server = server
        self.kind = kind
        self.stream = stream
    }

    /// Opens a stream with these bytes, whatever they are.
    static func open(_ server: RealtimeServer, _ kind: Kind, _ batch: ByteBuffer, reads: Bool = true) async throws -> EmulatedClient {
        let type = kind == .httpStreamProtobuf ? "application/octet-stream" : "application/json"
        let path = kind.isEvents ? "/connection/sse" : "/connection/http_stream"
        let stream =
            kind == .eventsByGET
            ? try await server.send(.get, path + "?cf_connect=" + percentEncoded(batch), reads: reads)
            : try await StreamClient.send(server.http, port: server.port, .post, path, [.contentType: type], batch, reads: reads)
        return EmulatedClient(server, kind, stream)
    }

    /// Opens a stream and connects, with more commands in the same batch.
    static func connect(
        _ server: RealtimeServer, _ kind: Kind, token: String = "", _ more: Wire.Command.Body..., reads: Bool = true
    ) async throws -> EmulatedClient {
        var batch = ByteBuffer()
        let bodies: [Wire.Command.Body] = [.connect(Wire.ConnectRequest(token: token))] + more
        for (index, body) in bodies.enumerated() {
            try Wire.write(Wire.Command(id: UInt32(index + 1), body: body), as: kind.format, to: &batch)
        }
        let client = try await open(server, kind, batch, reads: reads)
        client.lastID = UInt32(bodies.count)
        guard reads else { return client }
        guard case .connect(let result) = try await client.next().body else { throw Unexpected("not connected") }
        client.session = result.session
        client.node = result.node
        return client
    }

    // MARK: What comes

    /// The next reply or push; pings are answered.
    func next() async throws -> Wire.Reply {
        while true {
            let reply = waiting.isEmpty ? try await read() : waiting.removeFirst()
            if reply.id != 0 || reply.body != nil { return reply }
            try await send(Wire.Command())
        }
    }

    /// The next message, be it a ping.
    func read() async throws -> Wire.Reply {
        let bytes: ByteBuffer
        switch kind {
        case .httpStreamJSON: bytes = ByteBuffer(string: try await stream.line())
        case .httpStreamProtobuf: bytes = try await stream.message()
        case .events, .eventsByGET: bytes = ByteBuffer(string: try await stream.event().data)
        }
        var reader = ReplyReader(kind.format, bytes)
        guard let reply = try reader.next() else { throw Unexpected("an empty message") }
        return reply
    }

    func push() async throws -> Wire.Push {
        while true {
            if case .push(let push) = try await next().body { return push }
        }
    }

    func publication() async throws -> Wire.Publication {
        while true {
            if case .publication(let publication) = try await push().body { return publication }
        }
    }

    /// The last word of the server, after which the stream has ended.
    func disconnect() async throws -> UInt32 {
        while true {
            guard case .disconnect(let disconnect) = try await push().body else { continue }
            let rest = try await stream.rest()
            guard waiting.isEmpty, rest.isEmpty || rest == "\n" else { throw Unexpected("more after the end: \(rest)") }
            return disconnect.code
        }
    }

    // MARK: What goes

    /// Sends commands, and returns the status.
    @discardableResult
    func post(_ batch: ByteBuffer, session: String? = nil, node: String? = nil) async throws -> Int {
        let request = Wire.EmulationRequest(node: node ?? self.node, session: session ?? self.session, data: batch)
        let body = try Wire.body(request, as: kind.format)
        let type = kind == .httpStreamProtobuf ? "application/octet-stream" : "application/json"
        return try await StreamClient.send(server.http, port: server.port, .post, "/emulation", [.contentType: type], body).status()
    }

    func send(_ command: Wire.Command) async throws {
        var batch = ByteBuffer()
        try Wire.write(command, as: kind.format, to: &batch)
        let status = try await post(batch)
        guard status == 204 else { throw Unexpected("refused with \(status)") }
    }

    /// Sends a command and returns its reply; pushes before it are kept.
    func ask(_ body: Wire.Command.Body) async throws -> Wire.Reply {
        lastID += 1
        try await send(Wire.Command(id: lastID, body: body))
        return try await reply(lastID)
    }

    func reply(_ id: UInt32) async throws -> Wire.Reply {
        var kept: [Wire.Reply] = []
        defer { waiting = kept + waiting }
        while true {
            let reply = try await next()
            if reply.id == id { return reply }
            kept.append(reply)
        }
    }

    @discardableResult
    func subscribe(_ channel: String, _ change: (inout Wire.SubscribeRequest) -> Void = { _ in }) async throws -> Wire.SubscribeResult {
        var request = Wire.SubscribeRequest(channel: channel)
        change(&request)
        let reply = try await ask(.subscribe(request))
        guard case .subscribe(let result) = reply.body else { throw Unexpected("not subscribed: \(reply)") }
        return result
    }

    func publish(_ text: String, to channel: String) async throws {
        let reply = try await ask(.publish(Wire.PublishRequest(channel: channel, data: ByteBuffer(string: text))))
        guard case .publish = reply.body else { throw Unexpected("not published: \(reply)") }
    }
}

func percentEncoded(_ text: ByteBuffer) -> String {
    text.readableBytesView.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            String(UnicodeScalar(byte))
        default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }.joined()
}

func percentEncoded(_ text: String) -> String { percentEncoded(ByteBuffer(string: text)) }

extension Wire.Publication {
    var text: String { String(buffer: data) }
}

extension Wire.Push {
    init(json: String) throws {
        var reader = PushReader(.json, ByteBuffer(string: json))
        guard let push = try reader.next() else { throw Unexpected("no push: \(json)") }
        self = push
    }

    var disconnectCode: UInt32? {
        if case .disconnect(let disconnect) = body { return disconnect.code }
        return nil
    }

    var publication: Wire.Publication? {
        if case .publication(let publication) = body { return publication }
        return nil
    }

    var connect: Wire.Connect? {
        if case .connect(let connect) = body { return connect }
        return nil
    }
}
