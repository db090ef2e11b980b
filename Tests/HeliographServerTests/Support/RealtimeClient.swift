import NIOCore
import RealtimeProtocol
import ServerTestSupport
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

/// A client of the protocol in JSON, over a live socket.
final class RealtimeClient {
    let socket: WebSocket
    private var messages: WebSocket.Messages.AsyncIterator
    private var waiting: [Wire.Reply] = []
    private var lastID: UInt32 = 0

    init(
        _ server: TestServer, _ path: String = "/connection/websocket", _ configuration: WebSocketClientConfiguration = .init()
    ) async throws {
        socket = try await server.connect(path, configuration)
        messages = socket.messages.makeAsyncIterator()
    }

    /// What comes next; pings are answered.
    func next() async throws -> Wire.Reply {
        while waiting.isEmpty {
            guard case .text(let text) = try await messages.next() else {
                throw Unexpected("closed: \(await socket.waitForClose())")
            }
            var reader = ReplyReader(.json, ByteBuffer(string: text))
            while let reply = try reader.next() {
                if reply.id == 0, reply.body == nil { try await socket.send("{}") } else { waiting.append(reply) }
            }
        }
        return waiting.removeFirst()
    }

    /// Sends a command and returns its reply; pushes that come before are lost.
    func ask(_ body: Wire.Command.Body) async throws -> Wire.Reply {
        lastID += 1
        var batch = ByteBuffer()
        try Wire.write(Wire.Command(id: lastID, body: body), as: .json, to: &batch)
        try await socket.send(String(buffer: batch))
        while true {
            let reply = try await next()
            if reply.id == lastID { return reply }
        }
    }

    /// The next push.
    func push() async throws -> Wire.Push {
        while true {
            if case .push(let push) = try await next().body { return push }
        }
    }

    @discardableResult
    func connect(_ token: String = "") async throws -> Wire.ConnectResult {
        let reply = try await ask(.connect(Wire.ConnectRequest(token: token)))
        guard case .connect(let result) = reply.body else { throw Unexpected("not connected: \(String(describing: reply.error))") }
        return result
    }

    @discardableResult
    func subscribe(_ channel: String, token: String = "") async throws -> Wire.SubscribeResult {
        let reply = try await ask(.subscribe(Wire.SubscribeRequest(channel: channel, token: token)))
        guard case .subscribe(let result) = reply.body else { throw Unexpected("not subscribed: \(String(describing: reply.error))") }
        return result
    }
}
