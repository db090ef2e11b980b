import HTTPTypes
import NIOCore
import NIOHTTPTypes
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import Testing

@Suite("Streams with commands beside them", .timeLimit(.minutes(2)))
struct EmulatedTransportTests {
    private static let everyWay = EmulatedClient.Kind.allCases
    private static let open = "open:tea"

    @Test("connect, subscribe, publish, presence", arguments: everyWay, StreamClient.HTTP.allCases)
    func conversation(kind: EmulatedClient.Kind, http: StreamClient.HTTP) async throws {
        try await RealtimeServer.run(.init { $0.http = http }) { (server) async throws in
            let one = try await EmulatedClient.connect(server, kind)
            let two = try await EmulatedClient.connect(server, kind)
            #expect(one.node == server.hub.node)
            try await one.subscribe(Self.open)
            try await two.subscribe(Self.open)
            try await two.publish(#"{"text":"κόσμε\n"}"#, to: Self.open)
            #expect(try await one.publication().text == #"{"text":"κόσμε\n"}"#)
            #expect(try await two.publication().info?.client.isEmpty == false)
            guard case .presence(let presence) = try await one.ask(.presence(Wire.PresenceRequest(channel: Self.open))).body else {
                throw Unexpected("no presence")
            }
            #expect(presence.presence.count == 2)
        }
    }

    @Test("The answer says how it is to be treated", arguments: everyWay)
    func headers(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind)
            let head = try await client.stream.head()
            #expect(head.status == .ok)
            let type =
                switch kind {
                case .httpStreamJSON: "application/x-ndjson"
                case .httpStreamProtobuf: "application/octet-stream"
                case .events, .eventsByGET: "text/event-stream"
                }
            #expect(head.headerFields[.contentType] == type)
            #expect(head.headerFields[.cacheControl]?.contains("no-cache") == true)
            #expect(head.headerFields[.cacheControl]?.contains("no-transform") == true)
            #expect(head.headerFields[try #require(HTTPField.Name("X-Accel-Buffering"))] == "no")
            #expect(head.headerFields[.contentLength] == nil)
        }
    }

    @Test("An event stream begins with an empty line, so that something comes at once")
    func preamble() async throws {
        try await RealtimeServer.run { (server) async throws in
            let stream = try await server.send(.post, "/connection/sse", [:], #"{"id":1,"connect":{}}"#)
            #expect(try await stream.line() == "\r")
            #expect(try await stream.line().hasPrefix(#"data: {"id":1,"connect":{"#))
            #expect(try await stream.line() == "")
        }
    }

    @Test("The secret of a session is not its public id, and no two are alike")
    func secrets() async throws {
        try await RealtimeServer.run { (server) async throws in
            var secrets: Set<String> = []
            for _ in 0..<20 {
                let client = try await EmulatedClient.connect(server, .httpStreamJSON)
                secrets.insert(client.session)
                try await client.subscribe(Self.open)
                guard case .presence(let result) = try await client.ask(.presence(Wire.PresenceRequest(channel: Self.open))).body else {
                    throw Unexpected("no presence")
                }
                for id in result.presence.keys { #expect(!secrets.contains(id)) }
            }
            #expect(secrets.count == 20)
            #expect(secrets.allSatisfy { $0.count == 32 })
        }
    }

    @Test("Subscriptions in the first batch are answered after connect", arguments: everyWay)
    func optimistic(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind, .subscribe(Wire.SubscribeRequest(channel: Self.open)))
            let reply = try await client.next()
            #expect(reply.id == 2)
            try await server.publish(7, to: Self.open)
            #expect(try await client.publication().text == "7")
        }
    }

    @Test("A client that comes back gets what it missed", arguments: everyWay)
    func recovery(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let first = try await EmulatedClient.connect(server, kind)
            let position = try await first.subscribe("recover:tea") { $0.recoverable = true }
            try await server.publish(1, to: "recover:tea")
            #expect(try await first.publication().offset == 1)
            await first.stream.close()
            for number in 2...5 { try await server.publish(number, to: "recover:tea") }
            let second = try await EmulatedClient.connect(server, kind)
            let result = try await second.subscribe("recover:tea") {
                $0.recover = true
                $0.epoch = position.epoch
                $0.offset = 1
            }
            #expect(result.recovered)
            #expect(result.publications.map(\.text) == ["2", "3", "4", "5"])
        }
    }

    @Test("Errors are answers, and the stream goes on", arguments: everyWay)
    func errors(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind)
            #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "none:x"))).error?.code == 102)
            #expect(try await client.ask(.history(Wire.HistoryRequest(channel: Self.open))).error?.code == 108)
            try await client.subscribe(Self.open)
        }
    }

    @Test("A refused connect is an answer; a bad token is the end", arguments: everyWay)
    func refused(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            for (token, code) in [("old", UInt32(109))] {
                var batch = ByteBuffer()
                try Wire.write(Wire.Command(id: 1, body: .connect(Wire.ConnectRequest(token: token))), as: kind.format, to: &batch)
                let client = try await EmulatedClient.open(server, kind, batch)
                #expect(try await client.next().error?.code == code)
            }
            var batch = ByteBuffer()
            try Wire.write(Wire.Command(id: 1, body: .connect(Wire.ConnectRequest(token: "bad"))), as: kind.format, to: &batch)
            let client = try await EmulatedClient.open(server, kind, batch)
            #expect(try await client.disconnect() == 3_500)
            #expect(try await client.stream.status() == 200)
        }
    }

    @Test("What the server ends, it ends with a push, and then the body", arguments: everyWay, [StreamClient.HTTP.plain, .http2])
    func disconnect(kind: EmulatedClient.Kind, http: StreamClient.HTTP) async throws {
        try await RealtimeServer.run(.init { $0.http = http }) { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind, token: "ada")
            server.hub.disconnect(user: "ada", .forceDisconnect)
            #expect(try await client.disconnect() == 3_503)
            try await eventually("nobody is left") { server.hub.counts.clients == 0 }
        }
    }

    @Test("Whoever breaks a rule is told so", arguments: everyWay)
    func broken(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            // The first command is not connect.
            var batch = ByteBuffer()
            try Wire.write(Wire.Command(id: 1, body: .ping(Wire.PingRequest())), as: kind.format, to: &batch)
            #expect(try await EmulatedClient.open(server, kind, batch).disconnect() == 3_501)
            // There is none.
            #expect(try await EmulatedClient.open(server, kind, ByteBuffer()).disconnect() == 3_501)
            // A second connect.
            let client = try await EmulatedClient.connect(server, kind)
            try await client.send(Wire.Command(id: 2, body: .connect(Wire.ConnectRequest())))
            #expect(try await client.disconnect() == 3_501)
        }
    }

    @Test("A ping is an empty message; who does not answer is gone", arguments: [EmulatedClient.Kind.httpStreamProtobuf, .events])
    func pings(kind: EmulatedClient.Kind) async throws {
        let settings = RealtimeServer.Settings {
            $0.hub.pingInterval = .seconds(4)
            $0.hub.pongTimeout = .seconds(3)
        }
        try await RealtimeServer.run(settings) { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind)
            let ping = try await client.read()
            #expect(ping == Wire.Reply())
            var pong = ByteBuffer()
            try Wire.write(Wire.Command(), as: kind.format, to: &pong)
            #expect(try await client.post(pong) == 204)
            #expect(try await client.read() == Wire.Reply())
            #expect(try await client.disconnect() == 3_012)
        }
    }

    @Test("A client that goes away is noticed", arguments: everyWay, StreamClient.HTTP.allCases)
    func leaves(kind: EmulatedClient.Kind, http: StreamClient.HTTP) async throws {
        try await RealtimeServer.run(.init { $0.http = http }) { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind)
            #expect(server.hub.counts.clients == 1)
            await client.stream.close()
            try await eventually("it is gone") { server.hub.counts.clients == 0 }
            #expect(try await client.post(ByteBuffer(string: "{}")) == 204)
        }
    }

    @Test("A client that ends its half of the connection has gone too")
    func halfClosed() async throws {
        try await RealtimeServer.run { (server) async throws in
            let client = try await EmulatedClient.connect(server, .httpStreamJSON)
            try await client.stream.channel.close(mode: .output)
            try await eventually("it is gone") { server.hub.counts.clients == 0 }
            try await client.stream.waitForClose()
        }
    }

    @Test("Another stream follows on the same connection, after an end and after a refusal")
    func keptAlive() async throws {
        try await RealtimeServer.run(.init { $0.options.closeTimeout = .seconds(2) }) { (server) async throws in
            let stream = try await StreamClient.connect(port: server.port)
            for round in 0..<2 {
                let body = ByteBuffer(string: #"{"id":1,"connect":{"token":"ada"}}"#)
                var request = HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/connection/http_stream")
                request.headerFields = [.contentType: "application/json", .contentLength: "\(body.readableBytes)"]
                stream.inbox.change { $0.isEnd = false }
                stream.channel.write(HTTPRequestPart.head(request), promise: nil)
                stream.channel.write(HTTPRequestPart.body(body), promise: nil)
                try await stream.channel.writeAndFlush(HTTPRequestPart.end(nil))
                #expect(try await stream.line().contains(#""connect":{"#), "round \(round)")
                server.hub.disconnect(user: "ada", .forceReconnect)
                #expect(try await stream.line().contains("3011"))
                #expect(try await stream.rest() == "")
                var refused = HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/connection/uni_sse?token=bad")
                refused.headerFields = [:]
                stream.inbox.change { $0.isEnd = false }
                stream.channel.write(HTTPRequestPart.head(refused), promise: nil)
                try await stream.channel.writeAndFlush(HTTPRequestPart.end(nil))
                #expect(try await stream.rest().contains("3500"))
                // Nothing of it ends the connection later.
                try await Task.sleep(for: .milliseconds(2_500))
            }
        }
    }
}
