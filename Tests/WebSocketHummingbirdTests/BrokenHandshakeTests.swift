// Requests that ask for a socket in a way that RFC 6455 §4.2.1, or HTTP itself, forbids. None of them may be answered with 101, each ends the
// connection, and a request pipelined behind it is never answered: had the upgrade gone through, its bytes would have been frames.

import Foundation
import Hummingbird
import NIOCore
import Testing
import WebSocketHummingbird

struct BrokenHandshake: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let status: Int

    var testDescription: String { name }

    init(_ name: String, _ status: Int, _ text: String) {
        self.name = name
        self.status = status
        self.text = text
    }

    init(_ name: String, _ status: Int, _ handshake: Handshake) {
        self.init(name, status, handshake.text)
    }

    init(_ name: String, _ status: Int, _ change: (inout Handshake) -> Void) {
        var handshake = Handshake()
        change(&handshake)
        self.init(name, status, handshake.text)
    }
}

@Suite(.timeLimit(.minutes(2)))
struct BrokenHandshakeTests {
    static let start = Handshake()

    /// RFC 6455 §4.2.1 item 1, and what the method and the version may be.
    static let methods: [BrokenHandshake] = [
        BrokenHandshake("POST", 404) { $0.method = "POST" },
        BrokenHandshake("HEAD", 404) { $0.method = "HEAD" },
        BrokenHandshake("OPTIONS", 404) { $0.method = "OPTIONS" },
        BrokenHandshake("PUT", 404) { $0.method = "PUT" },
        BrokenHandshake("CONNECT", 405) { $0.method = "CONNECT" },
        BrokenHandshake("lower-case method", 400) { $0.method = "get" },
        BrokenHandshake("HTTP/1.0", 505) { $0.version = "HTTP/1.0" },
        BrokenHandshake("HTTP/0.9", 505) { $0.version = "HTTP/0.9" },
        BrokenHandshake("HTTP/2.0", 505) { $0.version = "HTTP/2.0" },
        BrokenHandshake("no version", 505, "GET /echo\r\nHost: localhost\r\n\r\n"),
    ]

    /// Item 2.
    static let hosts: [BrokenHandshake] = [
        BrokenHandshake("no Host", 400, start.with("Host", nil)),
        BrokenHandshake("empty Host", 400, start.with("Host", "")),
        BrokenHandshake("two Hosts", 400, start.adding("Host", "other")),
        BrokenHandshake("two equal Hosts", 400, start.adding("Host", "localhost")),
    ]

    /// Items 3 and 4.
    static let upgrades: [BrokenHandshake] = [
        BrokenHandshake("Upgrade without Connection", 400, start.with("Connection", nil)),
        BrokenHandshake("Connection without Upgrade", 400, start.with("Upgrade", nil)),
        BrokenHandshake("Upgrade: h2c", 400, start.with("Upgrade", "h2c")),
        BrokenHandshake("Upgrade: websockets", 400, start.with("Upgrade", "websockets")),
        BrokenHandshake("Upgrade: websocket/13", 400, start.with("Upgrade", "websocket/13")),
        BrokenHandshake("Upgrade: web socket", 400, start.with("Upgrade", "web socket")),
        BrokenHandshake("Connection: keep-alive", 400, start.with("Connection", "keep-alive")),
        BrokenHandshake("Connection: upgraded", 400, start.with("Connection", "upgraded")),
        BrokenHandshake("Connection: close", 400, start.with("Connection", "close")),
    ]

    /// Item 5: 16 bytes of base64, once.
    static let keys: [BrokenHandshake] = [
        BrokenHandshake("no key", 400, start.with("Sec-WebSocket-Key", nil)),
        BrokenHandshake("empty key", 400, start.with("Sec-WebSocket-Key", "")),
        BrokenHandshake("key of 15 bytes", 400, start.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j")),
        BrokenHandshake("key of 17 bytes", 400, start.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSE=")),
        BrokenHandshake("key without padding", 400, start.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ")),
        BrokenHandshake("key with one sign of padding", 400, start.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=")),
        BrokenHandshake("key with spare bits set", 400, start.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR==")),
        BrokenHandshake("key of base64url", 400, start.with("Sec-WebSocket-Key", "____________________-w==")),
        BrokenHandshake("key that is not base64", 400, start.with("Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!==")),
        BrokenHandshake("two keys", 400, start.adding("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")),
        BrokenHandshake("two equal keys", 400, start.adding("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")),
        BrokenHandshake(
            "two keys in one field", 400,
            start.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==, AAAAAAAAAAAAAAAAAAAAAA==")),
    ]

    /// Item 6, and §4.4: another version is answered with the one we speak.
    static let versions: [BrokenHandshake] = [
        BrokenHandshake("no version of WebSocket", 400, start.with("Sec-WebSocket-Version", nil)),
        BrokenHandshake("version 0", 426, start.with("Sec-WebSocket-Version", "0")),
        BrokenHandshake("version 8", 426, start.with("Sec-WebSocket-Version", "8")),
        BrokenHandshake("version 14", 426, start.with("Sec-WebSocket-Version", "14")),
        BrokenHandshake("version 013", 426, start.with("Sec-WebSocket-Version", "013")),
        BrokenHandshake("version thirteen", 426, start.with("Sec-WebSocket-Version", "thirteen")),
        BrokenHandshake("version 256", 426, start.with("Sec-WebSocket-Version", "256")),
        BrokenHandshake("versions 13, 8", 426, start.with("Sec-WebSocket-Version", "13, 8")),
        BrokenHandshake("two versions", 400, start.adding("Sec-WebSocket-Version", "8")),
    ]

    /// §4.1 items 10 and 11, §9.1.
    static let lists: [BrokenHandshake] = [
        BrokenHandshake("empty Sec-WebSocket-Protocol", 400, start.adding("Sec-WebSocket-Protocol", "")),
        BrokenHandshake("subprotocol with a space", 400, start.adding("Sec-WebSocket-Protocol", "chat room")),
        BrokenHandshake("subprotocol with a slash", 400, start.adding("Sec-WebSocket-Protocol", "chat/2")),
        BrokenHandshake("subprotocol twice", 400, start.adding("Sec-WebSocket-Protocol", "a, b, a")),
        BrokenHandshake("empty Sec-WebSocket-Extensions", 400, start.adding("Sec-WebSocket-Extensions", "")),
        BrokenHandshake("extension without a name", 400, start.adding("Sec-WebSocket-Extensions", "; a=b")),
        BrokenHandshake("extension with an open quote", 400, start.adding("Sec-WebSocket-Extensions", "x; a=\"b")),
        BrokenHandshake(
            "nine extensions", 400,
            start.adding("Sec-WebSocket-Extensions", (0..<9).map { "x\($0)" }.joined(separator: ", "))),
        BrokenHandshake(
            "extensions of 2 KiB", 431, start.adding("Sec-WebSocket-Extensions", String(repeating: "x", count: 2_048))),
    ]

    /// RFC 6455 §10.2.
    static let origins: [BrokenHandshake] = [
        BrokenHandshake("Origin of another host", 403, start.adding("Origin", "http://evil.example")),
        BrokenHandshake("Origin of a subdomain", 403, start.adding("Origin", "http://a.localhost")),
        BrokenHandshake("Origin with the host as a prefix", 403, start.adding("Origin", "http://localhost.evil.example")),
        BrokenHandshake("Origin of another port", 403, start.adding("Origin", "http://localhost:81")),
        BrokenHandshake("Origin null", 403, start.adding("Origin", "null")),
        BrokenHandshake("empty Origin", 403, start.adding("Origin", "")),
        BrokenHandshake("Origin with user information", 403, start.adding("Origin", "http://localhost@evil.example")),
        BrokenHandshake("two Origins", 403, start.adding("Origin", "http://localhost").adding("Origin", "http://evil.example")),
        BrokenHandshake("cookies without an Origin", 403, start.adding("Cookie", "session=1")),
    ]

    /// A request for an upgrade has no body.
    static let bodies: [BrokenHandshake] = [
        BrokenHandshake("Content-Length: 5", 400, start.adding("Content-Length", "5")),
        BrokenHandshake("Content-Length: 5 and its body", 400, start.adding("Content-Length", "5").text + "Hello"),
        BrokenHandshake("Transfer-Encoding: chunked", 400, start.adding("Transfer-Encoding", "chunked")),
        BrokenHandshake(
            "a chunked body with a request in it", 400,
            start.adding("Transfer-Encoding", "chunked").text + "2c\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n0\r\n\r\n"),
    ]

    @Test(
        "It is refused, it is not followed by another answer, and the connection ends",
        arguments: methods + hosts + upgrades + keys + versions + lists + origins + bodies)
    func refused(broken: BrokenHandshake) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(broken.text + "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = String(decoding: try await client.takeAll(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 \(broken.status) "), "\(answer)")
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "one answer: \(answer)")
        }
    }

    @Test("Every one of them says which rule it broke", arguments: keys + versions + lists + origins + bodies)
    func named(broken: BrokenHandshake) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(broken.text)
            let response = try await client.response()
            #expect(response.body.hasPrefix("RFC ") || response.status == 431, "\(response)")
            #expect(response.fields["connection"]?.contains("close") == true)
        }
    }

    @Test("There are enough of them")
    func count() {
        let all = [Self.methods, Self.hosts, Self.upgrades, Self.keys, Self.versions, Self.lists, Self.origins, Self.bodies]
        #expect(all.map(\.count).reduce(0, +) >= 60)
    }

    @Test("Another version is told the one we speak (RFC 6455 §4.4, RFC 9110 §15.5.22)")
    func versionAnswer() async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().with("Sec-WebSocket-Version", "8").text)
            let response = try await client.response()
            #expect(response.status == 426)
            #expect(response.fields["sec-websocket-version"] == "13")
            #expect(response.fields["upgrade"] == "websocket")
            #expect(response.fields["connection"] == "close, upgrade")
        }
    }

    @Test(
        "What is only unusual is accepted",
        arguments: [
            Handshake().with("Upgrade", "WebSocket"), Handshake().with("Connection", "keep-alive, Upgrade"),
            Handshake().with("Upgrade", "h2c, websocket"), Handshake().adding("Origin", "http://localhost"),
            Handshake().adding("Origin", "HTTP://LOCALHOST"), Handshake().adding("Content-Length", "0"),
            Handshake().adding("Sec-WebSocket-Protocol", "unknown"), Handshake().adding("Sec-WebSocket-Extensions", "x-unknown; a; b=1"),
            Handshake("http://localhost/echo"), Handshake("/echo?a=b&c=%20"),
        ])
    func accepted(handshake: Handshake) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.upgraded(port: server.port, handshake)
            try await client.send(Frame.text("Hello"))
            #expect(try await client.frame().text == "Hello")
        }
    }
}
