import Testing

@testable import RealtimeHub

@Suite("Users and addresses that are limited")
struct PartyTableTests {
    private var plan: LimitPlan? {
        var limits = CommandLimits()
        limits.total = [BucketRate(2, per: .seconds(60))]
        return LimitPlan(limits)
    }

    private func take(_ party: Party, at now: Int64 = 0) throws -> Bool {
        let plan = try #require(plan)
        return party.take(1, from: plan.total, 0..<0, plan, at: now)
    }

    @Test("All connections of a user share what there is")
    func shared() throws {
        let table = PartyTable(plan, maxRemembered: 100)
        let (one, other) = try (#require(table.enter("ada")), #require(table.enter("ada")))
        #expect(one === other)
        #expect(try take(one))
        #expect(try take(other))
        #expect(try !take(one))
        #expect(try take(#require(table.enter("bob"))))
    }

    @Test("One connection more than there may be is refused; one that has gone makes room")
    func connections() throws {
        let table = PartyTable(nil, maxRemembered: 100)
        let party = try #require(table.enter("ada", limit: 2))
        #expect(table.enter("ada", limit: 2) != nil)
        #expect(table.enter("ada", limit: 2) == nil)
        #expect(table.enter("bob", limit: 2) != nil)
        table.leave(party, at: 0)
        #expect(table.enter("ada", limit: 2) != nil)
        #expect(table.enter("ada", limit: 0) == nil)
    }

    @Test("Going away and coming back does not fill a bucket")
    func comingBack() throws {
        let table = PartyTable(plan, maxRemembered: 1_000)
        for _ in 0..<2 {
            let party = try #require(table.enter("ada"))
            #expect(try take(party))
            table.leave(party, at: 0)
        }
        #expect(try !take(#require(table.enter("ada"))))
    }

    @Test("Whoever goes with full buckets is forgotten at once")
    func forgotten() throws {
        let table = PartyTable(plan, maxRemembered: 1_000)
        let party = try #require(table.enter("ada"))
        #expect(try take(party))
        table.leave(party, at: 120_000_000_000)
        #expect(table.count == 0)
    }

    @Test("A flood of 20,000 addresses leaves a bounded table, and who is connected stays in it")
    func flood() throws {
        let table = PartyTable(plan, maxRemembered: 1_600)
        let connected = try #require(table.enter("203.0.113.1"))
        #expect(try take(connected))
        #expect(try take(connected))
        for number in 0..<20_000 {
            let party = try #require(table.enter("10.0.\(number / 256).\(number % 256)"))
            #expect(try take(party))
            table.leave(party, at: 0)
            _ = table.party("10.1.\(number / 256).\(number % 256)")
        }
        #expect(table.count <= 1_600 + 2 * 16 + 1)
        #expect(table.party("203.0.113.1").party === connected)
        #expect(try !take(connected))
    }

    @Test(
        "An address is one of IPv4, and a network of 64 bits of IPv6",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2/64"), ("2001:db8:1:2::", "2001:db8:1:2/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("a:b", "a:b"), ("", ""),
        ])
    func networks(address: String, name: String) {
        #expect(network(of: address) == name)
    }
}
