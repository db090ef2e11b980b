// What events are made of, without a network and with time as a value.

import NIOCore
import PubSub
import RealtimeProtocol
import Testing

@testable import BackendHooks
@testable import RealtimeHub

private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

@Suite("Pauses between attempts")
struct BackoffTests {
    @Test("each twice as long, up to the end, in its upper half")
    func doubles() {
        var backoff = Backoff(.seconds(1) ... .seconds(30))
        var pauses = (0..<7).map { _ in backoff.next(random: 1) }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
        pauses = (0..<10_000).map { _ in backoff.next() }
        #expect(pauses.allSatisfy { $0 <= .seconds(30) })
        let half = backoff.next(random: 0.5)
        #expect(half == .seconds(15))
        backoff.reset()
        let first = backoff.next(random: 1)
        #expect(first == .seconds(1))
    }

    @Test("no two servers keep step")
    func jitter() {
        var backoff = Backoff(.seconds(8) ... .seconds(8))
        let pauses = (0..<100).map { _ in backoff.next() }
        #expect(Set(pauses).count > 90)
        #expect(pauses.allSatisfy { $0 >= .seconds(4) })
    }
}

@Suite("Signatures of events")
struct EventSignatureTests {
    private let body = ByteBuffer(string: #"{"events":[]}"#)

    @Test("is what other languages make of it")
    func vector() {
        // printf '1700000000.{"events":[]}' | openssl dgst -sha256 -hmac 'a secret of sixteen'
        #expect(
            EventSignature.value(body, secrets: ["a secret of sixteen"], time: 1_700_000_000)
                == "t=1700000000,v1=7678ffd98c44efa2708e2ea8c08762a7aac3ec5234dfaa64a54403091fc21ec3")
    }

    @Test("who knows one of the secrets can check it, while they change")
    func rotation() {
        let value = EventSignature.value(body, secrets: ["new secret", "old secret"], time: 1_000)
        for secret in ["new secret", "old secret"] { #expect(EventSignature.isValid(value, body: body, secret: secret, now: 1_000)) }
        #expect(!EventSignature.isValid(value, body: body, secret: "another", now: 1_000))
    }

    @Test("neither another body nor another time nor an old request is good")
    func refused() {
        let value = EventSignature.value(body, secrets: ["secret"], time: 1_000)
        #expect(!EventSignature.isValid(value, body: ByteBuffer(string: #"{"events":[ ]}"#), secret: "secret", now: 1_000))
        #expect(!EventSignature.isValid(value.replacing("t=1000", with: "t=1001"), body: body, secret: "secret", now: 1_000))
        #expect(EventSignature.isValid(value, body: body, secret: "secret", now: 1_300))
        #expect(!EventSignature.isValid(value, body: body, secret: "secret", now: 1_301))
        #expect(!EventSignature.isValid(value, body: body, secret: "secret", now: 699))
    }

    @Test("whatever tolerance and clock there are, the answer is yes or no")
    func extremes() {
        let value = EventSignature.value(body, secrets: ["secret"], time: 1_000)
        func isValid(_ now: Int64, _ tolerance: Int64) -> Bool {
            EventSignature.isValid(value, body: body, secret: "secret", now: now, tolerance: tolerance)
        }
        #expect(isValid(1_764_509_400, .max))
        #expect(isValid(1_000, 0))
        for (now, tolerance) in [(1_001, 0), (1_000, -1), (.min, .max), (.max, 300), (1_000, .min)] as [(Int64, Int64)] {
            #expect(!isValid(now, tolerance))
        }
    }

    @Test(
        "nonsense is not good",
        arguments: ["", "t=", "v1=", "t=1000", "t=x,v1=00", "t=1000,v1=", "t=1000,v1=00", "t=99999999999999999999,v1=00"])
    func nonsense(value: String) {
        #expect(!EventSignature.isValid(value, body: body, secret: "secret", now: 1_000))
    }
}

@Suite("Channels that are occupied and vacated")
struct ChannelOccupancyTests {
    /// What is expected of it changes it.
    private final class Channels {
        private var occupancy: ChannelOccupancy

        init(delay: Duration, maxLeaving: Int = 100) { occupancy = ChannelOccupancy(delay: delay, maxLeaving: maxLeaving) }

        func entered(_ channel: String) -> Bool { occupancy.entered(channel) }
        func left(_ channel: String, at time: NIODeadline) { occupancy.left(channel, at: time) }
        func vacated(at time: NIODeadline) -> [String] { occupancy.vacated(at: time) }
    }

    @Test("occupied by the first, vacated some time after the last")
    func both() {
        let channels = Channels(delay: .seconds(5))
        #expect(channels.entered("a"))
        #expect(!channels.entered("a"))
        channels.left("a", at: at(0))
        #expect(channels.vacated(at: at(100)) == [])
        channels.left("a", at: at(100))
        #expect(channels.vacated(at: at(104)) == [])
        #expect(channels.vacated(at: at(105)) == ["a"])
        #expect(channels.vacated(at: at(200)) == [])
        #expect(channels.entered("a"))
    }

    @Test("who comes back in time makes neither")
    func reconnect() {
        let channels = Channels(delay: .seconds(5))
        #expect(channels.entered("a"))
        for second in Int64(0)..<20 {
            channels.left("a", at: at(second * 4))
            #expect(!channels.entered("a"))
        }
        #expect(channels.vacated(at: at(1_000)) == [])
        channels.left("a", at: at(1_000))
        #expect(channels.vacated(at: at(1_005)) == ["a"])
    }

    @Test("a subscriber that nobody counted can't leave")
    func stranger() {
        let channels = Channels(delay: .zero)
        channels.left("a", at: at(0))
        #expect(channels.vacated(at: at(10)) == [])
    }

    @Test("so many wait at most; the first of them are vacated earlier")
    func bounded() {
        let channels = Channels(delay: .seconds(5), maxLeaving: 3)
        for name in ["a", "b", "c", "d", "e"] {
            _ = channels.entered(name)
            channels.left(name, at: at(0))
        }
        #expect(channels.vacated(at: at(1)) == ["a", "b"])
        #expect(channels.vacated(at: at(5)) == ["c", "d", "e"])
    }
}

@Suite("Collecting events")
struct EventCollectorTests {
    private let ada = ClientIdentity(client: "c1", user: "ada")

    private func collector(_ change: (inout EventConfiguration) -> Void = { _ in }) -> EventCollector {
        var configuration = EventConfiguration(url: "http://localhost", secrets: [])
        change(&configuration)
        return EventCollector(configuration, now: { 1_000 })
    }

    private func types(_ collector: EventCollector) -> [String] { collector.take().events.map(\.type.rawValue) }

    @Test("in their order, with numbers and the time")
    func order() {
        let collector = collector()
        collector.recordStart()
        collector.record(.subscribed(ada, channel: "a"), at: at(0))
        collector.record(.unsubscribed(ada, channel: "a", .client), at: at(0))
        collector.record(.disconnected(ada, nil, after: .seconds(1)), at: at(0))
        collector.advance(to: at(5))
        let events = collector.take().events
        #expect(events.map(\.type) == [.started, .subscribed, .occupied, .unsubscribed, .disconnected, .vacated])
        #expect(events.map(\.number) == Array(1...6))
        #expect(events.allSatisfy { $0.time == 1_000 })
        #expect(collector.take().events.isEmpty)
    }

    @Test("only those that are wanted")
    func selection() {
        let collector = collector { $0.types = [.vacated, .connected] }
        collector.recordStart()
        collector.record(.subscribed(ada, channel: "a"), at: at(0))
        collector.record(.unsubscribed(ada, channel: "a", .client), at: at(0))
        collector.advance(to: at(10))
        #expect(types(collector) == ["vacated"])
    }

    @Test("what there is no room for is counted, and the numbers show the gap")
    func full() {
        let collector = collector { $0.maxWaiting = 2 }
        for _ in 0..<5 { collector.record(.disconnected(ada, nil, after: .zero)) }
        let (events, dropped) = collector.take()
        #expect((events.count, dropped) == (2, 3))
        collector.record(.disconnected(ada, nil, after: .zero))
        #expect(collector.take().events.map(\.number) == [6])
    }

    @Test("another configuration says what is wanted from then on; who is there was counted before")
    func replaced() {
        let collector = collector { $0.types = [.connected] }
        collector.record(.subscribed(ada, channel: "a"), at: at(0))
        collector.record(.subscribed(ada, channel: "b"), at: at(0))
        var new = EventConfiguration(url: "http://localhost", secrets: [])
        new.types = [.occupied, .vacated]
        new.vacatedDelay = .seconds(1)
        new.maxWaiting = 1
        collector.take(new)
        collector.record(.subscribed(ada, channel: "a"), at: at(0))
        collector.record(.unsubscribed(ada, channel: "b", .client), at: at(0))
        collector.advance(to: at(2))
        #expect(types(collector) == ["vacated"], "a is not occupied for the first time")
        for channel in ["c", "d"] { collector.record(.subscribed(ada, channel: channel), at: at(3)) }
        #expect(collector.take().dropped == 1)
    }

    @Test("many who find the same cache empty make one event a second")
    func emptyCache() {
        let collector = collector()
        for second in [0, 0, 0, 1, 1] as [Int64] { collector.record(.cacheEmpty(channel: "a"), at: at(second)) }
        collector.record(.cacheEmpty(channel: "b"), at: at(1))
        #expect(types(collector).count == 3)
        for index in 0..<20_000 { collector.record(.cacheEmpty(channel: "\(index)"), at: at(2)) }
        #expect(types(collector).count == 20_000)
    }

    @Test("at the end, channels without subscribers are vacated at once, and nothing is taken after it")
    func close() {
        let collector = collector()
        collector.record(.subscribed(ada, channel: "a"), at: at(0))
        collector.record(.unsubscribed(ada, channel: "a", .disconnect), at: at(0))
        collector.close()
        collector.record(.cacheEmpty(channel: "late"), at: at(0))
        #expect(types(collector) == ["subscribed", "occupied", "unsubscribed", "vacated"])
    }
}

@Suite("Events as JSON")
struct EventTextTests {
    private let ada = ClientIdentity(client: "c1", user: "ada")

    private func text(_ event: LifecycleEvent) -> String {
        String(buffer: EventText(run: "r").json(RecordedEvent(number: 7, time: 1_000, content: .lifecycle(event))))
    }

    private func start(_ type: String) -> String { #"{"id":"r-7","type":"\#(type)","time_ms":1000"# }

    @Test("each kind as it is documented")
    func kinds() {
        let who = #","client":"c1","user":"ada""#
        let connection = LifecycleEvent.Connection(transport: "sse", format: .protobuf, name: "js", version: "1")
        #expect(
            text(.connected(ada, connection)) == start("connected") + who
                + #","transport":"sse","protocol":"protobuf","name":"js","version":"1"}"#)
        #expect(
            text(.disconnected(ada, .forceDisconnect, after: .milliseconds(1_500)))
                == start("disconnected") + who + #","code":3503,"reason":"force disconnect","duration_ms":1500}"#)
        #expect(
            text(.disconnected(ada, nil, after: .zero))
                == start("disconnected") + who + #","code":3000,"reason":"connection closed","duration_ms":0}"#)
        #expect(text(.subscribed(ada, channel: "a")) == start("subscribed") + who + #","channel":"a"}"#)
        #expect(
            text(.unsubscribed(ada, channel: "a", .client))
                == start("unsubscribed") + who + #","channel":"a","code":0,"reason":"unsubscribe called"}"#)
        #expect(text(.cacheEmpty(channel: "a")) == start("cache_empty") + #","channel":"a"}"#)
        var info = ClientInfo(user: "ada", client: "c1")
        #expect(text(.joined(info, channel: "a")) == start("joined") + who + #","channel":"a"}"#)
        (info.connectionInfo, info.channelInfo) = (Array("[1]".utf8), [0xFF])
        #expect(text(.left(info, channel: "a")) == start("left") + who + #","channel":"a","conn_info":[1],"b64chan_info":"/w=="}"#)
    }

    @Test("what others see of a client is left out if it is large")
    func large() {
        let info = ClientInfo(user: "ada", client: "c1", connectionInfo: Array("\"\(String(repeating: "x", count: 40_000))\"".utf8))
        #expect(text(.joined(info, channel: "a")).utf8.count < 200)
    }

    @Test("a batch has its node, and the events as they are")
    func batch() {
        let events = [ByteBuffer(string: #"{"id":"1"}"#), ByteBuffer(string: #"{"id":"2"}"#)]
        #expect(String(buffer: EventText.batch(events, node: "n")) == #"{"node":"n","events":[{"id":"1"},{"id":"2"}]}"#)
    }
}
