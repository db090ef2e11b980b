// H5, H7 and H9 of the catalogue: header blocks without end, and requests that come too slowly.

import Hummingbird
import NIOCore
import Testing
import WebSocketHummingbird

@Suite(.timeLimit(.minutes(2)))
struct RequestLimitTests {
    static let oversized: [Smuggler] = [
        Smuggler("a field of 9 KiB", field(String(repeating: "x", count: 9 << 10))),
        Smuggler("a name of 9 KiB", "GET /hello HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "x", count: 9 << 10) + ": y\r\n\r\n"),
        Smuggler("a target of 9 KiB", "GET /" + String(repeating: "x", count: 9 << 10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Smuggler("101 fields", fields(101, of: 1)),
        Smuggler("20 KiB in fields of 1 KiB", fields(20, of: 1 << 10)),
        Smuggler("20 KiB of spaces before a value", field(String(repeating: " ", count: 20 << 10) + "x")),
        Smuggler("a header that never ends", "GET /hello HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 20_000)),
        Smuggler("an oversized request for an upgrade", Handshake().adding("X", String(repeating: "x", count: 9 << 10)).text),
    ]

    static func field(_ value: String) -> String {
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: \(value)\r\n\r\n"
    }

    static func fields(_ count: Int, of length: Int) -> String {
        let value = String(repeating: "x", count: length)
        return "GET /hello HTTP/1.1\r\nHost: localhost\r\n" + (0..<count).map { "X-\($0): \(value)\r\n" }.joined() + "\r\n"
    }

    @Test("A header block over a limit is answered with 431, and the connection ends", arguments: oversized)
    func tooLarge(request: Smuggler) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            // The server may end its side before everything is sent.
            try? await client.send(request.text)
            let answer = String(decoding: try await client.takeAll(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer)")
        }
    }

    @Test("What is just within the limits is answered", arguments: [field(String(repeating: "x", count: 8_000)), fields(90, of: 100)])
    func large(request: String) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            for _ in 0..<3 {
                try await client.send(request)
                #expect(try await client.response().status == 200)
            }
        }
    }

    @Test("Extensions of 1 KiB of spaces and escapes are read in no time (H7)")
    func slowLists() async throws {
        try await withServer(echoRouter()) { server in
            let clock = ContinuousClock()
            let duration = try await clock.measure {
                for value in ["x; a=\"" + String(repeating: "\\c", count: 500) + "\"", "x" + String(repeating: " ", count: 1_000)] {
                    let client = try await RawClient.connect(port: server.port)
                    try await client.send(Handshake().adding("Sec-WebSocket-Extensions", value).text)
                    _ = try await client.response()
                }
            }
            #expect(duration < .seconds(10))
        }
    }

    static func hurried(_ timeout: Duration) -> WebSocketServerConfiguration {
        var configuration = WebSocketServerConfiguration()
        configuration.handshakeTimeout = timeout
        return configuration
    }

    @Test(
        "A client that says nothing, or never ends its header, is gone after the handshake timeout",
        arguments: ["", "GET /echo HTTP/1.1\r\nHost: "])
    func slowloris(beginning: String) async throws {
        try await withServer(echoRouter(), .webSockets(configuration: Self.hurried(.milliseconds(300)))) { server in
            let client = try await RawClient.connect(port: server.port)
            let clock = ContinuousClock()
            let start = clock.now
            if !beginning.isEmpty { try await client.send(beginning) }
            // What trickles in does not help.
            let trickle =
                beginning.isEmpty
                ? nil : Task { while !Task.isCancelled { try await client.send("x"); try await Task.sleep(for: .milliseconds(50)) } }
            defer { trickle?.cancel() }
            _ = try await client.takeAll(within: .seconds(5))
            #expect(clock.now - start >= .milliseconds(250))
        }
    }

    @Test("So is one that has served requests and then trickles")
    func slowSecondRequest() async throws {
        try await withServer(echoRouter(), .webSockets(configuration: Self.hurried(.milliseconds(300)))) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.response().status == 200)
            try await client.send("GET /hello HTT")
            #expect(try await client.takeAll(within: .seconds(5)).isEmpty)
        }
    }

    @Test("A socket, and an idle keep-alive connection, outlive the handshake timeout")
    func outlives() async throws {
        try await withServer(echoRouter(), .webSockets(configuration: Self.hurried(.seconds(2)))) { server in
            let socket = try await RawClient.upgraded(port: server.port)
            let plain = try await RawClient.connect(port: server.port)
            try await plain.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await plain.response().status == 200)
            // A third connection measures the time: it is closed by the timeout.
            let silent = try await RawClient.connect(port: server.port)
            _ = try await silent.takeAll()
            try await plain.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await plain.response().status == 200)
            try await socket.send(Frame.text("still here"))
            #expect(try await socket.frame().text == "still here")
        }
    }

    @Test("An idle keep-alive connection is closed after the idle timeout")
    func idle() async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.idleTimeout = .milliseconds(200)
        try await withServer(echoRouter(), .webSockets(configuration: configuration)) { server in
            let socket = try await RawClient.upgraded(port: server.port)
            let client = try await RawClient.connect(port: server.port)
            try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.response().status == 200)
            #expect(try await client.takeAll(within: .seconds(5)).isEmpty)
            try await socket.send(Frame.text("still here"))
            #expect(try await socket.frame().text == "still here")
        }
    }

    @Test("Five hundred that trickle do not slow others down")
    func manySlow() async throws {
        try await withServer(echoRouter()) { server in
            let slow = try await withThrowingTaskGroup(of: RawClient.self) { group in
                for _ in 0..<500 {
                    group.addTask {
                        let client = try await RawClient.connect(port: server.port)
                        try await client.send("GET /echo HTTP/1.1\r\nHost: ")
                        return client
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let clock = ContinuousClock()
            for _ in 0..<20 {
                let duration = try await clock.measure { _ = try await RawClient.upgraded(port: server.port) }
                #expect(duration < .seconds(5))
            }
            #expect(slow.count == 500)
        }
    }
}
