/// Options of a channel for one subscription, in place of the channel's own: what a token may say. Nil: as the channel has it.
public struct ChannelOverride: Hashable, Sendable {
    public var presence: Bool?
    public var joinLeave: Bool?
    public var forcePushJoinLeave: Bool?
    public var forceRecovery: Bool?
    public var forcePositioning: Bool?

    public init(
        presence: Bool? = nil, joinLeave: Bool? = nil, forcePushJoinLeave: Bool? = nil, forceRecovery: Bool? = nil,
        forcePositioning: Bool? = nil
    ) {
        self.presence = presence
        self.joinLeave = joinLeave
        self.forcePushJoinLeave = forcePushJoinLeave
        self.forceRecovery = forceRecovery
        self.forcePositioning = forcePositioning
    }
}

extension ChannelSettings {
    /// These options, with some in place of their own.
    public func overridden(by override: ChannelOverride) -> ChannelSettings {
        var options = self
        options.presence = override.presence ?? presence
        options.joinLeave = override.joinLeave ?? joinLeave
        options.forcePushJoinLeave = override.forcePushJoinLeave ?? forcePushJoinLeave
        options.forceRecovery = override.forceRecovery ?? forceRecovery
        options.forcePositioning = override.forcePositioning ?? forcePositioning
        return options
    }
}
