// H10 and H11 of the catalogue: too many connections, too few descriptors.

import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Testing
import WebSocketNIO

@testable import WebSocketHummingbird

@Suite(.timeLimit(.minutes(1)))
struct ConnectionLimitTests {
    static func limited(_ limits: ConnectionLimits) -> WebSocketServerConfiguration {
        var configuration = WebSocketServerConfiguration()
        configuration.limits = limits
        return configuration
    }

    @Test(
        "A connection over a limit is answered with 503; a place that was given back is free",
        arguments: [ConnectionLimits(total: 3), ConnectionLimits(perAddress: 3)])
    func limit(limits: ConnectionLimits) async throws {
        try await withServer(echoRouter(), .webSockets(configuration: Self.limited(limits))) { server in
            var sockets: [RawClient] = []
            for _ in 0..<3 { sockets.append(try await RawClient.upgraded(port: server.port)) }
            for _ in 0..<5 {
                let client = try await RawClient.connect(port: server.port)
                let response = try await client.response()
                #expect(response.status == 503)
                #expect(response.fields["retry-after"] == "10")
            }
            try await sockets[0].send(Frame.close(1000))
            _ = try await sockets[0].takeAll()
            let client = try await RawClient.upgraded(port: server.port)
            try await client.send(Frame.text("room again"))
            #expect(try await client.frame().text == "room again")
            try await sockets[1].send(Frame.text("still here"))
            #expect(try await sockets[1].frame().text == "still here")
        }
    }

    @Test("A gate counts by peer, and gives back")
    func gate() throws {
        let settings = AdjustableServerSettings(limits: ConnectionLimits(total: 4, perAddress: 2))
        let gate = ConnectionGate(settings, countsAddresses: false)
        let first = PeerAddress(try SocketAddress(ipAddress: "192.0.2.1", port: 1))
        let second = PeerAddress(try SocketAddress(ipAddress: "192.0.2.2", port: 1))
        #expect(gate.enter(first) && gate.enter(first))
        #expect(!gate.enter(first))
        #expect(gate.enter(second) && gate.enter(second))
        #expect(gate.count == 4)
        #expect(!gate.enter(.unknown))
        gate.leave(first)
        #expect(gate.enter(first))
    }

    @Test("Limits change while the server runs: who is there counts and stays, whoever there was a limit for")
    func adjusted() async throws {
        let settings = AdjustableServerSettings()
        var configuration = WebSocketServerConfiguration()
        configuration.adjustable = settings
        try await withServer(echoRouter(), .webSockets(configuration: configuration)) { server in
            let first = try await RawClient.upgraded(port: server.port)
            let second = try await RawClient.upgraded(port: server.port)
            for limits in [ConnectionLimits(total: 1), ConnectionLimits(perAddress: 2)] {
                settings.limits = limits
                #expect(try await RawClient.connect(port: server.port).response().status == 503)
            }
            settings.limits = ConnectionLimits(total: 3, perAddress: 3)
            let third = try await RawClient.upgraded(port: server.port)
            #expect(try await RawClient.connect(port: server.port).response().status == 503)
            for client in [first, second, third] {
                try await client.send(Frame.text("still here"))
                #expect(try await client.frame().text == "still here")
            }
        }
    }

    @Test("Proxies that are trusted change while the server runs, for connections that come then")
    func proxies() async throws {
        let settings = AdjustableServerSettings()
        var configuration = WebSocketServerConfiguration()
        configuration.adjustable = settings
        let router = Router()
        router.get("address") { request, _ in request.clientAddress?.description ?? "none" }
        try await withServer(router, .webSockets(configuration: configuration)) { server in
            for (networks, expected) in [([], "127.0.0.1"), (["127.0.0.0/8"], "203.0.113.7"), (["10.0.0.0/8"], "127.0.0.1")] {
                settings.trustedProxies = TrustedProxies(networks.compactMap { IPNetwork($0) })
                let client = try await RawClient.connect(port: server.port)
                try await client.send("GET /address HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n")
                #expect(try await client.response().body == expected)
            }
        }
    }

    @Test(
        "Peers are told apart by what one peer has",
        arguments: [
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("2001:db8::1", "2001:db8::ffff:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false), ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ])
    func peers(one: String, other: String, isSame: Bool) throws {
        let one = PeerAddress(try SocketAddress(ipAddress: one, port: 1))
        let other = PeerAddress(try SocketAddress(ipAddress: other, port: 2))
        #expect((one == other) == isSame)
    }

    @Test("Without a limit given, 95 % of the descriptors may be connections")
    func descriptors() {
        #expect(ConnectionGate(AdjustableServerSettings(), countsAddresses: false, descriptorLimit: 1_000).total == 950)
        #expect(ConnectionGate(AdjustableServerSettings(), countsAddresses: false, descriptorLimit: 0).total == 1)
        #expect(ConnectionGate.descriptorLimit() > 0)
    }

    @Test(
        "Running out of descriptors on accept is not an error of the server's",
        arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED])
    func acceptErrors(code: CInt) throws {
        let channel = EmbeddedChannel()
        let seen = ErrorCollector()
        try channel.pipeline.syncOperations.addHandler(
            AcceptGuard(logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
        try channel.pipeline.syncOperations.addHandler(seen)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        #expect(seen.count == 0)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EBADF, reason: "accept"))
        #expect(seen.count == 1)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        _ = try? channel.finish()
    }
}

private final class ErrorCollector: ChannelInboundHandler {
    typealias InboundIn = Any

    private(set) var count = 0

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        count += 1
    }
}
