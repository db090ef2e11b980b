import Logging
import RealtimeHub

extension Hub {
    /// The hub of `heliograph serve` when no configuration is given: anybody may come and use the namespaces of the demos and of measuring, and
    /// nothing else is there.
    static func demo(logger: Logger) -> Hub {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        return Hub(
            configuration: configuration, namespaces: Namespaces(named: ["bench": .bench, "recover": .recoverable]), logger: logger)
    }
}

extension ChannelSettings {
    private static let everybody: Openness = [.clients, .anonymous]

    /// Publications and nothing else.
    static var bench: ChannelSettings {
        var options = ChannelSettings()
        options.allowSubscribe = everybody
        options.allowPublish = everybody
        return options
    }

    /// History, recovery and presence, as a chat would have them.
    static var recoverable: ChannelSettings {
        var options = bench
        options.historySize = 1_000
        options.historyTTL = .seconds(300)
        options.forceRecovery = true
        options.presence = true
        options.joinLeave = true
        options.allowPresence = everybody
        options.allowHistory = everybody
        options.allowsDelta = true
        options.deltaPublish = true
        options.allowTagsFilter = true
        return options
    }
}
