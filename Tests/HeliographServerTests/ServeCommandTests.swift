// The built program, as a user starts it: what it prints, how it fails, how it stops.

import Foundation
import HeliographServer
import NIOCore
import NIOPosix
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@Suite("heliograph serve", .timeLimit(.minutes(2)))
struct ServeCommandTests {
    private func heliograph(_ arguments: [String]) async throws -> Command.Outcome {
        try await Command.run(HeliographServerProcess.path, arguments)
    }

    @Test("says where it is, and echoes there")
    func start() async throws {
        let server = try await HeliographServerProcess.start()
        #expect(server.address.scheme == "http")
        let socket = try await WebSocket.connect(to: server.socketAddress("/echo"))
        try await socket.send("hello")
        var messages = socket.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("hello"))
        server.command.signal(SIGTERM)
        #expect(await server.command.outcome().code == 0)
    }

    @Test("--version says which one it is")
    func version() async throws {
        let outcome = try await heliograph(["--version"])
        #expect((outcome.code, outcome.output, outcome.errors) == (0, "\(HeliographVersion.current)\n", ""))
    }

    @Test("speaks TLS with --tls-cert and --tls-key")
    func tls() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let files = try await folder.certificate()
        let server = try await HeliographServerProcess.start(["--tls-cert", files.certificate, "--tls-key", files.key])
        #expect(server.address.scheme == "https")
        var configuration = WebSocketClientConfiguration()
        configuration.tls = .makeClientConfiguration()
        configuration.tls?.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(files.certificate))
        let socket = try await WebSocket.connect(to: server.socketAddress("/echo"), configuration: configuration)
        try await socket.send("hello")
        var messages = socket.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("hello"))
        let asked = ContinuousClock.now
        server.command.signal(SIGINT)
        #expect(await server.command.outcome().code == 0)
        #expect(asked.duration(to: .now) < .seconds(4), "TLS is not left to its timeout of 5 s")
    }

    @Test("closes sockets when it is asked to stop, with a code that says why", arguments: [SIGTERM, SIGINT])
    func stop(signal: Int32) async throws {
        let server = try await HeliographServerProcess.start()
        let echo = try await WebSocket.connect(to: server.socketAddress("/echo"))
        let page = try await WebSocket.connect(to: server.socketAddress("/demo/echo"))
        server.command.signal(signal)
        #expect(await echo.waitForClose().code == .goingAway)
        #expect(await page.waitForClose().code == .serviceRestart)
        #expect(await server.command.outcome().code == 0)
    }

    /// After the handshake this peer neither reads nor answers anything.
    private func silentSocket(_ server: HeliographServerProcess) async throws -> any Channel {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: server.port).get()
        let request = """
            GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n
            """
        try await channel.writeAndFlush(ByteBuffer(string: request))
        return channel
    }

    @Test("ends with 1 when its end takes longer than it may")
    func timeout() async throws {
        let server = try await HeliographServerProcess.start(["--set", "shutdown.timeout=1s"])
        let channel = try await silentSocket(server)
        let witness = try await WebSocket.connect(to: server.socketAddress("/echo"))
        let start = ContinuousClock.now
        server.command.signal(SIGTERM)
        _ = await witness.waitForClose()
        let outcome = await server.command.outcome()
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("stopping with connections still open"))
        #expect(start.duration(to: .now) < .seconds(4))
        try? await channel.close()
    }

    @Test("waits for a socket that does not answer its Close, but not when asked a second time")
    func stopNow() async throws {
        let server = try await HeliographServerProcess.start()
        let channel = try await silentSocket(server)
        // Another one, whose Close says that the shutdown is under way.
        let witness = try await WebSocket.connect(to: server.socketAddress("/echo"))
        server.command.signal(SIGTERM)
        #expect(await witness.waitForClose().code == .goingAway)
        server.command.signal(SIGTERM)
        #expect(await server.command.outcome().code == 128 + SIGTERM)
        try? await channel.close()
    }

    @Test("says which port is taken, and fails")
    func portInUse() async throws {
        let server = try await HeliographServerProcess.start()
        let second = try await heliograph(["serve", "--port", "\(server.port)"])
        #expect(second.code != 0)
        #expect(second.errors.contains("127.0.0.1:\(server.port) is in use"))
        #expect(second.errors.contains("--port"))
        #expect(!second.output.contains("running"))
        server.command.signal(SIGTERM)
        #expect(await server.command.outcome().code == 0)
    }

    @Test(
        "says what is wrong with its options, and fails",
        arguments: [
            (["--port", "70000"], "--port: it must be a whole number from 0 to 65535"), (["--port=-1"], "--port: it must be"),
            (["--port", "http"], "--port: it must be a whole number"),
            (["--threads", "0"], "--threads: it must be a whole number from 1 to 1024"),
            (["--tls-cert", "a.pem"], "--tls-cert and --tls-key go together"),
            (["--tls-key", "a.pem"], "--tls-cert and --tls-key go together"), (["--log-level", "loud"], "--log-level"),
            (["--tls-cert", "/none/cert.pem", "--tls-key", "/none/key.pem"], "there is no such file"),
            (["--host", "no-such-host.invalid"], "is not known"), (["--host", "192.0.2.1"], "no address 192.0.2.1"),
            (["--frobnicate"], "frobnicate"),
        ])
    func badOptions(options: [String], words: String) async throws {
        let port = options.contains("--port") ? [] : ["--port", "0"]
        let outcome = try await heliograph(["serve"] + port + options)
        #expect(outcome.code != 0)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test("fails with a key that is not the certificate's")
    func wrongKey() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let one = try await folder.certificate("one")
        let two = try await folder.certificate("two")
        let outcome = try await heliograph(["serve", "--port", "0", "--tls-cert", one.certificate, "--tls-key", two.key])
        #expect(outcome.code != 0)
        #expect(outcome.errors.contains("does not belong"))
    }
}
