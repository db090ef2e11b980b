// The settings of transports, over a server that runs.

import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOPosix
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol
import WebSocketTesting

@testable import HeliographServer

@Suite("Transports of a configured server", .timeLimit(.minutes(1)))
struct TransportServerTests {
    private static let text = "\"" + String(repeating: "again and ", count: 200) + "\""
    private static let offer = "permessage-deflate; client_max_window_bits"
    private static let compressed: UInt8 = 0b100

    private static func configuration(_ more: String) async throws -> ServeConfiguration {
        try await ServeConfiguration(
            yaml: """
                client: {allow_anonymous: true, token: {hmac_secret_key: "\(TokenMaker.secret)"}}
                channel: {without_namespace: {allow_subscribe_for_anonymous: true, allow_publish_for_anonymous: true}}
                \(more)
                """, file: "test.yaml")
    }

    private static func compressing(_ messageSize: Int = 64 << 10) -> WebSocketClientConfiguration {
        var configuration = WebSocketClientConfiguration()
        configuration.webSocket.compression = DeflateConfiguration()
        configuration.webSocket.limits.maxMessageSize = messageSize
        return configuration
    }

    private static func data(of push: Wire.Push) throws -> String {
        guard case .publication(let publication) = push.body else { throw ServerTestSupport.Unexpected("no publication") }
        return String(buffer: publication.data)
    }

    // MARK: Compression

    @Test("a publication is compressed once for all who get it on an event loop; who did not offer it gets it as it is")
    func once() async throws {
        let budget = DeflateBudget(bytes: 8 << 20)
        var configuration = try await Self.configuration("websocket: {compression: true}")
        configuration.realtime?.rules[.webSocket]?.compression?.budget = budget
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await TestServer.run(configuration, eventLoopGroup: group) { server in
            var clients: [RealtimeClient] = []
            for index in 0..<20 {
                let offers = index > 0
                clients.append(try await RealtimeClient(server, "/connection/websocket", offers ? Self.compressing() : .init()))
                #expect(clients[index].socket.isCompressed == offers)
                try await clients[index].connect()
                try await clients[index].subscribe("news")
            }
            let before = budget.lent
            for _ in 0..<3 {
                try await server.application.hub.publish(Array(Self.text.utf8), to: "news")
                for client in clients { #expect(try Self.data(of: try await client.push()) == Self.text) }
            }
            #expect(budget.lent - before == 3)
        }
        try await group.shutdownGracefully()
    }

    @Test("the frames of a WebSocket are compressed, the short ones are not", arguments: ["websocket", "uni_websocket"])
    func frames(transport: String) async throws {
        let configuration = try await Self.configuration("\(transport): {compression: true, compression_min_size: 1000}")
        let token = try await TokenMaker.hmac().sign(#"{"sub":"42","channels":["news"]}"#)
        try await TestServer.run(configuration) { server in
            try await FrameClient.run(server, "/connection/\(transport)?token=\(token)", offer: Self.offer) { client in
                #expect(client.head.lowercased().contains("sec-websocket-extensions: permessage-deflate"))
                if transport == "websocket" { try await client.send(.text(#"{"id":1,"connect":{"token":"\#(token)"}}"#)) }
                let connected = try await client.next()
                #expect(connected.reservedBits == 0)
                #expect(String(decoding: connected.payload, as: UTF8.self).contains("connect"))
                try await server.application.hub.publish(Array(Self.text.utf8), to: "news")
                let publication = try await client.next()
                #expect(publication.reservedBits == Self.compressed)
                #expect(publication.payload.count < Self.text.utf8.count / 10)
            }
        }
    }

    @Test("without the setting the offer is declined, and nothing is compressed", arguments: ["websocket", "uni_websocket"])
    func declined(transport: String) async throws {
        let configuration = try await Self.configuration("\(transport): {compression_level: 9}")
        let token = try await TokenMaker.hmac().sign(#"{"sub":"42","channels":["news"]}"#)
        try await TestServer.run(configuration) { server in
            try await FrameClient.run(server, "/connection/\(transport)?token=\(token)", offer: Self.offer) { client in
                #expect(!client.head.lowercased().contains("sec-websocket-extensions"))
                if transport == "websocket" { try await client.send(.text(#"{"id":1,"connect":{"token":"\#(token)"}}"#)) }
                let connected = try await client.next()
                #expect(connected.reservedBits == 0)
                try await server.application.hub.publish(Array(Self.text.utf8), to: "news")
                let publication = try await client.next()
                #expect(publication.reservedBits == 0)
                #expect(publication.payload.count > Self.text.utf8.count)
            }
        }
    }

    @Test("no client is compressed for when the budget has no room, and all of them are served")
    func exhausted() async throws {
        var configuration = try await Self.configuration("websocket: {compression: true}")
        configuration.realtime?.rules[.webSocket]?.compression?.budget = DeflateBudget(bytes: 1_000)
        try await TestServer.run(configuration) { server in
            let client = try await RealtimeClient(server, "/connection/websocket", Self.compressing())
            #expect(!client.socket.isCompressed)
            try await client.connect()
            try await client.subscribe("news")
        }
    }

    // MARK: Sizes

    /// A connect command of so many bytes.
    private static func command(_ bytes: Int) -> String {
        let (start, end) = (#"{"id":1,"connect":{"#, "}}")
        return start + String(repeating: " ", count: bytes - start.utf8.count - end.utf8.count) + end
    }

    @Test("a message of message_size_limit is taken; one that is a byte longer ends the connection with 1009")
    func tooLong() async throws {
        try await TestServer.run(Self.configuration("websocket: {message_size_limit: 2048}")) { server in
            try await FrameClient.run(server, "/connection/websocket", offer: Self.offer) { client in
                try await client.send(.text(Self.command(2_048)))
                let connected = try await client.next()
                #expect(String(decoding: connected.payload, as: UTF8.self).contains(#""client""#))
                try await client.send(.text(Self.command(2_049)))
                let end = try await client.next()
                #expect(end.closeCode == .messageTooBig)
            }
        }
    }

    @Test("the limit is of a message as it is after decompression")
    func inflated() async throws {
        try await TestServer.run(Self.configuration("websocket: {message_size_limit: 2048, compression: true}")) { server in
            let socket = try await server.connect("/connection/websocket", Self.compressing())
            #expect(socket.isCompressed)
            var messages = socket.messages.makeAsyncIterator()
            try await socket.send(Self.command(2_048))
            #expect(try await messages.next() != nil)
            try await socket.send(Self.command(2_049))
            #expect(await socket.waitForClose().code == .messageTooBig)
        }
    }

    @Test("a larger limit lets a long publication through, from the one client to the other", arguments: [false, true])
    func long(isCompressed: Bool) async throws {
        try await TestServer.run(Self.configuration("websocket: {message_size_limit: 1000000, compression: \(isCompressed)}")) { server in
            let publisher = try await RealtimeClient(server, "/connection/websocket", Self.compressing(1 << 20))
            let subscriber = try await RealtimeClient(server, "/connection/websocket", Self.compressing(1 << 20))
            #expect(subscriber.socket.isCompressed == isCompressed)
            for client in [publisher, subscriber] { try await client.connect() }
            try await subscriber.subscribe("news")
            let data = "\"" + String(repeating: "0123456789", count: 90_000) + "\""
            let reply = try await publisher.ask(.publish(Wire.PublishRequest(channel: "news", data: ByteBuffer(string: data))))
            #expect(reply.error == nil)
            #expect(try Self.data(of: try await subscriber.push()) == data)
        }
    }

    @Test(
        "a body longer than its transport takes is answered with 413, one that is as long is read",
        arguments: [("/connection/http_stream", 1_024), ("/connection/uni_http_stream", 2_048), ("/emulation", 3_072)])
    func bodies(path: String, limit: Int) async throws {
        let configuration = try await Self.configuration(
            """
            http_stream: {max_request_body_size: 1024}
            uni_http_stream: {max_request_body_size: 2048}
            emulation: {max_request_body_size: 3072}
            """)
        try await TestServer.run(configuration) { server in
            for (count, status) in [(limit, [200, 400]), (limit + 1, [413])] {
                // No JSON: it is read, and then the answer is an end.
                let answer = try await server.http.execute(uri: path, method: .post, body: ByteBuffer(repeating: 0x78, count: count))
                #expect(status.contains(answer.status.code), "\(path) says \(answer.status) to \(count) bytes")
            }
        }
    }

    @Test("what a transport may do is for the next start")
    func reload() async throws {
        try await TestServer.run(Self.configuration("websocket: {message_size_limit: 2048}")) { server in
            let outcome = try await server.application.reload(
                try await Self.configuration("websocket: {message_size_limit: 4096, compression: true}"))
            #expect(outcome.changed == [])
            #expect(outcome.waiting == ["websocket.compression", "websocket.message_size_limit"])
            let client = try await RealtimeClient(server, "/connection/websocket", Self.compressing())
            #expect(!client.socket.isCompressed)
        }
    }
}
