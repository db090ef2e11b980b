import HTTPTypes
import NIOCore
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

/// What a client that only listens gets, whatever carries it.
enum Listener: Sendable {
    case events(StreamClient)
    case lines(StreamClient)
    case socket(WebSocket)

    enum Kind: CaseIterable, Sendable {
        case eventsByGET
        case events
        case lines
        case socket
        case socketByAddress
    }

    /// - Parameter request: a connect request in JSON.
    static func open(_ server: RealtimeServer, _ kind: Kind, _ request: String) async throws -> Listener {
        let query = "?cf_connect=" + percentEncoded(request)
        let address = "ws://localhost:\(server.port)/connection/uni_websocket"
        switch kind {
        case .eventsByGET: return .events(try await server.events(query))
        case .events: return .events(try await server.send(.post, "/connection/uni_sse", [:], request))
        case .lines: return .lines(try await server.send(.post, "/connection/uni_http_stream", [:], request))
        case .socketByAddress: return .socket(try await WebSocket.connect(to: address + query))
        case .socket:
            let socket = try await WebSocket.connect(to: address)
            try await socket.send(request)
            return .socket(socket)
        }
    }

    func next() async throws -> Wire.Push {
        switch self {
        case .events(let stream): return try Wire.Push(json: try await stream.event().data)
        case .lines(let stream): return try Wire.Push(json: try await stream.line())
        case .socket(let socket):
            for try await case .text(let text) in socket.messages { return try Wire.Push(json: text) }
            throw Unexpected("closed: \(await socket.waitForClose())")
        }
    }

    func publication() async throws -> String {
        while true {
            if let publication = try await next().publication { return publication.text }
        }
    }

    /// The code of the last push, after which there is nothing more.
    func disconnect() async throws -> UInt32 {
        while true {
            guard let code = try await next().disconnectCode else { continue }
            switch self {
            case .events(let stream), .lines(let stream): _ = try await stream.rest()
            case .socket(let socket): #expect(await UInt32(socket.waitForClose().code.rawValue) == code)
            }
            return code
        }
    }
}

@Suite("Transports on which the server alone speaks", .timeLimit(.minutes(2)))
struct UnidirectionalTests {
    @Test("The first push is connect, with the server's subscriptions; then come bare pushes", arguments: Listener.Kind.allCases)
    func listens(kind: Listener.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let listener = try await Listener.open(server, kind, #"{"token":"ada/open:news"}"#)
            let connect = try #require(try await listener.next().connect)
            #expect(Array(connect.subs.keys) == ["open:news"])
            #expect(!connect.client.isEmpty && !connect.session.isEmpty && connect.node.isEmpty)
            #expect(connect.ping == 25 && !connect.pong)
            for number in 1...20 { try await server.publish(number, to: "open:news") }
            for number in 1...20 { #expect(try await listener.publication() == "\(number)") }
            #expect(server.hub.clients(of: "ada").count == 1)
        }
    }

    @Test("What was missed comes with connect, if the client says where it was", arguments: Listener.Kind.allCases)
    func recovers(kind: Listener.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            for number in 1...5 { try await server.publish(number, to: "recover:news") }
            let first = try await Listener.open(server, kind, #"{"token":"ada/recover:news","subs":{"recover:news":{"recoverable":true}}}"#)
            let position = try #require(try await first.next().connect?.subs["recover:news"])
            #expect(position.recoverable && position.offset == 5)
            let request = #"{"recover":true,"epoch":"\#(position.epoch)","offset":3}"#
            let second = try await Listener.open(server, kind, #"{"token":"ada/recover:news","subs":{"recover:news":\#(request)}}"#)
            let result = try #require(try await second.next().connect?.subs["recover:news"])
            #expect(result.recovered && result.wasRecovering)
            #expect(result.publications.map(\.text) == ["4", "5"])
        }
    }

    @Test("A disconnect is a push, and then the end", arguments: Listener.Kind.allCases)
    func disconnected(kind: Listener.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let listener = try await Listener.open(server, kind, #"{"token":"ada"}"#)
            _ = try await listener.next()
            server.hub.disconnect(user: "ada", .forceReconnect)
            #expect(try await listener.disconnect() == 3_011)
            try await eventually("nobody is left") { server.hub.counts.clients == 0 }
        }
    }

    @Test("Pings are empty pushes, and nobody answers", arguments: Listener.Kind.allCases)
    func pings(kind: Listener.Kind) async throws {
        let settings = RealtimeServer.Settings {
            $0.hub.pingInterval = .seconds(1)
            $0.hub.pongTimeout = .milliseconds(100)
        }
        try await RealtimeServer.run(settings) { (server) async throws in
            let listener = try await Listener.open(server, kind, #"{"token":"ada"}"#)
            _ = try await listener.next()
            for _ in 0..<3 { #expect(try await listener.next() == Wire.Push()) }
        }
    }

    @Test("A connect error is a disconnect: for now by a push", arguments: Listener.Kind.allCases)
    func errors(kind: Listener.Kind) async throws {
        let settings = RealtimeServer.Settings {
            $0.handlers.connect = { (event) async throws(HubRefusal) in
                throw .error(event.name == "busy" ? .tooManyRequests : .internal)
            }
        }
        try await RealtimeServer.run(settings) { (server) async throws in
            for (request, code) in [(#"{"token":"old"}"#, 3_005), (#"{"name":"busy"}"#, 3_013), ("{\"name\":\"other\"}", 3_004)] {
                #expect(try await Listener.open(server, kind, request).disconnect() == UInt32(code), "\(request)")
            }
        }
    }

    private static let refusals: [(request: String, code: UInt16, status: Int)] = [
        (#"{"token":"bad"}"#, 3_500, 401),
        (#"{"name":"forbidden"}"#, 3_507, 403),
        (#"{"name":"many"}"#, 3_504, 429),
        (#"{"name":"own"}"#, 4_501, 403),
    ]

    private static let refusing = RealtimeServer.Settings {
        $0.handlers.connect = { (event) async throws(HubRefusal) in
            switch event.name {
            case "forbidden": throw .error(.permissionDenied)
            case "many": throw .disconnect(.connectionLimit)
            default: throw .disconnect(DisconnectCode(4_501, reason: "\"own\""))
            }
        }
    }

    @Test("For good: by a status, which stops an EventSource", arguments: refusals)
    func refused(request: String, code: UInt16, status: Int) async throws {
        try await RealtimeServer.run(Self.refusing) { (server) async throws in
            let streams = [
                try await server.events("?cf_connect=" + percentEncoded(request)),
                try await server.send(.post, "/connection/uni_sse", [:], request),
                try await server.send(.post, "/connection/uni_http_stream", [:], request),
            ]
            for stream in streams {
                #expect(try await stream.status() == status)
                let body = try await stream.rest()
                #expect(body.hasPrefix(#"{"code":\#(code),"reason":"#), "\(body)")
            }
            #expect(server.hub.counts.clients == 0)
        }
    }

    @Test("Or by a push, where that is not wanted", arguments: refusals, Listener.Kind.allCases)
    func refused(_ refusal: (request: String, code: UInt16, status: Int), kind: Listener.Kind) async throws {
        var settings = Self.refusing
        settings.options.refusesWithStatus = false
        try await RealtimeServer.run(settings) { (server) async throws in
            #expect(try await Listener.open(server, kind, refusal.request).disconnect() == UInt32(refusal.code))
        }
    }

    @Test(
        "A connect request that is none",
        arguments: ["{", "[]", "null", #"{"token":1}"#, #"{"id":1}{"#, "{}\n{}", String(repeating: "[", count: 2_000), "%"])
    func nonsense(request: String) async throws {
        try await RealtimeServer.run { (server) async throws in
            #expect(try await server.status(.post, "/connection/uni_sse", [:], request) == 400)
            #expect(try await server.status(.post, "/connection/uni_http_stream", [:], request) == 400)
            #expect(try await server.events("?cf_connect=" + percentEncoded(request)).status() == 400)
            for kind in [Listener.Kind.socket, .socketByAddress] {
                #expect(try await Listener.open(server, kind, request).disconnect() == 3_501)
            }
            #expect(server.hub.counts.clients == 0)
        }
    }

    @Test("The address alone is enough: a token, or nothing for somebody anonymous")
    func simpleAddresses() async throws {
        try await RealtimeServer.run { (server) async throws in
            let anonymous = Listener.events(try await server.events())
            #expect(try await anonymous.next().connect != nil)
            let ada = Listener.events(try await server.events("?token=ada%2Fopen:news"))
            #expect(try await ada.next().connect?.subs.keys.first == "open:news")
            let both = Listener.events(try await server.events("?token=ada&cf_connect=" + percentEncoded(#"{"name":"page"}"#)))
            #expect(try await both.next().connect != nil)
            try await eventually("two of Ada's") { server.hub.clients(of: "ada").count == 2 }
            let address = "ws://localhost:\(server.port)/connection/uni_websocket?token=ada"
            #expect(try await Listener.socket(try await WebSocket.connect(to: address)).next().connect != nil)
        }
    }

    @Test("Without anonymous clients, the address alone is not")
    func anonymous() async throws {
        try await RealtimeServer.run(.init { $0.hub.allowsAnonymousConnections = false }) { (server) async throws in
            #expect(try await Listener.events(try await server.events()).disconnect() == 3_004)
        }
    }

    @Test("A socket that says more than it may is closed")
    func secondMessage() async throws {
        try await RealtimeServer.run { (server) async throws in
            for second in [#"{"token":"ada"}"#, #"{"id":1,"connect":{}}"#, "nonsense"] {
                let listener = try await Listener.open(server, .socket, "{}")
                _ = try await listener.next()
                guard case .socket(let socket) = listener else { return }
                try await socket.send(second)
                #expect(try await listener.disconnect() == 3_501)
            }
        }
    }

    @Test("A socket that says nothing is stale")
    func stale() async throws {
        try await RealtimeServer.run(.init { $0.hub.staleTimeout = .milliseconds(100) }) { (server) async throws in
            let socket = try await WebSocket.connect(to: "ws://localhost:\(server.port)/connection/uni_websocket")
            #expect(try await Listener.socket(socket).disconnect() == 3_502)
        }
    }

    @Test("Each push is a message of its own, however many come together")
    func separateMessages() async throws {
        try await RealtimeServer.run { (server) async throws in
            let listener = try await Listener.open(server, .socket, #"{"token":"ada/open:news"}"#)
            _ = try await listener.next()
            guard case .socket(let socket) = listener else { return }
            for number in 1...50 { try await server.publish(number, to: "open:news") }
            var seen = 0
            for try await case .text(let text) in socket.messages {
                #expect(!text.contains("\n"))
                seen += 1
                if seen == 50 { break }
            }
        }
    }
}
