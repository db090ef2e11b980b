// A handshake, written as a request or response is: the first line has its choices, each other line is a field. Whatever the other side sends,
// it is accepted or refused by a rule, and what is accepted holds what the rules say.

import FuzzSupport
import HTTPTypes
import WebSocketProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let choice = input.byte()
    let lines = input.remainder().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    switch choice {
    case UInt8(ascii: "C"): fuzzClient(lines)
    case UInt8(ascii: "2"): fuzzExtendedConnect(lines)
    default: fuzzServer(lines)
    }
    return 0
}

private let policies: [OriginPolicy] = [.sameHost, .allow(["https://*.example.com", "http://localhost:*", "example.org", "null"])]

/// `S`, then method, scheme, authority and path on a line, then fields.
private func fuzzServer(_ lines: [ArraySlice<UInt8>]) {
    let request = request(lines)
    for policy in policies { try? policy.permits(request) }
    let asks = ServerHandshake.isUpgrade(request)
    guard let handshake = try? ServerHandshake.validate(request, hasBody: false) else { return }
    require(asks, "a valid request asks for an upgrade")
    require(handshake.key?.utf8.count == 24, "a key has 24 digits")
    require(handshake.extensions.count <= ExtensionHeader.maxOffers, "few extensions")
    let chosen = handshake.selectSubprotocol(from: ["b", "chat"])
    let response = handshake.response(subprotocol: chosen, extensions: handshake.extensions)
    require(response.status == .switchingProtocols, "the answer is 101")
    require(response.headerFields[.secWebSocketProtocol] == chosen, "the subprotocol chosen, or none")
    requireAgreement(handshake, response, chosen)
}

/// A client that sent the same would take our answer, unless the request offered an extension twice, which no client of ours does.
private func requireAgreement(_ handshake: ServerHandshake, _ response: HTTPResponse, _ chosen: String?) {
    guard Set(handshake.extensions.map(\.name)).count == handshake.extensions.count else { return }
    guard
        let client = try? ClientHandshake(
            authority: "example.com", path: "/", subprotocols: handshake.subprotocols, extensions: handshake.extensions, key: handshake.key)
    else { return }
    require(try client.validate(response) == AcceptedHandshake(subprotocol: chosen, extensions: handshake.extensions), "both sides agree")
}

private func fuzzExtendedConnect(_ lines: [ArraySlice<UInt8>]) {
    var request = request(lines)
    request.extendedConnectProtocol = request.headerFields[.upgrade] ?? "websocket"
    request.headerFields[.upgrade] = nil
    for policy in policies { try? policy.permits(request) }
    guard let handshake = try? ServerHandshake.validateExtendedConnect(request) else { return }
    require(ServerHandshake.isExtendedConnect(request), "a valid request asks for it")
    require(handshake.key == nil && handshake.response().status == .ok, "the answer is 200")
}

/// `C`, then the status on a line, then fields.
private func fuzzClient(_ lines: [ArraySlice<UInt8>]) {
    let offers = [ExtensionOffer(name: "permessage-deflate", parameters: [.init(name: "client_max_window_bits")])]
    let key = "dGhlIHNhbXBsZSBub25jZQ=="
    guard let client = try? ClientHandshake(authority: "a", path: "/", subprotocols: ["chat", "b"], extensions: offers, key: key) else {
        return require(false, "our own handshake is right")
    }
    let status = lines.first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 101
    let response = HTTPResponse(status: .init(code: min(max(status, 0), 999)), headerFields: fields(lines.dropFirst()))
    guard let accepted = try? client.validate(response) else { return }
    require(status == 101, "only 101 is an upgrade")
    require(accepted.subprotocol.map { ["chat", "b"].contains($0) } ?? true, "only what was offered")
    require(accepted.extensions.allSatisfy { $0.name == "permessage-deflate" } && accepted.extensions.count <= 1, "only what was offered")
}

private func request(_ lines: [ArraySlice<UInt8>]) -> HTTPRequest {
    let words = (lines.first ?? []).split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    func word(_ index: Int) -> String? { words.indices.contains(index) ? words[index] : nil }
    return HTTPRequest(
        method: word(0).flatMap { HTTPRequest.Method($0) } ?? .get, scheme: word(1), authority: word(2), path: word(3),
        headerFields: fields(lines.dropFirst()))
}

private func fields(_ lines: ArraySlice<ArraySlice<UInt8>>) -> HTTPFields {
    var fields = HTTPFields()
    for line in lines.prefix(100) {
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = HTTPField.Name(String(decoding: parts[0], as: UTF8.self)) else { continue }
        fields.append(HTTPField(name: name, value: parts[1]))
    }
    return fields
}
