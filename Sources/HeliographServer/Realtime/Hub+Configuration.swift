import Logging
import RealtimeHub

extension Hub {
    /// The hub that a configuration describes.
    convenience init(_ configuration: RealtimeConfiguration, logger: Logger) {
        self.init(configuration: configuration.hub, namespaces: configuration.namespaces, tokens: configuration.tokens, logger: logger)
        for warning in configuration.warnings { logger.warning("\(warning)") }
    }
}
