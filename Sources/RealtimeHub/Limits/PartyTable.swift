// Strategy: the connections of one user share one object, which each of them holds: the table is asked when a connection comes and goes, and a command
// takes a lock that nobody else has, and hashes nothing. Whoever has gone is kept until the buckets are full, in two generations: when the younger
// one is large, the older one is forgotten. So memory is bounded by the connections and that size.

import Synchronization

/// A user, or an address: what all its connections share.
final class Party: Sendable {
    private struct State {
        var buckets: [TokenBucket]
        var connects = TokenBucket()
        var subscriptions = 0
    }

    let name: String
    private let state: Mutex<State>

    init(_ name: String, _ plan: LimitPlan?) {
        self.name = name
        state = Mutex(State(buckets: plan?.fullBuckets ?? []))
    }

    func take(_ tokens: Int64, from first: Range<Int>, _ second: Range<Int>, _ plan: LimitPlan, at now: Int64) -> Bool {
        state.withLock { plan.take(tokens, from: first, second, of: &$0.buckets, at: now) }
    }

    /// Takes a token for a new connection. Returns how many nanoseconds are missing to one; 0: it was there.
    func connect(_ rate: BucketRate, at now: Int64) -> Int64 {
        state.withLock { state in
            let wait = state.connects.wait(for: 1, rate, at: now)
            if wait == 0 { state.connects.take(1, rate, at: now) }
            return wait
        }
    }

    /// Takes a place for a subscription.
    func subscribe(limit: Int) -> Bool {
        state.withLock { state in
            guard state.subscriptions < limit else { return false }
            state.subscriptions += 1
            return true
        }
    }

    /// A place more, whatever the limit.
    func addSubscription() { state.withLock { $0.subscriptions += 1 } }

    func unsubscribe() { state.withLock { $0.subscriptions -= 1 } }

    /// Whether it is the same as a new one.
    func isFresh(at now: Int64) -> Bool {
        state.withLock { state in
            state.connects.fullAt <= now && state.buckets.allSatisfy { $0.fullAt <= now }
        }
    }
}

/// All users, or all addresses, that have connections or had some a moment ago.
final class PartyTable: Sendable {
    private struct State {
        var connected: [String: (party: Party, connections: Int)] = [:]
        var young: [String: Party] = [:]
        var old: [String: Party] = [:]
    }

    private final class Shard: Sendable {
        let state = Mutex(State())
    }

    private static let shardCount = 16

    let plan: LimitPlan?
    private let shards = (0..<shardCount).map { _ in Shard() }
    private let generationSize: Int

    init(_ plan: LimitPlan?, maxRemembered: Int) {
        self.plan = plan
        generationSize = max(1, maxRemembered / (2 * Self.shardCount))
    }

    private func shard(of name: String) -> Shard {
        // `Hasher` is seeded for each process: nobody can choose names that all meet in one shard.
        shards[Int(UInt(bitPattern: name.hashValue) % UInt(Self.shardCount))]
    }

    /// A connection more. Nil: there are as many as the limit says.
    func enter(_ name: String, limit: Int? = nil) -> Party? {
        shard(of: name).state.withLock { state in
            if let known = state.connected[name] {
                if let limit, known.connections >= limit { return nil }
                state.connected[name] = (known.party, known.connections + 1)
                return known.party
            }
            if let limit, limit < 1 { return nil }
            let party = state.young.removeValue(forKey: name) ?? state.old.removeValue(forKey: name) ?? Party(name, plan)
            state.connected[name] = (party, 1)
            return party
        }
    }

    /// A connection less.
    func leave(_ party: Party, at now: Int64) {
        shard(of: party.name).state.withLock { state in
            guard let known = state.connected[party.name] else { return }
            guard known.connections <= 1 else {
                state.connected[party.name] = (known.party, known.connections - 1)
                return
            }
            state.connected[party.name] = nil
            if !party.isFresh(at: now) { remember(party, &state) }
        }
    }

    /// Whoever it is, connected or not.
    func party(_ name: String) -> (party: Party, connections: Int) {
        shard(of: name).state.withLock { state in
            if let known = state.connected[name] { return known }
            if let party = state.young[name] { return (party, 0) }
            let party = state.old.removeValue(forKey: name) ?? Party(name, plan)
            remember(party, &state)
            return (party, 0)
        }
    }

    private func remember(_ party: Party, _ state: inout State) {
        state.young[party.name] = party
        guard state.young.count > generationSize else { return }
        state.old = state.young
        state.young = [:]
    }

    /// How many there are.
    var count: Int {
        shards.reduce(0) { count, shard in
            count + shard.state.withLock { $0.connected.count + $0.young.count + $0.old.count }
        }
    }
}
