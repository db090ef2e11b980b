// The Swift side of Docs/from-go.md, in the same order. dev/lint.sh compares the two.

import Hummingbird
import NIOCore
import WebSocketClient
import WebSocketDeflate
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

struct Greeter: HTTPResponder {
    var greeting: String

    func respond(to request: Request, context: AppContext) async throws -> Response {
        let name = request.uri.queryParameters["name"] ?? "you"
        return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "\(greeting), \(name)")))
    }
}

struct User: Codable, ResponseEncodable {
    var id: Int
}

func routes() -> Router<AppContext> {
    let router = Router(context: AppContext.self)
    router.on("/greet", method: .get, responder: Greeter(greeting: "hello"))
    router.get("/users/{id}") { _, context in
        let id = try context.parameters.require("id", as: Int.self)  // or 400
        return User(id: id)
    }
    return router
}

struct Authentication: RouterMiddleware {
    func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        guard let user = findUser(request.headers[.authorization]) else {
            throw HTTPError(.unauthorized)
        }
        var context = context
        context.user = user
        return try await next(request, context)
    }
}

struct AppContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    var user: User?

    init(source: Source) { coreContext = .init(source: source) }
}

func whoAmI(_ request: Request, _ context: AppContext) async throws -> User {
    guard let user = context.user else { throw HTTPError(.unauthorized) }
    try await Task.sleep(for: .milliseconds(10))  // throws when the request is cancelled
    return user
}

func echoRoute(_ router: Router<AppContext>) {
    var configuration = WebSocketConfiguration()
    configuration.subprotocols = ["echo.v1"]
    configuration.compression = DeflateConfiguration()

    router.webSocket("/echo", configuration: configuration, origins: .allow(["https://*.example.com"])) { socket, _ in
        for try await message in socket.messages {
            try await socket.send(message)
        }
    }
}

struct Point: Codable {
    var x, y: Int
}

func mirror(_ socket: WebSocket) async throws {
    for try await message in socket.messages {
        let point = try message.decode(Point.self)
        try await socket.send(json: Point(x: -point.x, y: point.y))
    }
}

/// The route's configuration has `deliversParts = true`.
func relay(from: WebSocket, to: WebSocket) async throws {
    var parts = from.parts.makeAsyncIterator()
    while let first = try await parts.next() {
        try await to.sendStream(first.kind) { writer in
            var part = first
            try await writer.write(part.bytes)
            while !part.isFinal, let following = try await parts.next() {
                part = following
                try await writer.write(part.bytes)
            }
        }
    }
}

func limits() -> WebSocketConfiguration {
    var configuration = WebSocketConfiguration()
    configuration.limits.maxMessageSize = 512
    configuration.keepalive = Keepalive(interval: .seconds(54), timeout: .seconds(6))
    configuration.writeTimeout = .seconds(10)
    return configuration
}

func readUntilTheEnd(_ socket: WebSocket) async {
    do {
        for try await message in socket.messages { print(message) }
        print("closed properly: \(socket.closeReason?.code ?? .noStatusReceived)")
    } catch {
        print("lost, or a rule was broken: \(error)")
    }
}

func sayGoodbye(_ socket: WebSocket) async {
    await socket.close(code: .goingAway, reason: "back soon")  // and waits for the answer, 5 s at most
}

func chatRoute(_ router: Router<AppContext>) {
    let room = Room(maxBufferedBytes: 64 * 1024, slowReaders: .disconnect(.policyViolation))

    router.webSocket("/chat") { socket, _ in
        room.join(socket)  // leaves when it closes
        for try await message in socket.messages {
            room.broadcast(message)
        }
    }
}

func announce(_ text: String, to sockets: [WebSocket]) async throws {
    let message = PreparedMessage(text: text)
    for socket in sockets {
        try await socket.sendPrepared(message)
    }
}

func ask(_ url: String) async throws -> WebSocketMessage? {
    var configuration = WebSocketClientConfiguration()
    configuration.headers[.authorization] = "Bearer token"
    return try await WebSocket.withConnection(to: url, configuration: configuration) { socket in
        try await socket.send("hello")
        for try await answer in socket.messages { return answer }
        return nil
    }
}

func serve(_ router: Router<AppContext>) async throws {
    let application = Application(
        router: router,
        server: .webSockets(),
        configuration: .init(address: .hostname("0.0.0.0", port: 8080))
    )
    try await application.runService()  // until SIGTERM or SIGINT
}

// What the pieces above call.

func findUser(_ authorization: String?) -> User? {
    authorization == "Bearer token" ? User(id: 1) : nil
}
