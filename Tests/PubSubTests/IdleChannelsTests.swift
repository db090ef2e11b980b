import Glibc
import PubSub
import PubSubTesting
import Testing

@Suite("Idle channels cost little", .serialized)
struct IdleChannelsTests {
    /// The memory of the process that is in use, in bytes.
    private var resident: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 200)
        fgets(&text, 200, file)
        let words = text.prefix { $0 != 0 }.split(separator: CChar(UInt8(ascii: " ")))
        return (Int(String(decoding: words[1].map(UInt8.init), as: UTF8.self)) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// A sanitizer needs memory of its own for each allocation.
    private let isSanitized = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

    /// What each of them took.
    private func makeChannels(_ count: Int, in broker: MemoryBroker, _ prefix: String) -> Double {
        let before = resident
        for number in 0..<count { broker.history(of: "\(prefix):idle-\(number)", HistoryQuery(), retention: .minute) { _ in } }
        return Double(resident - before) / Double(count)
    }

    @Test("A million channels that have a position and do nothing: not over 320 bytes each, and given back")
    func million() {
        let clock = ManualClock()
        let broker = MemoryBroker(bytes: 1 << 30, shards: 64, now: clock.now)
        let count = isSanitized ? 100_000 : 1_000_000
        let each = makeChannels(count, in: broker, "namespace")
        let counted = Double(broker.counters.streamBytes) / Double(count)
        #expect(broker.counters.streams == count)
        #expect(counted < 320)
        clock.move(by: .seconds(3601))
        broker.sweep()
        #expect(broker.counters.streams == 0)
        let again = makeChannels(count, in: broker, "another00")
        guard !isSanitized else { return }
        #expect(each < 320)
        #expect(counted > each * 0.9, "what is counted is not less than what is used")
        #expect(again < each * 0.75, "the second million uses the memory of the first")
    }

    @Test("A channel without history costs nothing")
    func withoutHistory() {
        let broker = MemoryBroker()
        for number in 0..<1000 { broker.publishNow("x", to: "\(number)", PublishOptions()) }
        #expect(broker.counters == MemoryBroker.Counters())
    }
}
