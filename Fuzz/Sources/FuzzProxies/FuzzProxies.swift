// A byte that says what follows: the beginning of a connection that may be a PROXY header; an address or a network; or a field in which proxies name a client.

import FuzzSupport
import HTTPTypes
import NIOCore
import WebSocketHummingbird

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    switch input.number(in: 0...2) {
    case 0: header(input.remainder())
    case 1: address(String(decoding: input.remainder(), as: UTF8.self))
    default: field(&input)
    }
    return 0
}

private func header(_ bytes: [UInt8]) {
    let reading = ProxyHeader.read(ByteBuffer(bytes: bytes).readableBytesView)
    switch reading {
    case .incomplete:
        require(bytes.count < ProxyHeader.maxBytes, "what is not whole yet is not longer than a header may be")
    case .complete(_, let count):
        require(count > 0 && count <= bytes.count && count <= ProxyHeader.maxBytes, "a header is within what came")
        let whole = ProxyHeader.read(ByteBuffer(bytes: bytes.prefix(count)).readableBytesView)
        require(whole == reading, "what follows a header does not matter")
        for cut in 0..<count {
            require(ProxyHeader.read(ByteBuffer(bytes: bytes.prefix(cut)).readableBytesView) == .incomplete, "a part of a header is none")
        }
    case .invalid: break
    }
}

private func address(_ text: String) {
    if let address = IPAddress(text) {
        require(IPAddress(address.description) == address, "an address is read again")
        require(IPNetwork(address.description)?.contains(address) == true, "it is in its own network")
    }
    if let network = IPNetwork(text), let first = text.split(separator: "/").first, let address = IPAddress(first) {
        require(network.contains(address), "a network has its first address")
    }
}

private let peer = IPAddress("10.0.0.1")
private let networks = ["10.0.0.0/8", "fd00::/8"].compactMap { IPNetwork($0) }

private func field(_ input: inout FuzzInput) {
    guard let peer else { return }
    let field = TrustedProxies.Field.allCases[input.number(in: 0...2)]
    var fields = HTTPFields()
    guard let name = HTTPField.Name(field.rawValue) else { return }
    let text = String(decoding: input.remainder(), as: UTF8.self)
    for line in text.split(separator: "\n") { fields.append(HTTPField(name: name, value: String(line))) }
    let proxies = TrustedProxies(networks, field: field)
    let client = proxies.client(behind: peer, fields)
    // What a proxy appends decides, whatever was there before it.
    guard field == .xForwardedFor, let own = IPAddress("203.0.113.9") else { return }
    fields.append(HTTPField(name: name, value: own.description))
    require(proxies.client(behind: peer, fields) == own, "the right-most counts")
    require(TrustedProxies().client(behind: client, fields) == client, "nobody is believed where nobody is trusted")
}
