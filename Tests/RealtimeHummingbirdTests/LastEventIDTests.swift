import NIOCore
import PubSub
import RealtimeHub
import RealtimeProtocol
import Testing

@testable import RealtimeHummingbird

@Suite("Recovery by Last-Event-ID", .timeLimit(.minutes(2)))
struct LastEventIDTests {
    private static let channels = "?token=ada%2Frecover:a%2Frecover:b%2Fopen:c"

    @Test("Who comes back with its last id gets what it missed, of each channel", arguments: [StreamClient.HTTP.plain, .http2])
    func recovers(http: StreamClient.HTTP) async throws {
        try await RealtimeServer.run(.init { $0.http = http }) { (server) async throws in
            let first = try await server.events(Self.channels)
            var id = try #require(try await first.event().id)
            for number in 1...3 {
                try await server.publish(number, to: "recover:a")
                let event = try await first.event()
                #expect(event.id != id)
                id = try #require(event.id)
            }
            await first.close()
            try await eventually("it is gone") { server.hub.counts.clients == 0 }
            try await server.publish(4, to: "recover:a")
            try await server.publish(1, to: "recover:b")
            let second = try await server.events(Self.channels, lastEventID: id)
            let event = try await second.event()
            let connect = try #require(try Wire.Push(json: event.data).connect)
            #expect(connect.subs["recover:a"]?.recovered == true)
            #expect(connect.subs["recover:a"]?.publications.map(\.text) == ["4"])
            #expect(connect.subs["recover:b"]?.publications.map(\.text) == ["1"])
            // A channel without a history has no position to lose.
            #expect(connect.subs["open:c"]?.recoverable == false)
            // And from there it goes on.
            await second.close()
            let third = try await server.events(Self.channels, lastEventID: event.id)
            let again = try #require(try Wire.Push(json: try await third.event().data).connect)
            #expect(again.subs["recover:a"]?.recovered == true)
            #expect(again.subs["recover:a"]?.publications.isEmpty == true)
        }
    }

    @Test("Cut again and again: everything once and in order")
    func cuts() async throws {
        try await RealtimeServer.run { (server) async throws in
            var seen: [Int] = []
            var id: String?
            var stream = try await server.events("?token=ada%2Frecover:a")
            id = try await stream.event().id
            for number in 1...60 {
                try await server.publish(number, to: "recover:a")
                // Some are read before the cut, some are lost with the connection.
                if number % 3 != 0 { continue }
                for _ in 0..<(number % 2) {
                    let event = try await stream.event()
                    id = event.id ?? id
                    seen += try Self.numbers(event)
                }
                await stream.close()
                stream = try await server.events("?token=ada%2Frecover:a", lastEventID: id)
                let event = try await stream.event()
                #expect(try Wire.Push(json: event.data).connect?.subs["recover:a"]?.recovered == true)
                id = event.id ?? id
                seen += try Self.numbers(event)
            }
            #expect(seen == Array(1...60))
        }
    }

    private static func numbers(_ event: ServerEvent) throws -> [Int] {
        let push = try Wire.Push(json: event.data)
        let publications = push.connect?.subs["recover:a"]?.publications ?? [push.publication].compactMap { $0 }
        return publications.compactMap { Int($0.text) }
    }

    @Test("What has no position has no id: an event keeps the id before it")
    func noIDs() async throws {
        try await RealtimeServer.run(.init { $0.hub.pingInterval = .seconds(1) }) { (server) async throws in
            let stream = try await server.events("?token=ada%2Fopen:c%2Frecover:a")
            let first = try await stream.event()
            #expect(first.id != nil)
            try await server.publish(1, to: "open:c")
            var event = try await stream.event()
            while event.data == "{}" {
                #expect(event.id == nil)
                event = try await stream.event()
            }
            #expect(event.id == nil)
            #expect(first.retry.map { (1_000...2_000).contains($0) } == true)
        }
    }

    static let garbage = [
        "x", "p1", "p2,1.a.recover:a", "p1,", "p1,,,", "p1,1", "p1,1.e", "p1,-1.e.recover:a", "p1,zzzzzzzzzzzzzzzzzzzzzzzz.e.recover:a",
        "p1,1..recover:a", "p1,1.e.", "p1,1.%.recover:a", "p1,1.%zz.recover:a", "p1,1.%ff.recover:a", "p1,1.e.recover:%ff",
        String(repeating: "p1,", count: 1_500), "p1" + String(repeating: ",1.e.x", count: 700), "\"", "p1,0.e.recover:a,0.e.recover:a",
    ]

    @Test("An id that says nothing is a fresh start, and the page is told", arguments: garbage)
    func unknown(id: String) async throws {
        try await RealtimeServer.run { (server) async throws in
            try await server.publish(1, to: "recover:a")
            let stream = try await server.events("?token=ada%2Frecover:a", lastEventID: id)
            let result = try #require(try Wire.Push(json: try await stream.event().data).connect?.subs["recover:a"])
            #expect(result.wasRecovering && !result.recovered && result.publications.isEmpty)
            #expect(result.offset == 1)
        }
    }

    @Test("Without an id nothing is missed, and nothing is said of recovery")
    func first() async throws {
        try await RealtimeServer.run { (server) async throws in
            try await server.publish(1, to: "recover:a")
            let stream = try await server.events("?token=ada%2Frecover:a")
            let result = try #require(try Wire.Push(json: try await stream.event().data).connect?.subs["recover:a"])
            #expect(!result.wasRecovering && !result.recovered && result.recoverable)
        }
    }

    @Test("An id opens no channel that the client may not have")
    func noRights() async throws {
        try await RealtimeServer.run { (server) async throws in
            try await server.publish(1, to: "recover:secret")
            let history = try await server.hub.history(of: "recover:secret", .init())
            let stream = try await server.events(lastEventID: "p1,0.\(history.position.epoch).recover:secret")
            #expect(try Wire.Push(json: try await stream.event().data).connect?.subs.isEmpty == true)
        }
    }
}

@Suite("The positions in an event's id")
struct StreamPositionsTests {
    private func id(_ positions: StreamPositions) -> String {
        var bytes = ByteBuffer()
        positions.writeID(to: &bytes)
        return String(String(buffer: bytes).dropFirst(4).dropLast())
    }

    private func positions(_ entries: [(String, String, UInt64)], maxBytes: Int = 4_096) -> StreamPositions {
        var positions = StreamPositions(maxBytes: maxBytes)
        for (channel, epoch, offset) in entries { positions.apply(.subscribed(channel, epoch: epoch, offset: offset)) }
        return positions
    }

    @Test("Whatever names and epochs are, they come back")
    func roundTrip() {
        let entries: [(String, String, UInt64)] = [
            ("news", "AbCdEfGh", 0), ("a.b,c%d:e#f", "x.y,z", .max), ("κόσμε 🌍", "é", 36), ("\n\r\u{0}", "e", 1),
        ]
        let id = id(positions(entries))
        #expect(id.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        let read = StreamPositions.read(id)
        #expect(read.count == entries.count)
        for (channel, epoch, offset) in entries {
            #expect(read[channel] == Wire.SubscribeRequest(recover: true, epoch: epoch, offset: offset))
        }
    }

    @Test("They follow what is pushed")
    func following() {
        var positions = positions([("a", "e", 1), ("b", "f", 2), ("c", "g", 3)])
        positions.apply(.published("b", epoch: "", offset: 10))
        positions.apply(.published("c", epoch: "new", offset: 1))
        positions.apply(.published("unknown", epoch: "x", offset: 1))
        positions.apply(.unsubscribed("a"))
        positions.apply(.unsubscribed("a"))
        let read = StreamPositions.read(id(positions))
        #expect(read.mapValues(\.offset) == ["b": 10, "c": 1])
        #expect(read.mapValues(\.epoch) == ["b": "f", "c": "new"])
    }

    @Test("An id is never longer than it may be: what has no room is left out")
    func bounded() {
        let many = (0..<200).map { ("channel-\($0)", "AbCdEfGh", UInt64($0)) }
        for most in [2, 10, 100, 1_000] {
            let id = id(positions(many, maxBytes: most))
            #expect(id.utf8.count <= most)
            #expect(StreamPositions.read(id).count >= most / 40)
        }
    }
}
