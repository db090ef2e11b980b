// H3 of the catalogue: requests whose end two readers could see in two places (RFC 9112 §6.3, §11.2), and headers that could end a line. The
// server may answer the first part as it likes, so long as it never answers what is smuggled in.

import Foundation
import Hummingbird
import NIOCore
import Testing
import WebSocketHummingbird

struct Smuggler: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String

    var testDescription: String { name }

    init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }
}

@Suite(.timeLimit(.minutes(2)))
struct SmugglingTests {
    /// What must not be answered; its path has an answer of its own.
    static let hidden = "GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n"

    static func post(_ fields: String, _ body: String) -> String {
        "POST /upload HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n" + body
    }

    static let lengths: [Smuggler] = [
        Smuggler("CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden)),
        Smuggler("TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n" + hidden)),
        Smuggler("two lengths", post("Content-Length: 0\r\nContent-Length: 44\r\n", hidden)),
        Smuggler("a list of lengths", post("Content-Length: 0, 44\r\n", hidden)),
        Smuggler("negative length", post("Content-Length: -1\r\n", hidden)),
        Smuggler("length with a sign", post("Content-Length: +0\r\n", hidden)),
        Smuggler("length in hexadecimal", post("Content-Length: 0x2c\r\n", hidden)),
        Smuggler("length of 20 digits", post("Content-Length: 18446744073709551616\r\n", hidden)),
        Smuggler("length with a letter", post("Content-Length: 0a\r\n", hidden)),
        Smuggler("length of space", post("Content-Length: 0 0\r\n", hidden)),
    ]

    static let codings: [Smuggler] = [
        Smuggler("unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + hidden)),
        Smuggler("chunked, then identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + hidden)),
        Smuggler("coding with a vertical tab", post("Transfer-Encoding: \u{0B}chunked\r\n", "0\r\n\r\n" + hidden)),
        Smuggler("space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n" + hidden)),
        Smuggler("folded coding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" + hidden)),
        Smuggler("chunk size of 17 digits", post("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n" + hidden)),
        Smuggler("negative chunk size", post("Transfer-Encoding: chunked\r\n", "-1\r\n" + hidden)),
        Smuggler("chunk size with 0x", post("Transfer-Encoding: chunked\r\n", "0x2c\r\n" + hidden)),
        Smuggler("chunk ended by a bare LF", post("Transfer-Encoding: chunked\r\n", "2\nok\n0\n\n" + hidden)),
        Smuggler("chunk longer than it says", post("Transfer-Encoding: chunked\r\n", "2\r\nokay\r\n0\r\n\r\n" + hidden)),
        Smuggler("chunk extension with a bare LF", post("Transfer-Encoding: chunked\r\n", "0;a=\nb\r\n\r\n" + hidden)),
    ]

    static let heads: [Smuggler] = [
        Smuggler("bare LF after the request line", "GET /hello HTTP/1.1\nHost: localhost\r\n\r\n" + hidden),
        Smuggler("bare CR in a field", "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\rY: b\r\n\r\n" + hidden),
        Smuggler("NUL in a field", "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\u{0}b\r\n\r\n" + hidden),
        Smuggler("obsolete folding", "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n" + hidden),
        Smuggler("field without a colon", "GET /hello HTTP/1.1\r\nHost localhost\r\n\r\n" + hidden),
        Smuggler("field without a name", "GET /hello HTTP/1.1\r\n: localhost\r\n\r\n" + hidden),
        Smuggler("space in a field's name", "GET /hello HTTP/1.1\r\nHo st: localhost\r\n\r\n" + hidden),
        Smuggler("space before the first field", "GET /hello HTTP/1.1\r\n Host: localhost\r\n\r\n" + hidden),
        Smuggler("a fourth word in the request line", "GET /hello HTTP/1.1 x\r\nHost: localhost\r\n\r\n" + hidden),
        Smuggler("control character in the target", "GET /hello\u{1} HTTP/1.1\r\nHost: localhost\r\n\r\n" + hidden),
    ]

    static func router() -> Router<BasicRequestContext> {
        let router = echoRouter()
        router.get("secret") { _, _ in "smuggled in" }
        router.post("upload") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return "uploaded"
        }
        return router
    }

    @Test("What is hidden is not answered", arguments: lengths + codings + heads)
    func hidden(smuggler: Smuggler) async throws {
        try await withServer(Self.router()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(smuggler.text)
            try await client.endOutput()
            let answer = String(decoding: try await client.takeAll(), as: UTF8.self)
            #expect(!answer.contains("smuggled in"), "\(answer)")
            #expect(!answer.contains("101 Switching"), "\(answer)")
        }
    }

    /// The head ends there, so the socket may be opened, if the client's end is not seen first; but what follows is frames, and bad ones.
    @Test("Behind line ends in an offered subprotocol nothing is a request, and nothing of it is echoed")
    func subprotocol() async throws {
        try await withServer(Self.router()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().adding("Sec-WebSocket-Protocol", "a\r\n\r\n" + Self.hidden).text)
            try await client.endOutput()
            let answer = String(decoding: try await client.takeAll(), as: UTF8.self)
            #expect(!answer.contains("smuggled in"), "\(answer)")
            #expect(!answer.contains("Sec-WebSocket-Protocol"), "\(answer)")
        }
    }

    @Test("The same hidden request is answered when it is not hidden")
    func visible() async throws {
        try await withServer(Self.router()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.post("Content-Length: 2\r\n", "ok") + Self.hidden)
            #expect(try await client.response().body == "uploaded")
            #expect(try await client.response().body == "smuggled in")
        }
    }

    @Test("Frames behind a refused upgrade are not read as a request")
    func framesAfterRefusal() async throws {
        try await withServer(Self.router()) { server in
            let client = try await RawClient.connect(port: server.port)
            let frame = Frame.masked(2, Array(Self.hidden.utf8))
            try await client.send(Array(Handshake().adding("Origin", "http://evil.example").text.utf8) + frame + Array(Self.hidden.utf8))
            let answer = String(decoding: try await client.takeAll(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(!answer.contains("smuggled in"))
        }
    }

    @Test("A subprotocol is only named if it is one of ours (H6)")
    func reflectedSubprotocol() async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().adding("Sec-WebSocket-Protocol", "a%0d%0aX").text)
            let response = try await client.response()
            #expect(response.status == 101)
            #expect(response.fields["sec-websocket-protocol"] == nil)
        }
    }
}
