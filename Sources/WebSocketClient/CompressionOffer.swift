import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

/// The extensions that a client offers: permessage-deflate (RFC 7692) when it is configured.
enum CompressionOffer {
    static func extensions(_ configuration: WebSocketConfiguration) -> [ExtensionOffer] {
        configuration.compression.map { PerMessageDeflate.offers(configuration: $0) } ?? []
    }

    /// What the server made of the offers.
    ///
    /// - Parameter accepted: Extensions that were offered; the handshake has made sure of that.
    static func validate(
        _ accepted: [ExtensionOffer], configuration: WebSocketConfiguration
    ) throws(HandshakeError) -> DeflateParameters? {
        guard let offer = accepted.first, let deflate = configuration.compression else { return nil }
        guard accepted.count == 1 else {
            throw HandshakeError(rule: "RFC 7692 §5.1: of several offers of permessage-deflate, the server must accept one")
        }
        return try PerMessageDeflate.validate(offer, configuration: deflate)
    }
}
