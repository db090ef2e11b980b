import Logging
import RealtimeHub

extension Hub {
    /// The hub that a configuration describes.
    convenience init(_ configuration: RealtimeConfiguration, tokens: ReplaceableTokens, handlers: HubHandlers, logger: Logger) {
        self.init(
            configuration: configuration.hub, namespaces: configuration.namespaces, handlers: handlers, tokens: tokens, logger: logger)
        for warning in configuration.warnings { logger.warning("\(warning)") }
    }
}
