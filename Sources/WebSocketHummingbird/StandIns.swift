import WebSocketDeflate
import WebSocketProtocol

enum PerMessageDeflate {
    static func accept(
        _ offers: [ExtensionOffer], configuration: DeflateConfiguration
    ) -> (response: ExtensionOffer, parameters: DeflateParameters)? { nil }
}
