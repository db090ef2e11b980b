// The built program, as a user starts it: what it prints, how it fails, how it stops.

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("heliograph serve", .timeLimit(.minutes(2)))
struct ServeCommandTests {
    /// A running server and the address that it printed.
    private func serve(_ arguments: [String] = []) async throws -> (Command, URLComponents) {
        let command = try Command(HeliographBinary.path, ["serve", "--port", "0"] + arguments)
        while let line = await command.line() {
            guard let address = line.firstMatch(of: /running at (https?:\/\/\S+)/)?.output.1 else { continue }
            return (command, try #require(URLComponents(string: String(address))))
        }
        throw Unexpected("it did not start: \(await command.outcome().errors)")
    }

    private func socket(_ address: URLComponents, _ path: String, tls: TLSConfiguration? = nil) async throws -> WebSocket {
        var configuration = WebSocketClientConfiguration()
        configuration.tls = tls
        let host = address.host == "127.0.0.1" && tls != nil ? "localhost" : address.host ?? ""
        return try await WebSocket.connect(
            to: "\(tls == nil ? "ws" : "wss")://\(host):\(address.port ?? 0)\(path)", configuration: configuration)
    }

    @Test("says where it is, and echoes there")
    func start() async throws {
        let (server, address) = try await serve()
        #expect(address.scheme == "http")
        let socket = try await socket(address, "/echo")
        try await socket.send("hello")
        var messages = socket.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("hello"))
        server.signal(SIGTERM)
        #expect(await server.outcome().code == 0)
    }

    @Test("speaks TLS with --tls-cert and --tls-key")
    func tls() async throws {
        let folder = try TemporaryFolder()
        let files = try await folder.certificate()
        let (server, address) = try await serve(["--tls-cert", files.certificate, "--tls-key", files.key])
        #expect(address.scheme == "https")
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(files.certificate)
        let socket = try await socket(address, "/echo", tls: tls)
        try await socket.send("hello")
        var messages = socket.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("hello"))
        server.signal(SIGINT)
        #expect(await server.outcome().code == 0)
    }

    @Test("closes sockets when it is asked to stop, with a code that says why", arguments: [SIGTERM, SIGINT])
    func stop(signal: Int32) async throws {
        let (server, address) = try await serve()
        let echo = try await socket(address, "/echo")
        let chat = try await socket(address, "/demo/chat/tea")
        server.signal(signal)
        #expect(await echo.waitForClose().code == .goingAway)
        #expect(await chat.waitForClose().code == .serviceRestart)
        #expect(await server.outcome().code == 0)
    }

    @Test("waits for a socket that does not answer its Close, but not when asked a second time")
    func stopNow() async throws {
        let (server, address) = try await serve()
        let port = try #require(address.port)
        // A socket of which the peer never reads or answers anything after the handshake.
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port).get()
        let request = """
            GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n
            """
        try await channel.writeAndFlush(ByteBuffer(string: request))
        // Another one, whose Close says that the shutdown is under way.
        let witness = try await socket(address, "/echo")
        server.signal(SIGTERM)
        #expect(await witness.waitForClose().code == .goingAway)
        let started = ContinuousClock.now
        server.signal(SIGTERM)
        #expect(await server.outcome().code == 128 + SIGTERM)
        #expect(started.duration(to: .now) < .seconds(2))
        try? await channel.close()
    }

    @Test("says which port is taken, and fails")
    func portInUse() async throws {
        let (server, address) = try await serve()
        let port = try #require(address.port)
        let second = try await Command.run(HeliographBinary.path, ["serve", "--port", "\(port)"])
        #expect(second.code != 0)
        #expect(second.errors.contains("127.0.0.1:\(port) is in use"))
        #expect(second.errors.contains("--port"))
        #expect(!second.output.contains("running"))
        server.signal(SIGTERM)
        #expect(await server.outcome().code == 0)
    }

    @Test(
        "says what is wrong with its options, and fails",
        arguments: [
            (["--port", "70000"], "--port must be 0 to 65535"), (["--port", "-1"], "--port"), (["--port", "http"], "--port"),
            (["--threads", "0"], "--threads must be 1 to 1024"), (["--tls-cert", "a.pem"], "--tls-cert and --tls-key go together"),
            (["--tls-key", "a.pem"], "--tls-cert and --tls-key go together"), (["--log-level", "loud"], "--log-level"),
            (["--tls-cert", "/none/cert.pem", "--tls-key", "/none/key.pem"], "there is no such file"),
            (["--host", "no-such-host.invalid"], "is not known"), (["--host", "192.0.2.1"], "no address 192.0.2.1"),
            (["--frobnicate"], "frobnicate"),
        ])
    func badOptions(options: [String], words: String) async throws {
        let port = options.contains("--port") ? [] : ["--port", "0"]
        let outcome = try await Command.run(HeliographBinary.path, ["serve"] + port + options)
        #expect(outcome.code != 0)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test("fails with a key that is not the certificate's")
    func wrongKey() async throws {
        let folder = try TemporaryFolder()
        let one = try await folder.certificate("one")
        let two = try await folder.certificate("two")
        let outcome = try await Command.run(
            HeliographBinary.path, ["serve", "--port", "0", "--tls-cert", one.certificate, "--tls-key", two.key])
        #expect(outcome.code != 0)
        #expect(outcome.errors.contains("does not belong"))
    }
}
