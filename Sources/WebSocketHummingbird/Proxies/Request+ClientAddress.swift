import HTTPTypes
public import HummingbirdCore
import NIOCore

extension Request {
    /// The address of the client that sent the request: what the connection's peer is, or what a PROXY header or one of the `trustedProxies` of
    /// ``WebSocketServerConfiguration`` says.
    ///
    /// Nil outside of middleware and routes, under a server that is not one of `HTTPServerBuilder.webSockets(configuration:)` or
    /// `HTTPServerBuilder.webSocketsHTTP2(tlsConfiguration:configuration:)`, and for a peer that has no address.
    public var clientAddress: IPAddress? {
        (UpgradeSlot.current?.origin ?? ServedConnection.current?.origin)?.client(head.headerFields)
    }
}

extension Request {
    /// Whether one of the `trustedProxies` of ``WebSocketServerConfiguration`` has connected, so that what it says of the client besides the address can be believed too. Where
    /// connections begin with a PROXY header, true if that names such a proxy: who sends the header does not look at requests.
    public var isFromTrustedProxy: Bool {
        guard let origin = UpgradeSlot.current?.origin ?? ServedConnection.current?.origin, let peer = origin.peer else { return false }
        return origin.proxies.contains(peer)
    }
}

/// Where a connection comes from.
struct ConnectionOrigin: Sendable {
    /// Who has connected, or was named by a PROXY header.
    let peer: IPAddress?
    let proxies: TrustedProxies

    func client(_ fields: HTTPFields) -> IPAddress? {
        peer.map { proxies.client(behind: $0, fields) }
    }
}

extension ServerState {
    func origin(of channel: any Channel) -> ConnectionOrigin {
        let peer = IPAddress(channel.remoteAddress ?? channel.parent?.remoteAddress)
        guard configuration.proxyProtocol else { return ConnectionOrigin(peer: peer, proxies: trustedProxies) }
        if let named = namedClients.client(of: channel) { return ConnectionOrigin(peer: named, proxies: trustedProxies) }
        // The header names nobody: whoever wrote the request, it was not the proxy.
        return ConnectionOrigin(peer: peer, proxies: TrustedProxies())
    }
}
