public import PubSub

/// A broker that nobody has used, to check a rule against.
public struct BrokerFixture: Sendable {
    /// The broker; not yet started.
    public var broker: any Broker
    /// Lets so much time go by for the broker: moves its clock, or sleeps.
    public var advance: @Sendable (Duration) async throws -> Void

    public init(_ broker: any Broker, advance: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }) {
        self.broker = broker
        self.advance = advance
    }
}

/// What holds for every broker.
public enum BrokerContract {
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

        /// Throws a ``ContractViolation`` if the rule is broken, or the broker's error if it failed.
        public func check(_ fixture: BrokerFixture) async throws {
            let trial = Trial(fixture, Expectation(rule: name))
            fixture.broker.start(trial.receiver)
            defer { fixture.broker.stop() }
            try await fixture.broker.subscribe(trial.channel)
            try await body(trial)
            try trial.expect.equal(trial.receiver.overlaps, 0, "publications told while another one of the channel was")
        }
    }

    /// All rules. Those of brokers without history are the first.
    public static let rules: [Rule] = delivery + streams + lifetimes + suppression

    /// Checks all rules, each with a broker of its own, and throws the first violation.
    public static func check(_ make: () async throws -> BrokerFixture) async throws {
        for rule in rules { try await rule.check(make()) }
    }

    /// A rule at work: the broker, the channel that it is about, and a receiver.
    struct Trial: Sendable {
        let broker: any Broker
        let advance: @Sendable (Duration) async throws -> Void
        let receiver = RecordingReceiver()
        let expect: Expectation
        /// No other check's, even if all brokers of a suite share one server.
        let channel = "contract.\(UInt64.random(in: 0 ... .max))"

        init(_ fixture: BrokerFixture, _ expect: Expectation) {
            self.broker = fixture.broker
            self.advance = fixture.advance
            self.expect = expect
        }

        /// What most rules publish with.
        static let retention = Retention(size: 10, timeToLive: .seconds(60), metadataTimeToLive: .seconds(600))

        @discardableResult
        func publish(_ text: String, _ options: PublishOptions = PublishOptions(retention: retention)) async throws -> PublishResult {
            try await broker.publish(Array(text.utf8), to: channel, options)
        }

        /// Publishes "1", "2" and so on; returns the last one's position.
        @discardableResult
        func publish(count: Int) async throws -> StreamPosition {
            var position = StreamPosition()
            for number in 0..<count { position = try await publish("\(number + 1)").position }
            return position
        }

        func history(_ query: HistoryQuery = HistoryQuery(limit: .all), _ retention: Retention? = retention) async throws -> History {
            try await broker.history(of: channel, query, retention: retention)
        }

        func historyOffsets(_ query: HistoryQuery) async throws -> [UInt64] {
            try await history(query).publications.map(\.offset)
        }

        /// The texts that the receiver was told, when there are so many.
        func told(_ count: Int) async throws -> [String] {
            try await receiver.publications(on: channel, count: count).map { String(decoding: $0.data, as: UTF8.self) }
        }

        /// The bases of the publications that the receiver was told.
        func bases(_ count: Int) async throws -> [UInt64?] {
            try await receiver.events(on: channel, count: count).compactMap {
                if case .published(_, let base, _) = $0 { .some(base?.offset) } else { nil }
            }
        }
    }
}
