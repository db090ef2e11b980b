import HTTPTypes
import NIOCore
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@Suite("Answers to the handshake (RFC 6455 §4.1)")
struct ResponseTests {
    /// A frame of a server: text "hi".
    static let hi: [UInt8] = [0x81, 0x02, 0x68, 0x69]
    /// Close 1000.
    static let close: [UInt8] = [0x88, 0x02, 0x03, 0xE8]

    @Test("frames that come in one segment with the 101 are not lost")
    func framesWithHead() async throws {
        let script: ScriptedServer.Script = { [.writeBytes(Array($0.switching().utf8) + Self.hi), .nextRequest] }
        try await ScriptedServer.run(script: script) { server in
            let socket = try await WebSocket.connect(to: server.url)
            var messages = socket.messages.makeAsyncIterator()
            #expect(try await messages.next() == .text("hi"))
        }
    }

    @Test("nor when the connection ends right behind them")
    func framesAndEnd() async throws {
        for end in [ServerStep.closeOutput, .close] {
            let script: ScriptedServer.Script = { [.writeBytes(Array($0.switching().utf8) + Self.hi + Self.close), end] }
            try await ScriptedServer.run(script: script) { server in
                let socket = try await WebSocket.connect(to: server.url)
                var received: [WebSocketMessage] = []
                for try await message in socket.messages { received.append(message) }
                #expect(received == [.text("hi")])
                #expect(await socket.waitForClose().code == .normalClosure)
            }
        }
    }

    @Test("the head may come in any pieces")
    func pieces() async throws {
        let script: ScriptedServer.Script = { request in
            let bytes = Array(request.switching().utf8) + Self.hi
            return bytes.map { .writeBytes([$0]) } + [.closeOutput]
        }
        try await ScriptedServer.run(script: script) { server in
            try await expectText("hi", from: server.url)
        }
    }

    @Test("informational answers before it are passed over (RFC 9110 §15.2)")
    func informational() async throws {
        let script: ScriptedServer.Script = { request in
            let text = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + request.switching()
            return [.writeBytes(Array(text.utf8) + Self.hi), .closeOutput]
        }
        try await ScriptedServer.run(script: script) { server in
            try await expectText("hi", from: server.url)
        }
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let answer: @Sendable (ReceivedRequest) -> String
        init(_ name: String, _ answer: @escaping @Sendable (ReceivedRequest) -> String) {
            self.testDescription = name
            self.answer = answer
        }
    }

    static func switching(_ fields: String) -> String { "HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\n\r\n" }

    static let broken = [
        Bad("no Upgrade") { Self.switching("Connection: Upgrade\r\nSec-WebSocket-Accept: \($0.accept)") },
        Bad("another Upgrade") { Self.switching("Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \($0.accept)") },
        Bad("no Connection") { Self.switching("Upgrade: websocket\r\nSec-WebSocket-Accept: \($0.accept)") },
        Bad("Connection: close") { Self.switching("Upgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Accept: \($0.accept)") },
        Bad("no Accept") { _ in Self.switching("Upgrade: websocket\r\nConnection: Upgrade") },
        Bad("Accept of another key") { _ in
            Self.switching("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        },
        Bad("two Accepts") { $0.switching("Sec-WebSocket-Accept: \($0.accept)\r\n") },
        Bad("a subprotocol nobody offered") { $0.switching("Sec-WebSocket-Protocol: chat\r\n") },
        Bad("an extension nobody offered") { $0.switching("Sec-WebSocket-Extensions: permessage-deflate\r\n") },
        Bad("a broken extension field") { $0.switching("Sec-WebSocket-Extensions: ;;\r\n") },
    ]

    @Test("a 101 that breaks a rule fails, and the connection is closed", arguments: broken)
    func breaksRule(_ bad: Bad) async throws {
        try await ScriptedServer.run(script: { [.write(bad.answer($0)), .nextRequest] }) { server in
            guard case .handshake(let error) = await connectError(to: server.url) as? WebSocketClientError else {
                Issue.record("no handshake error")
                return
            }
            #expect(error.rule.contains("RFC 6455"))
        }
    }

    static let notHTTP = [
        Bad("nothing, and the end") { _ in "" },
        Bad("half a head, and the end") { _ in "HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs" },
        Bad("not HTTP") { _ in "SSH-2.0-OpenSSH_9.2\r\n\r\n" },
        Bad("HTTP/2's preface") { _ in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
        Bad("a version of its own") { _ in "HTTP/3.1 200 OK\r\n\r\n" },
        Bad("a status of four digits") { _ in "HTTP/1.1 1010 What\r\n\r\n" },
        Bad("a broken field") { _ in "HTTP/1.1 101 Switching Protocols\r\nUp grade: websocket\r\n\r\n" },
        Bad("a field without a name") { _ in "HTTP/1.1 200 OK\r\n: x\r\n\r\n" },
        Bad("a NUL in a field") { _ in "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n" },
        Bad("20 KiB of fields") { $0.switching((0..<20).map { "X-\($0): " + String(repeating: "a", count: 1_000) + "\r\n" }.joined()) },
        Bad("one field of 20 KiB") { $0.switching("X: " + String(repeating: "a", count: 20_000) + "\r\n") },
        Bad("endless informational answers") { _ in String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1_000) },
        Bad("both Content-Length and chunked") { _ in "HTTP/1.1 101 x\r\nContent-Length: a\r\n\r\n" },
    ]

    @Test("what is not an HTTP response fails", arguments: notHTTP)
    func isNotHTTP(_ bad: Bad) async throws {
        try await ScriptedServer.run(script: { [.write(bad.answer($0)), .close] }) { server in
            let error = await connectError(to: server.url)
            guard case .brokenResponse = error as? WebSocketClientError else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let answer: String
        let status: Int
        let body: String
        var isTruncated = false
        var end = true
    }

    static let refusals = [
        Refused(
            testDescription: "length", answer: "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope", status: 403, body: "nope",
            end: false),
        Refused(
            testDescription: "chunked", answer: "HTTP/1.1 401 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n2\r\npe\r\n0\r\n\r\n",
            status: 401,
            body: "nope", end: false),
        Refused(testDescription: "until the end", answer: "HTTP/1.1 500 x\r\n\r\noops", status: 500, body: "oops"),
        Refused(testDescription: "HTTP/1.0", answer: "HTTP/1.0 502 Bad Gateway\r\n\r\nbad", status: 502, body: "bad"),
        Refused(testDescription: "200", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", end: false),
        Refused(testDescription: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, body: "", end: false),
        Refused(
            testDescription: "a redirect", answer: "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", status: 302, body: "",
            end: false),
        Refused(
            testDescription: "426", answer: "HTTP/1.1 426 x\r\nSec-WebSocket-Version: 12\r\nContent-Length: 0\r\n\r\n", status: 426,
            body: "", end: false),
        Refused(
            testDescription: "cut off", answer: "HTTP/1.1 503 x\r\nContent-Length: 100\r\n\r\nhalf", status: 503, body: "half",
            isTruncated: true),
        Refused(
            testDescription: "64 KiB", answer: "HTTP/1.1 503 x\r\nContent-Length: 65536\r\n\r\n" + String(repeating: "a", count: 65_536),
            status: 503,
            body: String(repeating: "a", count: 65_536), end: false),
        Refused(
            testDescription: "more than 64 KiB",
            answer: "HTTP/1.1 503 x\r\nContent-Length: 99999999\r\n\r\n" + String(repeating: "a", count: 70_000),
            status: 503, body: String(repeating: "a", count: 65_536), isTruncated: true, end: false),
    ]

    @Test("another status is told with its fields and its body", arguments: refusals)
    func refused(_ row: Refused) async throws {
        let script: ScriptedServer.Script = { _ in [.write(row.answer), row.end ? .close : .nextRequest] }
        try await ScriptedServer.run(script: script) { server in
            guard case .refused(let refusal) = await connectError(to: server.url) as? WebSocketClientError else {
                Issue.record("not refused")
                return
            }
            #expect(refusal.response.status.code == row.status)
            #expect(refusal.body.text == row.body)
            #expect(refusal.isTruncated == row.isTruncated)
            if row.status == 426 { #expect(refusal.response.headerFields[.secWebSocketVersion] == "12") }
        }
    }

    @Test("a body that does not end is told as far as it came")
    func bodyStalls() async throws {
        let script: ScriptedServer.Script = { _ in [.write("HTTP/1.1 403 x\r\nContent-Length: 9\r\n\r\nso far"), .nextRequest] }
        try await ScriptedServer.run(script: script) { server in
            let error = await connectError(to: server.url, .init(handshakeTimeout: .milliseconds(200)))
            guard case .refused(let refusal) = error as? WebSocketClientError else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(refusal.body.text == "so far")
            #expect(refusal.isTruncated)
        }
    }
}
