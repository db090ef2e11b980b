import HTTPTypes
import WebSocketDeflate
import WebSocketProtocol

/// What Chromium sends.
private let request: HTTPRequest = {
    var fields = HTTPFields()
    fields[.upgrade] = "websocket"
    fields[.connection] = "Upgrade"
    fields[.secWebSocketKey] = "dGhlIHNhbXBsZSBub25jZQ=="
    fields[.secWebSocketVersion] = "13"
    fields[.secWebSocketExtensions] = "permessage-deflate; client_max_window_bits"
    fields[.origin] = "https://example.com"
    fields[.userAgent] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
    return HTTPRequest(method: .get, scheme: "https", authority: "example.com", path: "/chat", headerFields: fields)
}()

let handshake: [Operation] = [
    Operation("handshake: server, validate and answer") {
        { count in
            for _ in 0..<count {
                guard let accepted = try? ServerHandshake.validate(request, hasBody: false) else { return }
                try? OriginPolicy.sameHost.permits(request)
                use(accepted.response(subprotocol: nil, extensions: []))
            }
        }
    },
    Operation("handshake: server, with compression") {
        let configuration = DeflateConfiguration()
        return { count in
            for _ in 0..<count {
                guard let accepted = try? ServerHandshake.validate(request, hasBody: false) else { return }
                let deflate = PerMessageDeflate.accept(accepted.extensions, configuration: configuration)
                use(accepted.response(subprotocol: nil, extensions: deflate.map { [$0.response] } ?? []))
            }
        }
    },
    Operation("handshake: client, ask and validate") {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        let response = (try? ServerHandshake.validate(request, hasBody: false))?.response(subprotocol: nil, extensions: [])
        return { count in
            for _ in 0..<count {
                guard let response, let client = try? ClientHandshake(authority: "example.com", path: "/chat", key: key) else { return }
                use(try? client.validate(response))
            }
        }
    },
]
