import PubSub
import PubSubTesting
import Testing

@Suite("The contracts, in memory")
struct ContractTests {
    private let clock = ManualClock()

    @Test("A broker in memory keeps the contract", arguments: BrokerContract.rules)
    func broker(rule: BrokerContract.Rule) async throws {
        try await rule.check(BrokerFixture(MemoryBroker(now: clock.now), advance: clock.advance))
    }

    @Test("So it does with a single shard, and when it is swept all the time", arguments: BrokerContract.rules)
    func smallBroker(rule: BrokerContract.Rule) async throws {
        var configuration = MemoryBroker.Configuration()
        configuration.shardCount = 1
        let broker = MemoryBroker(configuration, now: clock.now)
        try await rule.check(
            BrokerFixture(broker) { [clock] duration in
                clock.move(by: duration)
                broker.sweep()
            })
    }

    @Test("A presence store in memory keeps the contract", arguments: PresenceContract.rules)
    func presence(rule: PresenceContract.Rule) async throws {
        try await rule.check(PresenceFixture(MemoryPresenceStore(now: clock.now), advance: clock.advance))
    }

    @Test("All rules can be checked by one call")
    func all() async throws {
        try await BrokerContract.check { BrokerFixture(MemoryBroker(now: clock.now), advance: clock.advance) }
        try await PresenceContract.check { PresenceFixture(MemoryPresenceStore(now: clock.now), advance: clock.advance) }
    }
}
