import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import WebSocketClient
import WebSocketNIO

@testable import WebApp

@Suite struct ChatSocketTests {
    private func connect(_ client: any TestClientProtocol, _ room: String, token: String?, origin: String? = nil) async throws -> WebSocket
    {
        var configuration = WebSocketClientConfiguration(headers: token.map { .bearer($0) } ?? [:], subprotocols: ["chat.v1"])
        configuration.headers[.origin] = origin
        return try await WebSocket.connect(to: client.socket("/rooms/\(room)"), configuration: configuration)
    }

    /// The status that the server answered with instead of a socket.
    private func refusal(_ connect: () async throws -> WebSocket) async throws -> HTTPResponse.Status? {
        do {
            try await connect().close()
            return nil
        } catch WebSocketClientError.refused(let refusal) {
            return refusal.response.status
        }
    }

    @Test func everybodyInTheRoomHearsEveryLine() async throws {
        try await live { client in
            let ada = try await connect(client, "lobby", token: "ada-token")
            let bob = try await connect(client, "lobby", token: "bob-token")
            #expect(ada.subprotocol == "chat.v1")
            // Who has heard their own words is in the room: only then does the other one speak.
            try await bob.send("hello")
            #expect(try await bob.receive()?.decode(ChatLine.self) == ChatLine(from: "bob", text: "hello"))
            try await ada.send("welcome")
            #expect(try await bob.receive()?.decode(ChatLine.self) == ChatLine(from: "ada", text: "welcome"))
            await ada.close()
            await bob.close()
        }
    }

    @Test func roomsDoNotHearEachOther() async throws {
        try await live { client in
            let ada = try await connect(client, "one", token: "ada-token")
            let bob = try await connect(client, "two", token: "bob-token")
            try await bob.send("hello")
            _ = try await bob.receive()
            try await ada.send("anybody?")
            #expect(try await ada.receive()?.decode(ChatLine.self).from == "ada")
            await ada.close()
            await bob.close()
        }
    }

    @Test(arguments: [(nil, "lobby", 401), ("guess", "lobby", 401), ("bob-token", "staff", 403)] as [(String?, String, Int)])
    func whoMayNotComeInGetsAnHTTPAnswer(token: String?, room: String, status: Int) async throws {
        try await live { client in
            let refused = try await refusal { try await connect(client, room, token: token) }
            #expect(refused?.code == status)
        }
    }

    @Test func aPageOfAnotherSiteCannotComeIn() async throws {
        try await live { client in
            let refused = try await refusal { try await connect(client, "lobby", token: "ada-token", origin: "https://evil.example") }
            #expect(refused == .forbidden)
        }
    }

    @Test func bytesAndLongLinesEndTheSocketWithTheirCode() async throws {
        try await live { client in
            let bytes = try await connect(client, "lobby", token: "ada-token")
            try await bytes.send(ByteBuffer(bytes: [1]))
            #expect(await bytes.waitForClose().code == .unsupportedData)
            let long = try await connect(client, "lobby", token: "ada-token")
            try await long.send(String(repeating: "x", count: 4097))
            #expect(await long.waitForClose().code == .messageTooBig)
        }
    }
}
