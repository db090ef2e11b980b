import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOEmbedded

/// What the tests' middlewares note about a request.
struct TestContext: RequestContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    var caller: String?
    var mediaType: MediaType?
    var remoteAddress: SocketAddress?

    init(source: Source) {
        coreContext = .init(source: source)
        // In the tests without sockets there is no address.
        remoteAddress = source.channel.remoteAddress
    }

    /// For a middleware that is called without a router.
    static var alone: TestContext {
        TestContext(source: .init(channel: EmbeddedChannel(), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
    }
}

/// A router with one middleware, and requests to it.
struct Site {
    let client: any TestClientProtocol

    func ask(
        _ path: String = "/", _ method: HTTPRequest.Method = .get, _ headers: HTTPFields = [:], _ body: ByteBuffer? = nil
    ) async throws -> TestResponse {
        try await client.execute(uri: path, method: method, headers: headers, body: body)
    }

    func status(
        _ path: String = "/", _ method: HTTPRequest.Method = .get, _ headers: HTTPFields = [:], _ body: ByteBuffer? = nil
    ) async throws -> HTTPResponse.Status {
        try await ask(path, method, headers, body).status
    }

    func text(
        _ path: String = "/", _ method: HTTPRequest.Method = .get, _ headers: HTTPFields = [:], _ body: ByteBuffer? = nil
    ) async throws -> String {
        try await ask(path, method, headers, body).text
    }

    func coding(_ path: String = "/", _ method: HTTPRequest.Method = .get, _ headers: HTTPFields = [:]) async throws -> String? {
        try await ask(path, method, headers).headers[.contentEncoding]
    }

    /// Runs a test against a handler at `/`, for GET, HEAD and POST, behind middlewares.
    static func run(
        _ middlewares: [any MiddlewareProtocol<Request, Response, TestContext>], live: Bool = false,
        handler: @escaping @Sendable (Request, TestContext) async throws -> Response = { _, _ in Response(status: .ok) },
        _ test: @escaping @Sendable (Site) async throws -> Void
    ) async throws {
        let router = Router(context: TestContext.self)
        for middleware in middlewares { router.add(middleware: middleware) }
        router.get("/", use: handler)
        router.head("/", use: handler)
        router.post("/", use: handler)
        var configuration = ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0))
        configuration.serverName = "test"
        let application = Application(router: router, configuration: configuration)
        try await application.test(live ? .live : .router) { try await test(Site(client: $0)) }
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }

    subscript(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}

func text(_ text: String, type: String = "text/plain", _ headers: HTTPFields = [:]) -> Response {
    var headers = headers
    headers[.contentType] = type
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
}
