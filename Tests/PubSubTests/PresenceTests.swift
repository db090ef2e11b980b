import PubSub
import PubSubTesting
import Testing

@Suite("Presence in memory")
struct PresenceTests {
    @Test("Channels that everyone has left, or that time has emptied, cost nothing")
    func sweep() async throws {
        let clock = ManualClock()
        let store = MemoryPresenceStore(now: clock.now)
        for number in 0..<200 {
            try await store.add(ClientInfo(user: "u", client: "c"), to: "\(number)", timeToLive: .seconds(number < 100 ? 10 : 30))
        }
        #expect(store.channelCount == 200)
        try await store.remove("c", from: "150")
        #expect(store.channelCount == 199)
        clock.move(by: .seconds(10))
        store.sweep()
        #expect(store.channelCount == 99)
        clock.move(by: .seconds(20))
        #expect(try await store.counts(of: "101") == PresenceCounts())
        #expect(store.channelCount == 98, "who asks finds out too")
        store.sweep()
        #expect(store.channelCount == 0)
    }

    @Test("Counts agree with the members, whatever happens", arguments: 0..<20)
    func model(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let clock = ManualClock()
        let store = MemoryPresenceStore(now: clock.now)
        var model: [String: (user: String, expires: Duration)] = [:]
        for _ in 0..<500 {
            let client = "\(Int.random(in: 0..<30, using: &random))"
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let user = "\(Int.random(in: 0..<6, using: &random))"
                let timeToLive = Duration.seconds(Int.random(in: 0..<60, using: &random))
                try await store.add(ClientInfo(user: user, client: client), to: "c", timeToLive: timeToLive)
                model[client] = (user, clock.now() + timeToLive)
            case 5..<8:
                try await store.remove(client, from: "c")
                model[client] = nil
            case 8:
                clock.move(by: .seconds(Int.random(in: 0..<15, using: &random)))
            default:
                store.sweep()
            }
            let present = model.filter { $0.value.expires > clock.now() }.mapValues(\.user)
            #expect(try await store.members(of: "c").mapValues(\.user) == present)
            #expect(try await store.counts(of: "c") == PresenceCounts(clients: present.count, users: Set(present.values).count))
        }
    }
}
