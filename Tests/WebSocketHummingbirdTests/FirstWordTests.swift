// What a socket sends at once, while the handlers of HTTP are still leaving the pipeline, is bytes and not an HTTP response. Small frames
// go straight to the descriptor; a long one goes through the channel, as everything does over TLS.

import Hummingbird
import NIOCore
import Testing
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@Suite(.timeLimit(.minutes(1)))
struct FirstWordTests {
    static let length = 200 << 10

    final class Talker: WebSocketDelegate {
        func opened(_ socket: WebSocketConnection) {
            socket.send(ByteBuffer(repeating: 0x61, count: FirstWordTests.length), .text)
        }
    }

    @Test("A socket may speak first, on a new connection and on one that served requests", arguments: [false, true])
    func speaksFirst(afterRequest: Bool) async throws {
        let router = echoRouter()
        router.webSocket("talker", delegate: { _, _ in Talker() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            if afterRequest {
                try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await client.response().body == "Hello")
            }
            try await client.send(Handshake("/talker").text)
            #expect(try await client.response().status == 101)
            let header = try await client.take(10)
            #expect(header == [0x81, 127, 0, 0, 0, 0, 0, 3, 0x20, 0])
            #expect(try await client.take(FirstWordTests.length).allSatisfy { $0 == 0x61 })
        }
    }
}
