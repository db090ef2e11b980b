import WebSocketProtocol

/// A configuration and what is made of it, by reference: made once for a route, shared by its sockets.
package final class SocketSettings: Sendable {
    package let configuration: WebSocketConfiguration
    let machine: WebSocketMachineSettings

    package init(_ configuration: WebSocketConfiguration) {
        self.configuration = configuration
        self.machine = WebSocketMachineSettings(
            limits: configuration.limits, keepalive: configuration.keepalive, deliversParts: configuration.deliversParts)
    }
}
