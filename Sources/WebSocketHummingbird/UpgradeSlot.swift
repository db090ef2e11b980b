// Strategy: a request that asks for a socket runs through the application's router like any other, and a router only returns responses. So
// what a WebSocket route wants to do with the connection is left in a slot that belongs to that request, and the response (101) passes
// through the middleware, which may add to it or replace it. Whoever asked the router then finds both.

import HTTPTypes
import Logging
import Synchronization
import WebSocketNIO
import WebSocketProtocol

/// Where a WebSocket route leaves what it plans for the connection of the current request.
final class UpgradeSlot: Sendable {
    /// The current request's slot: nil if it does not ask for an upgrade, or came to a server that cannot do one.
    @TaskLocal static var current: UpgradeSlot?

    enum Transport: Sendable {
        case http1(version: (major: Int, minor: Int))
        case http2
    }

    let transport: Transport
    let origin: ConnectionOrigin
    private let plan = Mutex<UpgradePlan?>(nil)

    init(transport: Transport, origin: ConnectionOrigin) {
        self.transport = transport
        self.origin = origin
    }

    func leave(_ new: UpgradePlan) {
        plan.withLock { $0 = new }
    }

    func take() -> UpgradePlan? {
        plan.withLock { plan in
            defer { plan = nil }
            return plan
        }
    }
}

/// What a connection is to become.
struct UpgradePlan: Sendable {
    enum Application: Sendable {
        case task(@Sendable (WebSocket) async throws -> Void)
        /// Called on the event loop.
        case delegate(@Sendable () throws -> any WebSocketDelegate)
    }

    var settings: SocketSettings
    var handshake: NegotiatedHandshake
    /// The fields of the handshake itself, which no middleware may change.
    var fields: HTTPFields
    var application: Application
    var logger: Logger
}
