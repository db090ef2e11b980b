// Live tests of a socket: the real server on a port of its own, and the package's own client.

import HummingbirdTesting
import NIOCore
import Testing
import WebSocketClient
import WebSocketNIO

@testable import WebApp

@Suite struct EchoSocketTests {
    @Test func textAndBytesComeBackAsTheyWere() async throws {
        try await live { client in
            try await WebSocket.withConnection(to: client.socket("/echo")) { socket in
                try await socket.send("hello")
                #expect(try await socket.receive() == .text("hello"))
                try await socket.send(ByteBuffer(bytes: [0, 255]))
                #expect(try await socket.receive() == .binary(ByteBuffer(bytes: [0, 255])))
            }
        }
    }

    @Test func theEndIsAnAgreementOfBoth() async throws {
        try await live { client in
            let socket = try await WebSocket.connect(to: client.socket("/echo"))
            await socket.close(code: 4000, reason: "done")
            #expect(socket.closeReason?.code == 4000)
            #expect(socket.closeReason?.isClean == true)
        }
    }

    @Test func aRequestThatIsNoHandshakeIsToldSo() async throws {
        try await live { client in
            let response = try await client.execute(uri: "/echo", method: .get)
            #expect(response.status == .upgradeRequired)
        }
    }
}
