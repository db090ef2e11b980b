import PubSub
import PubSubTesting
import Testing

@Suite("A broker's memory is bounded")
struct MemoryBudgetTests {
    private let kilobyte = String(repeating: "x", count: 1000)

    @Test("Streams that were not used for longest are forgotten first, and begin anew", arguments: [1, 16])
    func eviction(shards: Int) throws {
        let clock = ManualClock()
        let broker = MemoryBroker(bytes: 200_000, shards: shards, now: clock.now)
        var first: [String: StreamPosition] = [:]
        for number in 0..<1000 {
            clock.move(by: .milliseconds(1))
            first["\(number)"] = broker.publishNow(kilobyte, to: "\(number)", .kept).position
            #expect(broker.counters.streamBytes <= 220_000)
        }
        let counters = broker.counters
        #expect(counters.streams > 100 && counters.streams < 200)
        #expect(counters.evictions == UInt64(1000 - counters.streams))
        #expect(counters.publications == counters.streams)
        let newest = try #require(broker.positionNow(of: "999", nil))
        #expect(newest == first["999"])
        #expect(broker.positionNow(of: "0", nil) == StreamPosition(), "it is forgotten")
        let again = broker.publishNow("again", to: "0", .kept).position
        #expect(again.offset == 1)
        #expect(again.epoch != first["0"]?.epoch)
        let kept = (0..<1000).filter { broker.positionNow(of: "\($0)", nil) != StreamPosition() }
        if shards == 1 {
            #expect(kept == [0] + Array((1001 - kept.count)..<1000), "exactly the newest")
        } else {
            #expect(kept.dropFirst().allSatisfy { $0 > 600 }, "nearly the newest")
        }
    }

    @Test("Who is published to, or read, stays")
    func use() throws {
        let broker = MemoryBroker(bytes: 100_000)
        let published = broker.publishNow(kilobyte, to: "published", .kept).position
        let read = broker.publishNow(kilobyte, to: "read", .kept).position
        broker.publishNow(kilobyte, to: "idle", .kept)
        for number in 0..<500 {
            broker.publishNow("", to: "published", PublishOptions(retention: Retention(size: 1, timeToLive: .seconds(9))))
            #expect(broker.positionNow(of: "read", .minute) == read)
            broker.publishNow(kilobyte, to: "\(number)", .kept)
        }
        #expect(broker.positionNow(of: "published", nil) == StreamPosition(offset: 501, epoch: published.epoch))
        #expect(broker.positionNow(of: "idle", nil) == StreamPosition())
    }

    @Test("One stream that is larger than everything may be is shortened, and keeps its epoch", arguments: [1, 64])
    func trimming(shards: Int) throws {
        let broker = MemoryBroker(bytes: 50_000, shards: shards)
        var position = StreamPosition()
        for _ in 0..<100 { position = broker.publishNow(kilobyte, to: "large", .kept).position }
        #expect(position.offset == 100)
        let history = try broker.historyNow(of: "large", HistoryQuery(limit: .all), .minute).get()
        #expect(history.position == position)
        #expect(history.publications.count > 30 && history.publications.count < 50)
        #expect(history.publications.last?.offset == 100)
        let counters = broker.counters
        #expect(counters.streamBytes <= 52_000)
        #expect(counters.trimmed == UInt64(100 - history.publications.count))
        #expect(counters.evictions == 0)
    }

    @Test("The newest publication is kept even if it alone is more than the budget")
    func oneIsTooMuch() throws {
        let broker = MemoryBroker(bytes: 1000)
        for _ in 0..<3 { broker.publishNow(String(repeating: "x", count: 5000), to: "large", .kept) }
        #expect(try broker.historyNow(of: "large", HistoryQuery(limit: .all), .minute).get().publications.map(\.offset) == [3])
    }

    @Test("Asking for the positions of many channels is bounded too")
    func positions() {
        let broker = MemoryBroker(bytes: 100_000, shards: 4)
        for number in 0..<5000 { _ = broker.positionNow(of: "\(number)", .minute) }
        #expect(broker.counters.streamBytes < 110_000)
        #expect(broker.counters.evictions > 4000)
    }

    @Test("Idempotency keys beyond their budget are forgotten, the oldest first")
    func keys() {
        let broker = MemoryBroker(bytes: 1 << 20, keyBytes: 100_000)
        func publish(_ key: Int) -> PublishResult.Suppression? {
            broker.publishNow("", to: "c", PublishOptions(idempotencyKey: "\(key)")).suppression
        }
        for key in 0..<5000 { #expect(publish(key) == nil) }
        #expect(broker.counters.idempotencyBytes <= 105_000)
        #expect(publish(4999) == .duplicate)
        #expect(publish(4800) == .duplicate)
        #expect(publish(0) == nil, "forgotten before its time")
        #expect(broker.counters.duplicates == 2)
    }

    @Test("What costs is counted back to nothing when it is over")
    func accounting() async throws {
        let clock = ManualClock()
        let broker = MemoryBroker(bytes: 1 << 20, shards: 8, now: clock.now)
        let info = ClientInfo(user: "u", client: "c", connectionInfo: [1, 2], channelInfo: [3])
        for number in 0..<300 {
            let options = PublishOptions(
                retention: Retention(size: 3, timeToLive: .seconds(number % 2 == 0 ? 1 : 5), metadataTimeToLive: .seconds(5)),
                idempotencyKey: "\(number)", version: UInt64(number + 1), info: info, tags: ["a": "b"])
            broker.publishNow(kilobyte, to: "\(number % 50)", options)
        }
        try await broker.removeHistory(of: "7")
        #expect(broker.counters.streams == 50)
        #expect(broker.counters.publications == 147)
        clock.move(by: .seconds(2))
        broker.sweep()
        #expect(broker.counters.publications == 72)
        clock.move(by: .seconds(300))
        broker.sweep()
        let counters = broker.counters
        #expect(counters.streams == 0 && counters.publications == 0 && counters.streamBytes == 0 && counters.idempotencyBytes == 0)
    }
}
