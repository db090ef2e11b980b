// Promise (design, "Reliability"): every publication after the client's position exactly once and in order, or it is said that this can't be. Over
// loopback, with connections that are cut, a server that restarts, and readers that are slow.

import NIOCore
import RealtimeClient
import RealtimeHub
import RealtimeProtocol
import Testing

private struct Way: Sendable, CustomTestStringConvertible {
    var format: WireFormat
    var usesDelta: Bool

    var testDescription: String { "\(format)\(usesDelta ? ", deltas" : "")" }

    static let all = [
        Way(format: .json, usesDelta: false), Way(format: .json, usesDelta: true), Way(format: .protobuf, usesDelta: false),
        Way(format: .protobuf, usesDelta: true),
    ]
}

@Suite("Live recovery", .serialized)
struct LiveRecoveryTests {
    private static func text(_ number: Int) -> [UInt8] {
        Array(#"{"number":\#(number),"text":"\#(String(repeating: "the same for all ", count: 10))"}"#.utf8)
    }

    private struct Numbered: Decodable {
        var number: Int
    }

    private func options(_ way: Way) -> Client.SubscriptionOptions {
        var options = Client.SubscriptionOptions()
        if way.usesDelta { options.delta = .fossil }
        return options
    }

    /// Reads up to a number. Every one must be there, in order.
    private func read(_ subscription: Client.Subscription, upTo last: Int, pause: Duration? = nil) async throws {
        var expected = 1
        for try await publication in subscription.publications {
            #expect(try publication.decode(Numbered.self).number == expected)
            #expect(publication.offset == UInt64(expected))
            if expected == last { return }
            expected += 1
            if let pause, expected % 16 == 0 { try await Task.sleep(for: pause) }
        }
        throw Unexpected("it ended at \(expected)")
    }

    /// One that gives back as much as its history has.
    private func generousHub() -> Hub {
        TestHub.make { $0.maxRecoveredPublications = 10_000 }
    }

    @Test("connections are cut again and again", arguments: Way.all)
    fileprivate func cuts(way: Way) async throws {
        try await LiveServer.run(generousHub()) { server in
            try await CuttingProxy.run(to: server.port) { proxy in
                let client = server.client(port: proxy.port) { $0.format = way.format }
                let news = try client.subscribe("history:news", options(way))
                try await news.ready()
                async let reading: Void = read(news, upTo: 600)
                for number in 1...600 {
                    try await server.hub.publish(Self.text(number), to: "history:news")
                    if number % 40 == 0 {
                        proxy.cut()
                        try await Task.sleep(for: .milliseconds(10))
                    }
                }
                try await reading
            }
        }
    }

    @Test("the server restarts: its streams are new, and that is said", arguments: [WireFormat.json, .protobuf])
    func restart(format: WireFormat) async throws {
        let hub = TestHub.make()
        let (client, news, port) = try await LiveServer.run(hub) { server in
            let client = server.client { $0.format = format }
            let news = try client.subscribe("history:news")
            try await news.ready()
            try await hub.publish(Self.text(1), to: "history:news")
            try await read(news, upTo: 1)
            return (client, news, server.port)
        }
        try await eventually("the loss") { client.state == .connecting }
        try await LiveServer.run(port: port) { server in
            await #expect(throws: RealtimeError.missed) { for try await _ in news.publications {} }
            try await news.ready()
            try await server.hub.publish(Self.text(1), to: "history:news")
            try await read(news, upTo: 1)
        }
        client.disconnect()
    }

    @Test("a slow reader gets all, however little may wait for it", arguments: Way.all)
    fileprivate func slow(way: Way) async throws {
        try await LiveServer.run(generousHub()) { server in
            let client = server.client { ($0.format, $0.maxBufferedEvents) = (way.format, 64) }
            let news = try client.subscribe("history:news", options(way))
            try await news.ready()
            async let reading: Void = read(news, upTo: 1_000, pause: .milliseconds(1))
            for number in 1...1_000 { try await server.hub.publish(Self.text(number), to: "history:news") }
            try await reading
        }
    }

    @Test("more was missed than the history has: it is said so, and it goes on")
    func tooMuch() async throws {
        try await LiveServer.run { server in
            try await CuttingProxy.run(to: server.port) { proxy in
                let client = server.client(port: proxy.port) { $0.minReconnectDelay = .milliseconds(300) }
                let news = try client.subscribe("short:news")
                try await news.ready()
                proxy.cut()
                try await eventually("the loss") { client.state != .connected }
                for number in 1...50 { try await server.hub.publish(Self.text(number), to: "short:news") }
                do {
                    var expected: UInt64 = 1
                    for try await publication in news.publications {
                        // It may have come back in between.
                        #expect(publication.offset == expected)
                        expected += 1
                        if expected > 50 { return }
                    }
                } catch let error as RealtimeError {
                    #expect(error == .missed)
                }
                try await news.ready()
                try await server.hub.publish(Self.text(51), to: "short:news")
                for try await publication in news.publications where publication.offset == 51 { break }
            }
        }
    }

    @Test("a loop may await answers, with the least of room for what comes meanwhile", arguments: [WireFormat.json, .protobuf])
    func publishesInLoop(format: WireFormat) async throws {
        try await LiveServer.run { server in
            let client = server.client { ($0.format, $0.maxBufferedEvents) = (format, 16) }
            let news = try client.subscribe("history:news")
            try await news.ready()
            for number in 1...100 { try await server.hub.publish(Self.text(number), to: "history:news") }
            var seen: UInt64 = 0
            for try await publication in news.publications {
                seen += 1
                #expect(publication.offset == seen)
                if seen <= 100 { try await client.publish(json: ["number": Int(seen)], to: "history:news") }
                if seen == 200 { break }
            }
        }
    }

    @Test("a position that was kept: another client goes on from there")
    func since() async throws {
        try await LiveServer.run { server in
            let first = server.client()
            let news = try first.subscribe("history:news")
            try await news.ready()
            for number in 1...10 { try await server.hub.publish(Self.text(number), to: "history:news") }
            for try await publication in news.publications where publication.offset == 4 { break }
            var options = Client.SubscriptionOptions()
            options.since = news.position
            #expect(options.since?.offset == 4)
            let second = try server.client().subscribe("history:news", options)
            var offsets: [UInt64] = []
            for try await publication in second.publications {
                offsets.append(publication.offset)
                if publication.offset == 10 { break }
            }
            #expect(offsets == Array(5...10))
        }
    }
}
