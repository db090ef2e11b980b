import Demos
import Logging
import NIOCore
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing
import WebSocketNIO

@testable import HeliographServer

/// Whom the hub of the demos asks, and what stays out of their reach.
@Suite("The hub of the demos", .timeLimit(.minutes(5)))
struct DemoHubTests {
    /// Answers with what it was asked.
    private final class Recorder: Demo {
        let namespace: String
        let asked = Mutex<[String]>([])

        init(_ namespace: String) { self.namespace = namespace }

        var namespaces: [String: ChannelSettings] { [namespace: ChannelSettings()] }

        func subscribe(_ event: SubscribeEvent, on hub: Hub) async throws(HubRefusal) -> SubscribeGrant {
            asked.withLock { $0.append("subscribe \(event.channel)") }
            return SubscribeGrant()
        }

        func call(_ event: CallEvent, on hub: Hub) async throws(HubRefusal) -> ByteBuffer {
            ByteBuffer(string: "\"\(namespace)\"")
        }

        func disconnected(_ identity: ClientIdentity) {
            asked.withLock { $0.append("disconnected") }
        }

        func run(on hub: Hub) async {
            asked.withLock { $0.append("run") }
        }
    }

    @Test("Each demo is asked about its own namespaces, and by the settings where it does not say")
    func dispatch() async throws {
        let (news, games) = (Recorder("news"), Recorder("games"))
        let demos = [news, games]
        try await TestServer.run(demos: demos) { server in
            let client = try await RealtimeClient(server, "/demo/connection/websocket")
            try await client.connect()
            try await client.subscribe("news:today")
            try await client.subscribe("games:chess")
            let publish = try await client.ask(.publish(Wire.PublishRequest(channel: "news:today", data: ByteBuffer(string: "1"))))
            #expect(publish.error?.code == 103, "nothing says that it may")
            for (method, namespace) in [("news:search", "news"), ("games:", "games")] {
                guard case .rpc(let answer) = try await client.ask(.rpc(Wire.RPCRequest(method: method))).body else {
                    throw Unexpected("no answer to \(method)")
                }
                #expect(String(buffer: answer.data) == "\"\(namespace)\"")
            }
            for method in ["", ":", "search", "other:search"] {
                #expect(try await client.ask(.rpc(Wire.RPCRequest(method: method))).error?.code == 104)
            }
            await client.socket.close()
            while !demos.allSatisfy({ $0.asked.withLock { $0.contains("disconnected") } }) { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(Set(news.asked.withLock { $0 }) == ["run", "subscribe news:today", "disconnected"])
        #expect(Set(games.asked.withLock { $0 }) == ["run", "subscribe games:chess", "disconnected"])
    }

    @Test("The namespaces of measuring are open and ask nobody; there are no others")
    func measuring() async throws {
        try await TestServer.run(demos: [Recorder("news")]) { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            try await client.subscribe("bench:1")
            let publish = try await client.ask(.publish(Wire.PublishRequest(channel: "bench:1", data: ByteBuffer(string: "1"))))
            #expect(publish.error == nil)
            #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "other:1"))).error?.code == 102)
        }
    }

    @Test("A configured hub is another one: the demos open nothing in it")
    func separate() async throws {
        var configuration = ServeConfiguration()
        configuration.realtime = try await RealtimeConfiguration(
            yaml: "{client: {allow_anonymous: true}, channel: {namespaces: [{name: own, allow_subscribe_for_anonymous: true}]}}",
            file: "test")
        try await TestServer.run(configuration, demos: [Recorder("news")]) { server in
            let own = try await RealtimeClient(server)
            try await own.connect()
            try await own.subscribe("own:1")
            for channel in ["news:1", "bench:1"] {
                #expect(try await own.ask(.subscribe(Wire.SubscribeRequest(channel: channel))).error?.code == 102)
            }
            let demo = try await RealtimeClient(server, "/demo/connection/websocket")
            try await demo.connect()
            try await demo.subscribe("news:1")
            #expect(try await demo.ask(.subscribe(Wire.SubscribeRequest(channel: "own:1"))).error?.code == 102)
        }
    }
}
