// Sec-WebSocket-Extensions, its lines parted by line feeds. What can be read can be written and read again; what our server makes of it, our
// client can live with.

import FuzzSupport
import WebSocketDeflate
import WebSocketProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let lines = input.remainder().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard let offers = try? ExtensionHeader.parse(lines.map { String(decoding: $0, as: UTF8.self) }) else { return 0 }
    require(offers.count <= ExtensionHeader.maxOffers, "few extensions")
    let written = ExtensionHeader.serialize(offers)
    if written.utf8.count <= ExtensionHeader.maxBytes {
        require(try ExtensionHeader.parse([written]) == offers, "what is written can be read again")
    }
    for configuration in configurations { negotiate(offers, configuration) }
    return 0
}

private let configurations = [
    DeflateConfiguration(),
    DeflateConfiguration(serverNoContextTakeover: false, clientNoContextTakeover: false, serverMaxWindowBits: 15, clientMaxWindowBits: 15),
]

private func negotiate(_ offers: [ExtensionOffer], _ configuration: DeflateConfiguration) {
    for offer in offers { _ = try? PerMessageDeflate.validate(offer, configuration: configuration) }
    guard let (response, parameters) = PerMessageDeflate.accept(offers, configuration: configuration) else { return }
    require((9...15).contains(parameters.serverMaxWindowBits), "a window we can compress with")
    require((8...15).contains(parameters.clientMaxWindowBits), "a window there is")
    let seen = try? PerMessageDeflate.validate(response, configuration: configuration)
    require(seen?.serverMaxWindowBits == parameters.serverMaxWindowBits, "both sides agree on the server's window")
    require(seen?.clientMaxWindowBits == parameters.clientMaxWindowBits, "both sides agree on the client's window")
    require(seen?.serverNoContextTakeover == parameters.serverNoContextTakeover, "both sides agree on the server's takeover")
}
