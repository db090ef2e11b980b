// The part on httptest of Docs/from-go.md. dev/lint.sh compares the two.

import Hummingbird
import HummingbirdTesting
import Testing
import WebSocketClient
import WebSocketHummingbird
import WebSocketNIO

@testable import FromGo

@Test func echoes() async throws {
    let router = Router(context: AppContext.self)
    echoRoute(router)
    try await Application(router: router, server: .webSockets()).test(.live) { client in
        let port = try #require(client.port)
        try await WebSocket.withConnection(to: "ws://127.0.0.1:\(port)/echo") { socket in
            try await socket.send("hello")
            let answer = try await socket.messages.first { _ in true }
            #expect(answer == .text("hello"))
        }
    }
}

@Test func greets() async throws {
    try await Application(router: routes()).test(.router) { client in
        let response = try await client.execute(uri: "/greet?name=Ada", method: .get)
        #expect(String(buffer: response.body) == "hello, Ada")
    }
}
