import PubSub
import PubSubTesting
import Synchronization
import Testing

@Suite("Order, with many publishers on many threads")
struct OrderTests {
    /// Notes what is out of order, and takes its time.
    private final class Watching: BrokerReceiver {
        struct State {
            var tops: [String: UInt64] = [:]
            var wrong: [String] = []
            var count = 0
        }
        let state = Mutex(State())
        let isInside: [Atomic8]

        final class Atomic8: Sendable { let flag = Atomic(false) }

        init(channels: Int) { isInside = (0..<channels).map { _ in Atomic8() } }

        func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?) {
            let flag = isInside[Int(channel) ?? 0]
            let wasInside = flag.flag.exchange(true, ordering: .acquiringAndReleasing)
            state.withLock { state in
                if wasInside { state.wrong.append("two at once on \(channel)") }
                let top = state.tops[channel, default: 0]
                if publication.offset != top + 1 { state.wrong.append("\(publication.offset) after \(top) on \(channel)") }
                if base?.offset ?? 0 != top { state.wrong.append("base \(base?.offset ?? 0) after \(top) on \(channel)") }
                state.tops[channel] = publication.offset
                state.count += 1
            }
            flag.flag.store(false, ordering: .releasing)
        }
        func joined(_ info: ClientInfo, on channel: String) {}
        func left(_ info: ClientInfo, on channel: String) {}
    }

    @Test("The receiver sees the order of the offsets, without gaps, one at a time", arguments: [1, 7])
    func order(channels: Int) async {
        let broker = MemoryBroker(bytes: 1 << 26, shards: 4)
        let receiver = Watching(channels: channels)
        broker.start(receiver)
        await withTaskGroup { group in
            for publisher in 0..<8 {
                group.addTask {
                    for number in 0..<1000 {
                        let channel = "\((publisher + number) % channels)"
                        broker.publishNow("\(publisher)", to: channel, PublishOptions(retention: .minute, usesDelta: true))
                        if number % 100 == 0 { broker.sweep() }
                    }
                }
                group.addTask {
                    for number in 0..<300 {
                        let history = try? broker.historyNow(of: "\(number % channels)", HistoryQuery(limit: .all), .minute).get()
                        let offsets = history?.publications.map(\.offset) ?? []
                        #expect(offsets.last ?? 0 == history?.position.offset)
                        #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 + 1 == $1 })
                    }
                }
            }
        }
        let state = receiver.state.withLock { $0 }
        #expect(state.wrong == [])
        #expect(state.count == 8000)
        broker.stop()
    }

    @Test("Nothing is told when the broker has been stopped, whatever is being published")
    func stopping() async {
        let broker = MemoryBroker(bytes: 1 << 26)
        let receiver = RecordingReceiver()
        broker.start(receiver)
        await withTaskGroup { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<500 { broker.publishNow("x", to: "c", .kept) } } }
            group.addTask {
                broker.stop()
                let told = receiver.publications(on: "c").count
                await Task.yield()
                for _ in 0..<100 { broker.publishNow("x", to: "c", .kept) }
                #expect(receiver.publications(on: "c").count == told)
            }
        }
    }

    @Test("With little memory, publishers and eviction on many threads keep the bounds")
    func pressure() async {
        let broker = MemoryBroker(bytes: 100_000, shards: 8)
        let text = String(repeating: "x", count: 500)
        await withTaskGroup { group in
            for publisher in 0..<8 {
                group.addTask {
                    for number in 0..<1000 { broker.publishNow(text, to: "\(publisher * 100 + number % 100)", .kept) }
                }
            }
        }
        let counters = broker.counters
        #expect(counters.streamBytes <= 120_000)
        #expect(counters.evictions > 0)
    }
}
