import PubSub
import PubSubTesting
import Synchronization
import Testing

@Suite("What a broker in memory promises beyond the contract")
struct MemoryBrokerTests {
    @Test("It completes before it returns")
    func synchronous() {
        let broker = MemoryBroker()
        let calls = Mutex<[String]>([])
        broker.subscribe("c") { _ in calls.withLock { $0.append("subscribe") } }
        broker.publish([1], to: "c", .kept) { _ in calls.withLock { $0.append("publish") } }
        broker.history(of: "c", HistoryQuery(), retention: nil) { _ in calls.withLock { $0.append("history") } }
        broker.removeHistory(of: "c") { _ in calls.withLock { $0.append("remove") } }
        #expect(calls.withLock { $0 } == ["subscribe", "publish", "history", "remove"])
    }

    @Test("The receiver is told before the publisher")
    func receiverFirst() {
        let broker = MemoryBroker()
        let receiver = RecordingReceiver()
        broker.start(receiver)
        broker.publish([1], to: "c", .kept) { _ in #expect(receiver.publications(on: "c").count == 1) }
    }

    @Test("A receiver may ask, subscribe and announce from within a call")
    func reentrancy() {
        final class Asking: BrokerReceiver {
            let broker: MemoryBroker
            let positions = Mutex<[StreamPosition?]>([])
            let announced = Mutex(0)
            init(_ broker: MemoryBroker) { self.broker = broker }
            func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?) {
                broker.history(of: channel, HistoryQuery(), retention: .minute) { result in
                    self.positions.withLock { $0.append(try? result.get().position) }
                }
                broker.subscribe(channel) { _ in }
                broker.publishLeave(ClientInfo(user: "u", client: "c"), on: channel)
                broker.unsubscribe(channel)
                broker.removeHistory(of: channel) { _ in }
            }
            func joined(_ info: ClientInfo, on channel: String) {}
            func left(_ info: ClientInfo, on channel: String) { announced.withLock { $0 += 1 } }
        }
        let broker = MemoryBroker(bytes: 1 << 20)
        let receiver = Asking(broker)
        broker.start(receiver)
        let position = broker.publishNow("1", to: "c", .kept).position
        #expect(receiver.positions.withLock { $0 } == [position])
        #expect(receiver.announced.withLock { $0 } == 1)
        broker.stop()
    }

    @Test("It lets go of its receiver when it is stopped")
    func stop() {
        let broker = MemoryBroker()
        weak var gone: RecordingReceiver?
        do {
            let receiver = RecordingReceiver()
            gone = receiver
            broker.start(receiver)
        }
        #expect(gone != nil)
        broker.stop()
        #expect(gone == nil)
    }

    @Test("What is published after it was stopped is refused, and kept nowhere; started anew it goes on")
    func stopped() throws {
        let broker = MemoryBroker()
        let receiver = RecordingReceiver()
        broker.start(receiver)
        let position = broker.publishNow("1", to: "c", .kept).position
        broker.stop()
        for options in [PublishOptions(), .kept] { #expect(broker.refusal(of: "2", to: "c", options) == .stopped) }
        #expect(try broker.historyNow(of: "c", HistoryQuery(limit: .all), .minute).get().position == position)
        broker.start(receiver)
        #expect(broker.publishNow("3", to: "c", .kept).position.offset == position.offset + 1)
        #expect(receiver.publications(on: "c").count == 2)
    }

    @Test("Any number of shards will do", arguments: [-1, 0, 1, 3, 1000])
    func shards(count: Int) {
        let broker = MemoryBroker(bytes: 1 << 20, shards: count)
        for number in 0..<100 { #expect(broker.publishNow("x", to: "\(number)", .kept).position.offset == 1) }
        #expect(broker.counters.streams == 100)
    }

    @Test("Epochs are eight letters, and no two are alike")
    func epochs() {
        let broker = MemoryBroker()
        let epochs = (0..<10_000).compactMap { broker.positionNow(of: "\($0)", .minute)?.epoch }
        #expect(Set(epochs).count == 10_000)
        #expect(epochs.allSatisfy { $0.utf8.count == 8 && $0.allSatisfy(\.isLetter) })
    }

    @Test("Absurd times and numbers trap nowhere")
    func extremes() throws {
        let clock = ManualClock()
        let broker = MemoryBroker(bytes: 1 << 20, now: clock.now)
        let forever = Duration.seconds(Int64.max)
        let retention = Retention(size: .max, timeToLive: forever, metadataTimeToLive: forever)
        let options = PublishOptions(
            retention: retention, idempotencyKey: "", idempotencyWindow: forever, version: .max, versionEpoch: "e", time: .min)
        #expect(broker.publishNow("", to: "", options).position.offset == 1)
        clock.move(by: .seconds(Int64.max / 2))
        broker.sweep()
        for limit in [HistoryQuery.Limit.all, .count(.min), .count(.max), .count(-1), .none] {
            for since in [nil, StreamPosition(offset: 0), StreamPosition(offset: .max), StreamPosition(offset: 1)] {
                for isReversed in [false, true] {
                    let query = HistoryQuery(since: since, limit: limit, isReversed: isReversed)
                    _ = try broker.historyNow(of: "", query, retention).get()
                }
            }
        }
        let negative = Retention(size: .min, timeToLive: .seconds(-5), metadataTimeToLive: .seconds(Int64.min))
        #expect(
            broker.publishNow("", to: "x", PublishOptions(retention: negative, idempotencyWindow: .seconds(Int64.min))).position.offset == 0
        )
        let odd = Retention(size: 1, timeToLive: .nanoseconds(1), metadataTimeToLive: .seconds(-5))
        #expect(broker.publishNow("", to: "y", PublishOptions(retention: odd)).position.offset == 1)
    }
}
