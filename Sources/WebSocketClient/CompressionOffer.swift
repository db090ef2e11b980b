import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

/// The extensions that a client offers: permessage-deflate (RFC 7692) when it is configured.
enum CompressionOffer {
    static func extensions(_ configuration: WebSocketConfiguration) -> [ExtensionOffer] {
        []
    }

    /// - Parameter accepted: what the server took of the offers, which the handshake has made sure of.
    static func validate(
        _ accepted: [ExtensionOffer], configuration: WebSocketConfiguration
    ) throws(HandshakeError) -> DeflateParameters? {
        nil
    }
}
