package import NIOCore

/// The connection of the plain request that is being handled, for routes whose answer lasts: Hummingbird does not tell a route of it.
package struct ServedConnection: Sendable {
    /// Nil in a request for an upgrade, and under a server that is not ours.
    @TaskLocal package static var current: ServedConnection?

    /// Of HTTP/1.1 the connection's, of HTTP/2 the stream's.
    package let channel: any Channel
    let origin: ConnectionOrigin
}
