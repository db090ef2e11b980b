public import RealtimeProtocol

extension Client {
    /// A value that was published in a channel, or the publication that was none.
    public struct ChannelPublication<Value: Codable & Sendable>: Sendable {
        /// As it was published: offset, tags, who published it, and its data.
        public let publication: Publication
        /// The value, or why there is none.
        public let result: Result<Value, RealtimeError>

        /// The value.
        ///
        /// - Throws: ``RealtimeError/badData(_:)`` if the publication is no such value.
        public var value: Value {
            get throws(RealtimeError) { try result.get() }
        }

        init(_ publication: Publication) {
            self.publication = publication
            do throws(RealtimeError) {
                result = .success(try publication.decode(Value.self))
            } catch {
                result = .failure(error)
            }
        }
    }

    /// A subscription whose publications are values of one type. Everything else that a ``Subscription`` has, ``subscription`` has.
    public struct ChannelSubscription<Value: Codable & Sendable>: Sendable {
        /// The subscription without types.
        public let subscription: Subscription

        /// The values that are published, as they are published: as ``Subscription/publications``, and it also throws at a publication that is no
        /// such value (``RealtimeError/badData(_:)``). A new loop goes on behind it; ``publications`` goes on by itself.
        public var values: ChannelValues<Value> { ChannelValues(publications: subscription.publications) }

        /// The publications with their values. One that is no such value is an element as well, whose ``ChannelPublication/value`` throws. Otherwise as
        /// ``Subscription/publications``.
        public var publications: ChannelPublications<Value> { ChannelPublications(publications: subscription.publications) }

        /// Publishes a value into the channel. Returns once the server has it.
        public func publish(_ value: Value) async throws(RealtimeError) { try await subscription.publish(json: value) }

        /// What was published in the channel; as the one of the client.
        public func history(
            limit: Int = 0, since: StreamPosition? = nil, reverse: Bool = false
        ) async throws(RealtimeError) -> ChannelHistory<Value> {
            ChannelHistory(try await subscription.history(limit: limit, since: since, reverse: reverse))
        }

        /// Ends it; see ``Subscription/unsubscribe()``.
        public func unsubscribe() { subscription.unsubscribe() }
    }

    /// Some of the history of a channel of values.
    public struct ChannelHistory<Value: Codable & Sendable>: Sendable {
        /// In the order asked for.
        public var publications: [ChannelPublication<Value>]
        /// The top of the stream.
        public var position: StreamPosition

        init(_ history: History) {
            publications = history.publications.map(ChannelPublication.init)
            position = history.position
        }
    }

    /// Publications with their values; see ``ChannelSubscription/publications``.
    public struct ChannelPublications<Value: Codable & Sendable>: AsyncSequence, Sendable {
        public typealias Failure = RealtimeError
        let publications: Publications

        /// Takes the publications that wait.
        public struct AsyncIterator: AsyncIteratorProtocol {
            var publications: Publications.AsyncIterator

            /// The next publication; see ``ChannelSubscription/publications``.
            public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(RealtimeError)
                -> ChannelPublication<Value>?
            {
                try await publications.next(isolation: actor).map { ChannelPublication($0) }
            }

            /// The next publication; see ``next(isolation:)``.
            public mutating func next() async throws(RealtimeError) -> ChannelPublication<Value>? { try await next(isolation: nil) }
        }

        /// A reader.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(publications: publications.makeAsyncIterator()) }
    }

    /// Values; see ``ChannelSubscription/values``.
    public struct ChannelValues<Value: Codable & Sendable>: AsyncSequence, Sendable {
        public typealias Failure = RealtimeError
        let publications: Publications

        /// Takes the publications that wait.
        public struct AsyncIterator: AsyncIteratorProtocol {
            var publications: Publications.AsyncIterator

            /// The next value; see ``ChannelSubscription/values``.
            public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(RealtimeError) -> Value? {
                try await publications.next(isolation: actor)?.decode(Value.self)
            }

            /// The next value; see ``next(isolation:)``.
            public mutating func next() async throws(RealtimeError) -> Value? { try await next(isolation: nil) }
        }

        /// A reader.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(publications: publications.makeAsyncIterator()) }
    }
}

extension Client {
    /// Follows a channel whose publications are values; see ``subscribe(_:_:)``.
    ///
    /// ```swift
    /// let quotes = Channel<Quote>("stocks:AAPL")
    /// for try await quote in try client.subscribe(to: quotes).values { print(quote.price) }
    /// ```
    public func subscribe<Value>(
        to channel: Channel<Value>, _ options: SubscriptionOptions = SubscriptionOptions()
    ) throws(RealtimeError) -> ChannelSubscription<Value> {
        ChannelSubscription(subscription: try subscribe(channel.name, options))
    }

    /// Publishes a value into its channel, as JSON. Returns once the server has it.
    public func publish<Value>(_ value: Value, to channel: Channel<Value>) async throws(RealtimeError) {
        try await publish(json: value, to: channel.name)
    }

    /// What was published in a channel of values.
    ///
    /// - Parameters:
    ///   - channel: which.
    ///   - limit: how many; 0 for the position alone, -1 for as many as the server allows.
    ///   - since: after this; before it if `reverse`.
    ///   - reverse: the newest first.
    public func history<Value>(
        of channel: Channel<Value>, limit: Int = 0, since: StreamPosition? = nil, reverse: Bool = false
    ) async throws(RealtimeError) -> ChannelHistory<Value> {
        ChannelHistory(try await history(of: channel.name, limit: limit, since: since, reverse: reverse))
    }
}
