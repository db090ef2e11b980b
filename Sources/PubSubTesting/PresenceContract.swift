public import PubSub

/// A presence store that nobody has used, to check a rule against.
public struct PresenceFixture: Sendable {
    /// The store.
    public var store: any PresenceStore
    /// Lets so much time go by for the store: moves its clock, or sleeps.
    public var advance: @Sendable (Duration) async throws -> Void

    public init(
        _ store: any PresenceStore, advance: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.store = store
        self.advance = advance
    }
}

/// What holds for every presence store.
public enum PresenceContract {
    /// One rule, which can be checked by itself.
    public struct Rule: Sendable, CustomStringConvertible {
        /// The rule, in words.
        public let name: String
        let body: @Sendable (Trial) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (Trial) async throws -> Void) {
            self.name = name
            self.body = body
        }

        public var description: String { name }

        /// Throws a ``ContractViolation`` if the rule is broken, or the store's error if it failed.
        public func check(_ fixture: PresenceFixture) async throws {
            try await body(Trial(store: fixture.store, advance: fixture.advance, expect: Expectation(rule: name)))
        }
    }

    /// Checks all rules, each with a store of its own, and throws the first violation.
    public static func check(_ make: () async throws -> PresenceFixture) async throws {
        for rule in rules { try await rule.check(make()) }
    }

    /// A rule at work: the store, and the channel that it is about.
    struct Trial: Sendable {
        let store: any PresenceStore
        let advance: @Sendable (Duration) async throws -> Void
        let expect: Expectation
        let channel = "contract.\(UInt64.random(in: 0 ... .max))"

        func add(_ client: String, _ user: String, for timeToLive: Duration = .seconds(60)) async throws {
            try await store.add(ClientInfo(user: user, client: client), to: channel, timeToLive: timeToLive)
        }

        func remove(_ client: String) async throws {
            try await store.remove(client, from: channel)
        }

        /// Both ways to ask must say the same.
        func expect(_ members: [String: String], _ what: String) async throws {
            let seen = try await store.members(of: channel).mapValues(\.user)
            try expect.equal(seen, members, "clients and their users, \(what)")
            let counts = try await store.counts(of: channel)
            try expect.equal(counts, PresenceCounts(clients: members.count, users: Set(members.values).count), "the counts, \(what)")
        }
    }

    /// All rules.
    public static let rules: [Rule] = [
        Rule("Nobody is in a new channel") { trial in
            try await trial.expect([:], "at first")
        },
        Rule("Who is added is there, with what is known about it") { trial in
            let info = ClientInfo(user: "u", client: "c", connectionInfo: [1, 2], channelInfo: [])
            try await trial.store.add(info, to: trial.channel)
            try trial.expect.equal(try await trial.store.members(of: trial.channel), ["c": info], "the members")
        },
        Rule("Who is added again is there once, with what is known last") { trial in
            try await trial.add("c", "u")
            let info = ClientInfo(user: "u", client: "c", channelInfo: [7])
            try await trial.store.add(info, to: trial.channel)
            try trial.expect.equal(try await trial.store.members(of: trial.channel), ["c": info], "the members")
            try await trial.expect(["c": "u"], "after both")
        },
        Rule("Users are counted once, however many clients they have") { trial in
            try await trial.add("1", "u")
            try await trial.add("2", "u")
            try await trial.add("3", "v")
            try await trial.expect(["1": "u", "2": "u", "3": "v"], "after three")
            try await trial.remove("1")
            try await trial.expect(["2": "u", "3": "v"], "after one is gone")
            try await trial.remove("2")
            try await trial.expect(["3": "v"], "after two are gone")
        },
        Rule("Anonymous clients are one user") { trial in
            try await trial.add("1", "")
            try await trial.add("2", "")
            try await trial.expect(["1": "", "2": ""], "after two")
        },
        Rule("A client may become another user's") { trial in
            try await trial.add("1", "u")
            try await trial.add("1", "v")
            try await trial.expect(["1": "v"], "after both")
            try await trial.remove("1")
            try await trial.expect([:], "at the end")
        },
        Rule("Who is not there can be removed") { trial in
            try await trial.remove("1")
            try await trial.add("2", "u")
            try await trial.remove("1")
            try await trial.expect(["2": "u"], "after both")
        },
        Rule("Who is not added again in time is gone, and the others stay") { trial in
            try await trial.add("1", "u", for: .seconds(2))
            try await trial.add("2", "u", for: .seconds(60))
            try await trial.add("3", "v", for: .seconds(2))
            try await trial.advance(.seconds(1))
            try await trial.add("3", "v", for: .seconds(4))
            try await trial.advance(.seconds(2))
            try await trial.expect(["2": "u", "3": "v"], "after three seconds")
            try await trial.advance(.seconds(3))
            try await trial.expect(["2": "u"], "after six seconds")
        },
        Rule("Who was gone by time can come again") { trial in
            try await trial.add("1", "u", for: .seconds(1))
            try await trial.advance(.seconds(2))
            try await trial.expect([:], "between")
            try await trial.add("1", "u")
            try await trial.expect(["1": "u"], "then")
        },
        Rule("Not more members are listed than were asked for") { trial in
            for number in 0..<20 { try await trial.add("\(number)", "u\(number)") }
            for (limit, wanted) in [(0, 0), (1, 1), (7, 7), (20, 20), (21, 20)] {
                let members = try await trial.store.members(of: trial.channel, limit: limit)
                try trial.expect.equal(members.count, wanted, "how many with the limit \(limit)")
                try trial.expect.that(members.allSatisfy { $1.user == "u" + $0 }, "each is as it was added")
            }
        },
        Rule("Channels don't share members") { trial in
            try await trial.add("1", "u")
            let other = trial.channel + ".other"
            try trial.expect.equal(try await trial.store.counts(of: other), PresenceCounts(), "the other's counts")
            try await trial.store.remove("1", from: other)
            try await trial.expect(["1": "u"], "at the end")
        },
        Rule("Many at once are all there") { trial in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 { group.addTask { try await trial.add("\(number)", "\(number % 10)") } }
                try await group.waitForAll()
            }
            let counts = try await trial.store.counts(of: trial.channel)
            try trial.expect.equal(counts, PresenceCounts(clients: 100, users: 10), "the counts")
        },
    ]
}
