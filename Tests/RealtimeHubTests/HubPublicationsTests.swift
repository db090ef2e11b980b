import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("The application as a subscriber", .serialized)
struct HubPublicationsTests {
    struct Quote: Codable, Equatable {
        var price: Double
    }

    let hub = TestHub.make()

    @Test("It gets what is published after it has subscribed, in its order")
    func order() async throws {
        let publications = try await hub.publications(in: "history:a")
        for number in 0..<100 { try await hub.publish(Array("\(number)".utf8), to: "history:a") }
        var texts: [String] = []
        for try await publication in publications {
            texts.append(String(decoding: publication.data, as: UTF8.self))
            if texts.count == 100 { break }
        }
        #expect(texts == (0..<100).map { "\($0)" })
    }

    @Test("It is a subscriber as others are, and is gone when its loop ends")
    func lifetime() async throws {
        let task = Task {
            for try await _ in try await hub.publications(in: "open:a") {}
        }
        try await eventually { hub.channels() == ["open:a": 1] }
        task.cancel()
        try await eventually { hub.channels().isEmpty }
    }

    @Test("Who is too slow is told so, and the others lose nothing")
    func overflow() async throws {
        let (slow, other) = (try await hub.publications(in: "open:a", bufferSize: 3), try await hub.publications(in: "open:a"))
        for number in 0..<5 { try await hub.publish(Array("\(number)".utf8), to: "open:a") }
        var count = 0
        await #expect(throws: HubPublications.Overflow()) {
            for try await _ in slow { count += 1 }
        }
        #expect(count == 3)
        var iterator = other.makeAsyncIterator()
        for number in 0..<5 { #expect(try await iterator.next()?.data == Array("\(number)".utf8)) }
        try await eventually { hub.channels() == ["open:a": 1] }
    }

    @Test("The loop ends when the hub shuts down, after what was published before; and at once if that was before it")
    func shutdown() async throws {
        let publications = try await hub.publications(in: "open:a")
        try await hub.publish(Array("1".utf8), to: "open:a")
        hub.shutDown()
        var count = 0
        for try await _ in publications { count += 1 }
        #expect(count == 1)
        for try await _ in try await hub.publications(in: "open:a") {}
        try await eventually { hub.channels().isEmpty }
    }

    @Test("A channel that can't be is refused")
    func refused() async throws {
        await #expect(throws: HubRefusal.error(.unknownChannel)) { _ = try await hub.publications(in: "nowhere:a") }
        await #expect(throws: HubRefusal.error(.badRequest)) { _ = try await hub.publications(in: "open:\n") }
    }

    @Test("A channel of values: what is published is what comes")
    func values() async throws {
        let channel = Channel<Quote>("open:quotes")
        var quotes = try await hub.publications(in: channel).makeAsyncIterator()
        try await hub.publish(Quote(price: 227.5), to: channel)
        #expect(try await quotes.next()?.value == Quote(price: 227.5))
    }

    @Test("Something else in a channel of values is an error of that publication alone")
    func otherValues() async throws {
        let channel = Channel<Quote>("open:quotes")
        var quotes = try await hub.publications(in: channel).makeAsyncIterator()
        try await hub.publish(Array(#"{"price":"high"}"#.utf8), to: channel.name)
        try await hub.publish(Quote(price: 1), to: channel)
        let first = try #require(try await quotes.next())
        #expect(throws: DecodingError.self) { _ = try first.value }
        #expect(first.publication.data == Array(#"{"price":"high"}"#.utf8))
        #expect(try await quotes.next()?.value == Quote(price: 1))
    }

    @Test("Clients get the value as JSON")
    func clients() async throws {
        let loop = EmbeddedEventLoop()
        let client = TestClient(hub, on: loop)
        try client.connect()
        _ = try client.subscribe("open:quotes")
        try await hub.publish(Quote(price: 2), to: Channel<Quote>("open:quotes"))
        #expect(try client.publications().map(\.text) == [#"{"price":2}"#])
    }
}

/// Waits for something to become true; gives up after ten seconds.
func eventually(_ condition: () throws -> Bool) async throws {
    for _ in 0..<2_000 {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw Unexpected("it did not come true")
}
