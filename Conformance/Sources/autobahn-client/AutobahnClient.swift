// The client that Autobahn's fuzzing server tests: runs all its cases, echoing what comes.
//
//   autobahn-client ws://127.0.0.1:9001

import NIOCore
import WebSocketClient
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

/// On the event loop, as a program that echoes would do it.
final class Echo: WebSocketDelegate {
    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        socket.send(payload, kind)
    }
}

@main enum AutobahnClient {
    static let agent = "heliograph"

    static func main() async throws {
        let server = CommandLine.arguments.dropFirst().first ?? "ws://127.0.0.1:9001"
        var configuration = WebSocketClientConfiguration()
        configuration.webSocket.limits.maxMessageSize = 16 << 20
        configuration.webSocket.limits.maxFragments = 100_000
        configuration.webSocket.maxBufferedBytes = 64 << 20
        configuration.webSocket.compression = DeflateConfiguration()

        var count = 0
        try await WebSocket.withConnection(to: "\(server)/getCaseCount") { socket in
            for try await case .text(let number) in socket.messages { count = Int(number) ?? 0 }
        }
        print("\(count) cases")
        for number in stride(from: 1, through: count, by: 1) {
            let socket = try await WebSocket.connect(
                to: "\(server)/runCase?case=\(number)&agent=\(agent)",
                configuration: configuration,
                delegate: { Echo() }
            )
            await socket.waitForClose()
        }
        let reports = try await WebSocket.connect(to: "\(server)/updateReports?agent=\(agent)")
        await reports.waitForClose()
    }
}
