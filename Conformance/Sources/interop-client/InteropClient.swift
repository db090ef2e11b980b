// Our client against an echo server of somebody else's. The server answers "!close CODE REASON" by closing so.
//
//   interop-client URL [--ca FILE] [--compressed]
//
// Prints a line per check, and last "N passed, N failed".

import NIOCore
import NIOSSL
import WebSocketClient
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

struct Options {
    var url = ""
    var authority: String?
    var isCompressed = false

    init(_ arguments: [String]) {
        var words = arguments.dropFirst().makeIterator()
        while let word = words.next() {
            switch word {
            case "--ca": authority = words.next()
            case "--compressed": isCompressed = true
            default: url = word
            }
        }
    }

    var client: WebSocketClientConfiguration {
        var client = WebSocketClientConfiguration()
        client.webSocket.limits.maxMessageSize = 4 << 20
        client.webSocket.maxBufferedBytes = 16 << 20
        if isCompressed { client.webSocket.compression = DeflateConfiguration() }
        if let authority {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authority)
            client.tls = tls
        }
        return client
    }
}

struct Failure: Error, CustomStringConvertible {
    var description: String
}

func expect<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String) throws {
    guard value == expected else { throw Failure(description: "\(what) is \(value), not \(expected)") }
}

/// Sends a message and takes the echo.
func echo(_ socket: WebSocket, _ message: WebSocketMessage) async throws {
    try await socket.send(message)
    try await expectNext(socket, message)
}

func expectNext(_ socket: WebSocket, _ message: WebSocketMessage) async throws {
    for try await answer in socket.messages {
        guard answer == message else {
            throw Failure(description: "the echo of \(message.bytes.readableBytes) bytes is \(answer.bytes.readableBytes) other bytes")
        }
        return
    }
    throw Failure(description: "closed with \(socket.closeReason.map { "\($0)" } ?? "nothing")")
}

func bytes(_ count: Int) -> ByteBuffer {
    ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
}

let checks: [(String, @Sendable (WebSocket, Options) async throws -> Void)] = [
    ("the extension is what was asked for", { try expect($0.isCompressed, $1.isCompressed, "isCompressed") }),
    ("text", { socket, _ in for text in ["hello", "", "κόσμε \u{1f30d}"] { try await echo(socket, .text(text)) } }),
    ("binary", { socket, _ in for count in [0, 1, 125, 126, 65_535, 65_536] { try await echo(socket, .binary(bytes(count))) } }),
    ("a mebibyte", { socket, _ in try await echo(socket, .binary(bytes(1 << 20))) }),
    ("text that compresses", { socket, _ in try await echo(socket, .text(String(repeating: "so much alike ", count: 5000))) }),
    (
        "a message in fragments",
        { socket, _ in
            try await socket.sendStream(.text) { writer in
                for part in ["in ", "", "three ", "parts"] { try await writer.write(ByteBuffer(string: part)) }
            }
            try await expectNext(socket, .text("in three parts"))
        }
    ),
    (
        "many in flight",
        { socket, _ in
            for number in 0..<500 { try await socket.send("\(number)") }
            for number in 0..<500 { try await expectNext(socket, .text("\(number)")) }
        }
    ),
    (
        "a ping between",
        { socket, _ in
            // The pong is seen by whoever reads, so somebody reads meanwhile.
            async let reader: Void = expectNext(socket, .text("after the ping"))
            _ = try await socket.ping()
            try await socket.send("after the ping")
            try await reader
        }
    ),
    (
        "we close",
        { socket, _ in
            await socket.close(code: 4001, reason: "enough")
            let reason = socket.closeReason
            try expect(reason?.code, 4001, "the code")
            try expect(reason?.isClean, true, "isClean")
        }
    ),
    (
        "they close",
        { socket, _ in
            try await socket.send("!close 4321 because")
            for try await _ in socket.messages {}
            try expect(socket.closeReason?.code, 4321, "the code")
            try expect(socket.closeReason?.text, "because", "the reason")
            try expect(socket.closeReason?.origin, .peer, "the origin")
        }
    ),
]

@main enum InteropClient {
    static func main() async {
        let options = Options(CommandLine.arguments)
        var passed = 0
        for (name, check) in checks {
            do {
                try await WebSocket.withConnection(to: options.url, configuration: options.client) { try await check($0, options) }
                passed += 1
                print("    ok      \(name)")
            } catch {
                print("    FAILED  \(name): \(error)")
            }
        }
        print("\(passed) passed, \(checks.count - passed) failed")
    }
}
