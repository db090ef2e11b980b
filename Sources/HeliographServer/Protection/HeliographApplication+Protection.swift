import NIOCore
import WebSocketHummingbird

extension WebSocketServerConfiguration {
    /// Takes over what the configuration says of connections and of the proxies in front.
    mutating func protect(_ protection: ServeConfiguration.Protection, _ settings: AdjustableServerSettings) {
        adjustable = settings
        proxyProtocol = protection.expectsProxyHeader
    }
}
