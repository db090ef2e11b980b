// Who may do what in a channel. All of it is here, and none of it has a state: what is asked for, who asks, and what the options say.
//
//                 private ($)       for users (#7,8)                  any other
//   subscribe     a token           a token, or being one of them     a token, or openness to clients or the anonymous
//   the rest      subscribers       subscribers, or being one of      subscribers, or openness to clients or the anonymous
//                                   them and openness to clients
//
// "Subscribers" and "openness" where the options of the operation say so; nothing is allowed that is not in this table.

extension Namespaces {
    /// What a client can want in a channel.
    public enum Operation: Hashable, Sendable, CaseIterable {
        case subscribe
        case publish
        case presence
        case history
    }

    /// Whether a client may do what it wants, and why.
    public enum Decision: Hashable, Sendable {
        case allowed(Ground)
        case denied(Objection)

        /// Whether it may.
        public var isAllowed: Bool {
            if case .allowed = self { true } else { false }
        }
    }

    /// Why something is allowed.
    public enum Ground: Hashable, Sendable {
        /// It has a token for the channel.
        case token
        /// The channel's name has the user.
        case namedUser
        /// The channel is open to its subscribers.
        case subscriber
        /// The channel is open to clients with a user.
        case client
        /// The channel is open to clients without one.
        case anonymous
        /// The client's token or the application gave it a capability.
        case capability
        /// Everything is allowed (``Namespaces/isInsecure``).
        case insecure
    }

    /// Why something is denied.
    public enum Objection: Hashable, Sendable {
        /// The name breaks a rule: error 107.
        case badName
        /// There is no such namespace: error 102.
        case unknownChannel
        /// The channel has no presence, or no history: error 108.
        case notAvailable
        /// A private channel is open to tokens only: error 103.
        case needsToken
        /// The channel is for other users: error 103.
        case notNamed
        /// Nothing says that it is allowed: error 103.
        case notOpen
    }

    /// Decides from the name on.
    ///
    /// - Parameters:
    ///   - operation: what is wanted.
    ///   - channel: the channel's name.
    ///   - user: the client's user; empty for an anonymous client.
    ///   - isSubscribed: whether this client is subscribed to the channel.
    ///   - hasToken: whether it showed a valid token for this channel.
    public func permission(
        for operation: Operation, channel: String, user: String, isSubscribed: Bool = false, hasToken: Bool = false
    ) -> Decision {
        let (name, options): (ParsedChannelName, ChannelSettings)
        do throws(NameError) {
            (name, options) = try resolve(channel)
        } catch {
            return .denied(error == .badName ? .badName : .unknownChannel)
        }
        switch operation {
        case .presence where !options.presence, .history where !options.hasHistory: return .denied(.notAvailable)
        default: return decide(operation, name, options, user: user, isSubscribed: isSubscribed, hasToken: hasToken)
        }
    }

    /// Whether a user may do something in a channel that has these options, without a token.
    public func allows(
        _ operation: Operation, in channel: String, _ options: ChannelSettings, user: String, isSubscribed: Bool
    ) -> Bool {
        decide(operation, syntax.parse(channel), options, user: user, isSubscribed: isSubscribed, hasToken: false).isAllowed
    }

    /// What the options say to who has no token.
    func decision(_ operation: Operation, in channel: String, _ options: ChannelSettings, user: String) -> Decision {
        decide(operation, syntax.parse(channel), options, user: user, isSubscribed: false, hasToken: false)
    }

    private func decide(
        _ operation: Operation, _ name: ParsedChannelName, _ options: ChannelSettings, user: String, isSubscribed: Bool, hasToken: Bool
    ) -> Decision {
        let openness = options.openness(for: operation)
        if operation == .subscribe {
            if hasToken { return .allowed(.token) }
        } else if openness.contains(.subscribers), isSubscribed {
            return .allowed(.subscriber)
        }
        if name.isPrivate { return .denied(.needsToken) }
        if let users = name.users { return decide(operation, among: users, options, user) }
        return decide(openness, user)
    }

    /// In a channel for users.
    private func decide(_ operation: Operation, among users: Substring, _ options: ChannelSettings, _ user: String) -> Decision {
        guard options.allowUserLimitedChannels, syntax.isUser(user, among: users) else { return .denied(.notNamed) }
        if operation == .subscribe { return .allowed(.namedUser) }
        return decide(options.openness(for: operation), user)
    }

    private func decide(_ openness: Openness, _ user: String) -> Decision {
        if user.isEmpty, openness.contains(.anonymous) { return .allowed(.anonymous) }
        if !user.isEmpty, openness.contains(.clients) { return .allowed(.client) }
        return isInsecure ? .allowed(.insecure) : .denied(.notOpen)
    }
}

extension ChannelSettings {
    fileprivate func openness(for operation: Namespaces.Operation) -> Openness {
        switch operation {
        case .subscribe: allowSubscribe
        case .publish: allowPublish
        case .presence: allowPresence
        case .history: allowHistory
        }
    }
}
