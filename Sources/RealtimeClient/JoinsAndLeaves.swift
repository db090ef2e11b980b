import NIOCore

extension Client {
    /// Who is in a channel has changed.
    public enum PresenceChange: Hashable, Sendable {
        /// It is not known how: the channel is subscribed to anew, or the reader was too slow. ``Subscription/presence()`` tells who is there.
        case reset
        /// Somebody came.
        case join(ClientInfo)
        /// Somebody left.
        case leave(ClientInfo)

        var cost: Int {
            switch self {
            case .reset: 0
            case .join(let info), .leave(let info): info.connectionInfo.readableBytes + info.channelInfo.readableBytes
            }
        }
    }

    /// Who comes to a channel and leaves it; see ``Subscription/joinsAndLeaves``.
    public struct JoinsAndLeaves: AsyncSequence, Sendable {
        public typealias Failure = Never
        let subscription: Subscription

        /// Takes the changes that wait.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let subscription: Subscription

            /// The next change; nil when there will be no more, or when the task is cancelled.
            public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> PresenceChange? {
                let key = subscription.key
                guard
                    case .event(let change) = await subscription.client.driver.next(
                        .presence(key), { machine, _ in machine.takePresence(of: key) })
                else { return nil }
                return change
            }

            /// The next change; see ``next(isolation:)``.
            public mutating func next() async -> PresenceChange? { await next(isolation: nil) }
        }

        /// A reader.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription: subscription) }
    }
}

extension Client.Subscription {
    /// Who comes and leaves, beside whoever reads ``events`` or ``publications``. Needs ``Client/SubscriptionOptions/joinLeave``.
    ///
    /// ```swift
    /// for await change in room.joinsAndLeaves {
    ///     switch change {
    ///     case .reset: people = try await room.presence()
    ///     case .join(let info): people[info.client] = info
    ///     case .leave(let info): people[info.client] = nil
    ///     }
    /// }
    /// ```
    ///
    /// Changes are kept from the first use of this property on, within the bounds of ``events``; a reader that is slower gets one
    /// ``Client/PresenceChange/reset`` for what was left out. Ends as ``events`` does.
    public var joinsAndLeaves: Client.JoinsAndLeaves {
        client.driver.run { [key] machine, _ in machine.watchPresence(of: key) }
        return Client.JoinsAndLeaves(subscription: self)
    }
}
