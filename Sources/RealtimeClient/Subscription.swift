import RealtimeProtocol

extension Client {
    /// A channel that is followed, over all connections of its client. Made by ``Client/subscribe(_:_:)``.
    ///
    /// A handle: copies are the same subscription, and to drop one does not end it. ``unsubscribe()`` does.
    public struct Subscription: Hashable, Sendable {
        /// The client.
        public let client: Client
        let key: SubscriptionKey

        /// The channel's name.
        public var channel: String { key.channel }

        /// Two are equal that are the same subscription of the same client.
        public static func == (left: Self, right: Self) -> Bool { left.client === right.client && left.key == right.key }

        /// By the channel.
        public func hash(into hasher: inout Hasher) { hasher.combine(key) }

        // MARK: State

        /// Whether the channel is followed.
        public var state: SubscriptionState {
            client.driver.run { [key] machine, _ in
                guard machine.has(key) else { return .unsubscribed }
                return machine.subscriptions[key.channel]?.state ?? .unsubscribed
            }
        }

        /// Where the reader of ``events`` or ``publications`` is in the channel's stream; nil without positions. Kept, and given as
        /// ``SubscriptionOptions/since`` to a later client, one goes on from there.
        public var position: StreamPosition? {
            client.driver.run { [key] machine, _ in machine.has(key) ? machine.subscriptions[key.channel]?.readPosition : nil }
        }

        /// Waits until the channel is subscribed to.
        ///
        /// - Parameter timeout: how long; nil: ``Configuration/timeout``.
        /// - Throws: ``RealtimeError/unsubscribed`` or ``RealtimeError/disconnected`` if it is given up, ``RealtimeError/timeout``,
        ///   ``RealtimeError/cancelled``.
        public func ready(timeout: Duration? = nil) async throws(RealtimeError) {
            _ = try await client.driver.ask(nil, needs: key, timeout: timeout)
        }

        /// Subscribes again after ``unsubscribe()``, or after the server has ended it, and recovers what was missed. Otherwise does nothing.
        public func subscribe() {
            client.driver.run { $0.resume(key, at: $1) }
        }

        /// Ends it, but keeps the position: a later ``subscribe()`` asks for what was missed.
        public func unsubscribe() {
            client.driver.run { $0.unsubscribe(key, at: $1) }
        }

        /// Ends it, and the client forgets it with all that was not read. The handle is of no use then.
        public func remove() {
            client.driver.run { $0.remove(key, at: $1) }
        }

        // MARK: What happens

        /// Everything that happens to the subscription, in order.
        ///
        /// Events wait for their reader from the beginning on, up to ``Configuration/maxBufferedEvents`` and ``Configuration/maxBufferedBytes``. A reader that
        /// is slower than that holds up nobody and loses nothing without being told: later events are left out, and once half of those that wait were read
        /// the client subscribes anew from where they ended. What the channel's history has comes then; if it has not all, or the channel has none, there
        /// is ``SubscriptionEvent/missed``.
        ///
        /// Several readers share the events. The sequence ends once the channel is unsubscribed from or the client is disconnected, and when the task is
        /// cancelled.
        public var events: SubscriptionEvents { SubscriptionEvents(subscription: self) }

        /// The publications alone; they are taken from ``events``, and the other events are passed over.
        ///
        /// The loop ends after ``unsubscribe()`` and ``Client/disconnect()``. It throws where it would otherwise hide something:
        /// ``RealtimeError/missed`` where publications are lost, and the server's code and reason where the server, or the want of a token, has ended the
        /// subscription or the connection. A new loop goes on behind that.
        public var publications: Publications { Publications(subscription: self) }
    }
}

extension Client {
    /// What happens to a client; see ``Client/events``.
    public struct Events: AsyncSequence, Sendable {
        public typealias Failure = Never
        let client: Client

        /// Takes the events that wait.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let client: Client

            /// The next event; nil when the client is disconnected and there are no more, or when the task is cancelled.
            public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Event? {
                guard case .event(let event) = await client.driver.next(.client, { $0.takeEvent(at: $1) }) else { return nil }
                return event
            }

            /// The next event; see ``next(isolation:)``.
            public mutating func next() async -> Event? { await next(isolation: nil) }
        }

        /// A reader.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client) }
    }

    /// What happens to a subscription; see ``Subscription/events``.
    public struct SubscriptionEvents: AsyncSequence, Sendable {
        public typealias Failure = Never
        let subscription: Subscription

        /// Takes the events that wait.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let subscription: Subscription

            /// The next event; nil when there will be no more, or when the task is cancelled.
            public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> SubscriptionEvent? {
                guard case .event(let event) = await subscription.take() else { return nil }
                return event
            }

            /// The next event; see ``next(isolation:)``.
            public mutating func next() async -> SubscriptionEvent? { await next(isolation: nil) }
        }

        /// A reader.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription: subscription) }
    }

    /// The publications of a subscription; see ``Subscription/publications``.
    public struct Publications: AsyncSequence, Sendable {
        public typealias Failure = RealtimeError
        let subscription: Subscription

        /// Takes the publications that wait.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let subscription: Subscription

            /// The next publication; nil when there will be no more, or when the task is cancelled.
            ///
            /// - Throws: ``RealtimeError/missed``, or why the subscription or the connection was ended by the server.
            public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(RealtimeError) -> Publication? {
                while let taken = await subscription.take() {
                    switch taken {
                    case .event(.publication(let publication)): return publication
                    case .event(.missed): throw .missed
                    case .event(.unsubscribed(let reason)), .ended(.some(let reason)):
                        if reason.isCalled { return nil }
                        throw RealtimeError(reason)
                    case .ended(nil): return nil
                    case .event, .nothing: continue
                    }
                }
                return nil
            }

            /// The next publication; see ``next(isolation:)``.
            public mutating func next() async throws(RealtimeError) -> Publication? { try await next(isolation: nil) }
        }

        /// A reader.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription: subscription) }
    }
}

extension Client.Subscription {
    func take() async -> ClientMachine.Taken<Client.SubscriptionEvent>? {
        let key = key
        return await client.driver.next(.subscription(key)) { $0.takeEvent(of: key, at: $1) }
    }
}
