// A head that is the same as the one before, but for the body's length, is known without the decoder.

import NIOCore
import NIOHTTP1
import Testing

@testable import WebSocketHummingbird

@Suite("Heads that come again")
struct RepeatedHeadTests {
    private static func bytes(_ fields: [String], line: String = "POST /api/publish HTTP/1.1", end: String = "\r\n") -> String {
        ([line] + fields).map { $0 + end }.joined() + end
    }

    private static func head(_ fields: [String]) -> HTTPRequestHead {
        let headers = HTTPHeaders(
            fields.map { field in
                let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts[1].trimmingPrefix(" ").description)
            })
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: "/api/publish", headers: headers)
    }

    private static func learned(_ fields: [String], body: String = "") -> RepeatedHead? {
        RepeatedHead(head(fields), ByteBuffer(string: bytes(fields) + body))
    }

    private static let usual = ["Host: a", "Content-Length: 12", "X-API-Key: secret"]

    @Test("The same bytes are the same head, with the length that they say", arguments: ["0", "7", "12", "0012", "1234567"])
    func same(length: String) throws {
        let repeated = try #require(Self.learned(Self.usual, body: "{\"a\": \"\r\n\r\n\"}"))
        let text = Self.bytes(["Host: a", "Content-Length: \(length)", "X-API-Key: secret"])
        var bytes = ByteBuffer(string: "before" + text + "body")
        bytes.moveReaderIndex(forwardBy: 6)
        let match = try #require(repeated.match(bytes))
        #expect(match.byteCount == text.utf8.count)
        #expect(match.bodyLength == Int(length))
        #expect(match.head.uri == "/api/publish" && match.head.method == .POST)
        #expect(match.head.headers["content-length"].map(Int.init) == [Int(length)])
        #expect(match.head.headers["x-api-key"] == ["secret"] && match.head.headers["host"] == ["a"])
    }

    @Test("Nothing is known of bytes that differ, or end too early")
    func others() throws {
        let repeated = try #require(Self.learned(Self.usual))
        for fields in [
            ["Host: b", "Content-Length: 12", "X-API-Key: secret"], ["Host: a", "Content-Length: 12", "X-API-Key: secreT"],
            ["Host: a", "Content-Length: ", "X-API-Key: secret"], ["Host: a", "Content-Length: x", "X-API-Key: secret"],
            ["Host: a", "Content-Length: -1", "X-API-Key: secret"], ["Host: a", "Content-Length: +1", "X-API-Key: secret"],
            ["Host: a", "Content-Length: 1 2", "X-API-Key: secret"], ["Host: a", "Content-Length: 12345678", "X-API-Key: secret"],
            ["Host: a", "Content-Length: 12", "Content-Length: 12", "X-API-Key: secret"], ["Host: a", "Content-Length: 12"], [],
            ["Host: a", "content-length: 12", "X-API-Key: secret"], ["Host: a", "Content-Length: 12", "X-API-Key: secret", "A: b"],
        ] { #expect(repeated.match(ByteBuffer(string: Self.bytes(fields))) == nil, "\(fields)") }
        let text = Self.bytes(Self.usual)
        for count in 0..<text.utf8.count { #expect(repeated.match(ByteBuffer(bytes: text.utf8.prefix(count))) == nil) }
        #expect(repeated.match(ByteBuffer(string: text)) != nil)
        for index in text.utf8.indices where !"12".utf8.contains(text.utf8[index]) {
            var other = Array(text.utf8)
            other[text.utf8.distance(from: text.startIndex, to: index)] ^= 0x80
            #expect(repeated.match(ByteBuffer(bytes: other)) == nil)
        }
    }

    @Test(
        "Not learned is what says otherwise how long it is, or that something else follows",
        arguments: [
            ["Host: a"], ["Host: a", "Transfer-Encoding: chunked"], ["Content-Length: 1", "Content-Length: 1"],
            ["Content-Length: 1", "Connection: close"],
            ["Content-Length: 1", "Transfer-Encoding: chunked"], ["Content-Length: 1", "Connection: upgrade", "Upgrade: h2c"],
            ["Content-Length: 1 "],
            ["Content-Length: 12345678"], ["Content-Length: x"],
        ])
    func refused(fields: [String]) {
        #expect(Self.learned(fields) == nil)
    }

    @Test("Not learned are bytes whose lines are not surely the head's")
    func unsure() {
        let head = Self.head(Self.usual)
        #expect(RepeatedHead(head, ByteBuffer(string: Self.bytes(Self.usual))) != nil)
        for text in [
            Self.bytes(Self.usual, end: "\n"), "\r\n" + Self.bytes(Self.usual), Self.bytes(Self.usual + ["A: b"]),
            Self.bytes(Array(Self.usual.prefix(2))),
            Self.bytes(["Host: a", "Content-Length: 12", "X-API-Key: secret\n", "A: b"]), "", "POST",
            String(Self.bytes(Self.usual).dropLast()),
            Self.bytes(["Host: a\n\nContent-Length: 12", "X-API-Key: secret", "B: c"]),
        ] { #expect(RepeatedHead(head, ByteBuffer(string: text)) == nil, "\(text)") }
    }

    @Test("A position is known as long as bodies end with the bytes that are read")
    func position() {
        let position = RequestPosition.body(10)
        guard case .start = position.advanced(by: 10), case .body(4) = position.advanced(by: 6), case .unknown = position.advanced(by: 11),
            case .unknown = RequestPosition.unknown.advanced(by: 1)
        else {
            Issue.record("another position")
            return
        }
    }
}
