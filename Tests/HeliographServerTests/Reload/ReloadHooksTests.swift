// Backends are asked, and told, where another reading of the configuration says; connections go on.

import Foundation
import NIOCore
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("Reload of hooks", .timeLimit(.minutes(1)))
struct ReloadHooksTests {
    private static func configuration(_ text: String) async throws -> ServeConfiguration {
        try await ServeConfiguration(yaml: "client: {allow_anonymous: true}\n" + text, file: "test.yaml")
    }

    private static func calls(_ url: String, _ more: String = "") -> String {
        "channel: {namespaces: [{name: news}]}\nrpc: {proxy: {endpoint: \"\(url)/rpc\"\(more)}, without_namespace: {proxy_enabled: true}}\n"
    }

    private static func breaker(_ failures: Int) -> String { ", breaker: {failures: \(failures), window: 10s, pause: 1m}" }

    private static func answering(_ text: String) async throws -> TestBackend {
        try await TestBackend { _ in .json(#"{"result":{"data":"\#(text)"}}"#) }
    }

    private static func call(_ client: RealtimeClient) async throws -> String {
        let reply = try await client.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "m")))
        guard case .rpc(let result) = reply.body else { return "error \(reply.error?.code ?? 0)" }
        return String(buffer: result.data)
    }

    @Test("another backend is asked from the next command on, and one that is taken away no more")
    func endpoint() async throws {
        let (one, two) = (try await Self.answering("one"), try await Self.answering("two"))
        let serve = try await Self.configuration(Self.calls(one.url))
        try await TestServer.run(serve) { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            #expect(try await Self.call(client) == #""one""#)
            let outcome = try await server.application.reload(try await Self.configuration(Self.calls(two.url)))
            #expect(outcome == .init(changed: ["rpc.proxy.endpoint"], waiting: []))
            #expect(try await Self.call(client) == #""two""#)
            _ = try await server.application.reload(try await Self.configuration("channel: {namespaces: [{name: news}]}"))
            #expect(try await Self.call(client) == "error 108")
            #expect(one.requests.count == 1 && two.requests.count == 1)
        }
        try await one.stop()
        try await two.stop()
    }

    @Test("a backend that is left alone is so after a reload too, unless it is another one")
    func breaker() async throws {
        let bad = try await TestBackend { _ in .status(500) }
        let serve = try await Self.configuration(Self.calls(bad.url, Self.breaker(2)))
        try await TestServer.run(serve) { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            for _ in 0..<4 { #expect(try await Self.call(client) == "error 100") }
            #expect(bad.requests.count == 2)
            _ = try await server.application.reload(
                try await Self.configuration(Self.calls(bad.url, Self.breaker(2)) + "memory: {soft_percent: 70}"))
            #expect(try await Self.call(client) == "error 100")
            #expect(bad.requests.count == 2, "it is still left alone")
            _ = try await server.application.reload(try await Self.configuration(Self.calls(bad.url, Self.breaker(9))))
            #expect(try await Self.call(client) == "error 100")
            #expect(bad.requests.count == 3)
        }
        try await bad.stop()
    }

    @Test("the first backend that channels ask, and the fields that it is to have of who connects from then on")
    func first() async throws {
        let backend = try await TestBackend { $0.body.contains("news:no") ? .json(#"{"error":{"code":403}}"#) : .json(#"{"result":{}}"#) }
        let serve = try await Self.configuration("channel: {namespaces: [{name: news, allow_subscribe_for_anonymous: true}]}")
        try await TestServer.run(serve) { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            try await client.subscribe("news:early")
            let outcome = try await server.application.reload(
                try await Self.configuration(
                    """
                    channel:
                      proxy: {subscribe: {endpoint: "\(backend.url)", http_headers: [X-Session], emulated_headers: [X-Key]}}
                      namespaces: [{name: news, subscribe_proxy_enabled: true}]
                    """))
            #expect(outcome.waiting == [])
            try await client.subscribe("news:a")
            #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "news:no"))).error?.code == 403)
            #expect(backend.requests[0]["x-key"] == nil)
            let late = try await RealtimeClient(server)
            var request = Wire.ConnectRequest()
            request.headers = ["X-Key": "7"]
            _ = try await late.ask(.connect(request))
            try await late.subscribe("news:a")
            #expect(backend.requests.last?["x-key"] == "7")
        }
        try await backend.stop()
    }

    private static func events(_ url: String, _ more: String = "") -> String {
        """
        channel: {namespaces: [{name: news, allow_subscribe_for_anonymous: true}]}
        events: {endpoint: "\(url)/events", secrets: [0123456789abcdef], batch_delay: 1ms, retry_min: 20ms, retry_max: 50ms\(more)}
        """
    }

    @Test("events go to another backend, also those that wait for one that is away; a queue's settings wait")
    func events() async throws {
        let away = try await TestBackend { _ in .status(503) }
        let here = try await TestBackend { _ in .status(204) }
        let serve = try await Self.configuration(Self.events(away.url))
        try await TestServer.run(serve) { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            for _ in 0..<200 where away.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            let outcome = try await server.application.reload(
                try await Self.configuration(Self.events(here.url, ", types: [started, connected], queue: {max_bytes: 2097152}")))
            #expect(outcome.changed == ["events.endpoint", "events.types"])
            #expect(outcome.waiting == ["events.queue.max_bytes"])
            try await client.subscribe("news:a")
            for _ in 0..<500 where !here.requests.contains(where: { $0.body.contains(#""type":"connected""#) }) {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        let told = here.requests.map(\.body).joined()
        #expect(told.contains(#""type":"started""#) && told.contains(#""type":"connected""#))
        #expect(!told.contains("subscribed"), "nobody wants that any more")
        try await away.stop()
        try await here.stop()
    }

    @Test("events that there were not, or are no more, wait for a new start")
    func noEvents() async throws {
        let backend = try await TestBackend { _ in .status(204) }
        let (with, without) = (
            try await Self.configuration(Self.events(backend.url)),
            try await Self.configuration("channel: {namespaces: [{name: news, allow_subscribe_for_anonymous: true}]}")
        )
        for (old, new) in [(with, without), (without, with)] {
            try await TestServer.run(old) { server in
                let outcome = try await server.application.reload(new)
                #expect(outcome.changed == [])
                #expect(outcome.waiting.contains("events.endpoint") && outcome.waiting.allSatisfy { $0.hasPrefix("events.") })
            }
        }
        try await backend.stop()
    }
}
