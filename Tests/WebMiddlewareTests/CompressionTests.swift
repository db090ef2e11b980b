import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import WebMiddleware

@Suite("ResponseCompression", .timeLimit(.minutes(1)))
struct ResponseCompressionTests {
    static let long = String(repeating: "Heliograph, a mirror in the sun. ", count: 200)
    static let gzip: HTTPFields = [.acceptEncoding: "gzip"]

    private func run(
        options: CompressionOptions = CompressionOptions(), _ response: @escaping @Sendable () -> Response,
        _ test: @escaping @Sendable (Site) async throws -> Void
    ) async throws {
        try await Site.run([ResponseCompression<TestContext>(options)], handler: { _, _ in response() }, test)
    }

    @Test("compresses for who can inflate it", arguments: [("gzip", CInt(31)), ("deflate", CInt(15))])
    func codings(coding: String, windowBits: CInt) async throws {
        try await run({ text(Self.long, [.eTag: "\"1\""]) }) { site in
            let response = try await site.ask("/", .get, [.acceptEncoding: "br;q=1, \(coding);q=0.8"])
            #expect(response.headers[.contentEncoding] == coding)
            #expect(response.headers[.contentLength] == "\(response.body.readableBytes)")
            #expect(response.body.readableBytes < 500)
            #expect(response["Vary"]?.lowercased() == "accept-encoding")
            #expect(response.headers[.eTag] == "W/\"1\"")
            #expect(try Zlib.inflated(response.body, windowBits: windowBits) == Self.long)
            let plain = try await site.ask()
            #expect(plain.text == Self.long)
            #expect(plain.headers[.contentEncoding] == nil)
            #expect(plain.headers[.eTag] == "\"1\"")
            #expect(plain["Vary"]?.lowercased() == "accept-encoding", "a cache must know")
        }
    }

    static let left: [(String, @Sendable () -> Response)] = [
        ("short", { text("short") }), ("a picture", { text(long, type: "image/png") }), ("of no type", { text(long, type: "") }),
        ("encoded", { text(long, [.contentEncoding: "br"]) }), ("a part", { text(long, [.contentRange: "bytes 0-9/100"]) }),
        ("not to be transformed", { text(long, [.cacheControl: "public, no-transform"]) }),
        (
            "206",
            {
                var response = text(long)
                response.status = .partialContent
                return response
            }
        ),
        ("304", { Response(status: .notModified, headers: [.contentType: "text/plain"]) }),
        ("nothing", { Response(status: .noContent, headers: [.contentType: "text/plain"]) }),
    ]

    @Test("leaves as it is what is short, compressed, or a part", arguments: left.indices)
    func untouched(index: Int) async throws {
        let (name, response) = Self.left[index]
        let expected = response()
        try await run(response) { site in
            let answer = try await site.ask("/", .get, Self.gzip)
            #expect(answer.headers[.contentEncoding] == expected.headers[.contentEncoding], "\(name)")
            #expect(answer.headers[.contentLength] == expected.headers[.contentLength], "\(name)")
            #expect(answer["Vary"] == nil, "\(name)")
        }
    }

    @Test("sends what does not become smaller as it is")
    func incompressible() async throws {
        var generator = SystemRandomNumberGenerator()
        let noise = ByteBuffer(bytes: (0..<4_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let response = Response(status: .ok, headers: [.contentType: "text/plain"], body: ResponseBody(byteBuffer: noise))
        try await run({ response }) { site in
            let answer = try await site.ask("/", .get, Self.gzip)
            #expect(answer.headers[.contentEncoding] == nil)
            #expect(answer.body == noise)
        }
    }

    @Test("compresses long bodies while they are written", arguments: [true, false])
    func long(isOpenEnded: Bool) async throws {
        let pieces = (0..<400).map { ByteBuffer(string: "\($0) " + Self.long) }
        let whole = pieces.map { String(buffer: $0) }.joined()
        let length = isOpenEnded ? nil : whole.utf8.count
        let response: @Sendable () -> Response = {
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(contentLength: length) { writer in
                    try await writer.write(contentsOf: pieces)
                    try await writer.finish(nil)
                })
        }
        try await run(response) { site in
            let answer = try await site.ask("/", .get, Self.gzip)
            #expect(answer.headers[.contentEncoding] == "gzip")
            #expect(answer.headers[.contentLength] == nil)
            #expect(answer.body.readableBytes < whole.utf8.count / 10)
            #expect(try Zlib.inflated(answer.body, windowBits: 31) == whole)
        }
    }

    @Test("sends each piece of an endless body at once, and the trailers at its end")
    func flushes() async throws {
        let compression = ResponseCompression<TestContext>()
        let context = TestContext.alone
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
        head.headerFields = Self.gzip
        let response = try await compression.handle(
            Request(head: head, body: RequestBody(buffer: ByteBuffer())), context: context
        ) { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: ResponseBody { writer in
                    for number in 0..<3 { try await writer.write(ByteBuffer(string: "data: \(number)\n\n")) }
                    try await writer.finish([.eTag: "end"])
                })
        }
        let sink = PieceSink()
        try await response.body.write(sink)
        #expect(sink.kept.pieces.count == 4)
        for count in 1...3 {
            let soFar = ByteBuffer(bytes: sink.kept.pieces.prefix(count).flatMap { Array($0.readableBytesView) })
            #expect(try Zlib.inflated(soFar, windowBits: 31) == (0..<count).map { "data: \($0)\n\n" }.joined())
        }
        #expect(sink.kept.trailers?[.eTag] == "end")
    }

    @Test("keeps the trailers of a short body")
    func trailers() async throws {
        let context = TestContext.alone
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
        head.headerFields = Self.gzip
        let long = ByteBuffer(string: Self.long)
        let response = try await ResponseCompression<TestContext>().handle(
            Request(head: head, body: RequestBody(buffer: ByteBuffer())), context: context
        ) { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain"],
                body: ResponseBody(contentLength: long.readableBytes) { writer in
                    try await writer.write(long)
                    try await writer.finish([.eTag: "end"])
                })
        }
        let sink = PieceSink()
        try await response.body.write(sink)
        #expect(sink.kept.trailers?[.eTag] == "end")
        #expect(try Zlib.inflated(sink.kept.pieces.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }, windowBits: 31) == Self.long)
    }

    @Test("keeps secrets: nothing for who sends cookies, unless it is public or the danger was chosen (BREACH)")
    func cookies() async throws {
        let headers: HTTPFields = [.acceptEncoding: "gzip", .cookie: "session=1"]
        try await run({ text(Self.long) }) { site async throws in
            #expect(try await site.coding("/", .get, headers) == nil)
        }
        try await run({ text(Self.long, [.cacheControl: "public, max-age=60"]) }) { site async throws in
            #expect(try await site.coding("/", .get, headers) == "gzip")
        }
        var options = CompressionOptions()
        options.dangerouslyCompressesForCookies = true
        try await run(options: options, { text(Self.long) }) { site async throws in
            #expect(try await site.coding("/", .get, headers) == "gzip")
        }
    }

    @Test("says to HEAD what GET would vary by, and compresses nothing")
    func head() async throws {
        try await run({ Response(status: .ok, headers: [.contentType: "text/html", .contentLength: "9000"]) }) { site in
            let response = try await site.ask("/", .head, Self.gzip)
            #expect(response.headers[.contentEncoding] == nil)
            #expect(response["Vary"]?.lowercased() == "accept-encoding")
        }
    }

    @Test("understands a client that comes back with the weak form of a tag")
    func tags() async throws {
        let handler: @Sendable (Request, TestContext) async throws -> Response = { request, context in
            try await request.ifNoneMatch(eTag: "\"1\"", context: context) { text(Self.long) }
        }
        try await Site.run([ResponseCompression<TestContext>()], handler: handler) { site in
            let tag = try #require(try await site.ask("/", .get, Self.gzip).headers[.eTag])
            #expect(tag == "W/\"1\"")
            let again = try await site.ask("/", .get, [.acceptEncoding: "gzip", .ifNoneMatch: "\"0\", \(tag)"])
            #expect(again.status == .notModified)
            #expect(try await site.status("/", .get, [.acceptEncoding: "gzip", .ifNoneMatch: "W/\"2\""]) == .ok)
        }
    }

    @Test("sends bodies as they are when too many are being compressed")
    func slots() async throws {
        var options = CompressionOptions()
        options.maxConcurrent = 0
        try await run(options: options, { text(Self.long) }) { site async throws in
            #expect(try await site.text("/", .get, Self.gzip) == Self.long)
        }
        options.maxConcurrent = 1
        try await run(options: options, { text(Self.long) }) { site async throws in
            for _ in 0..<5 { #expect(try await site.ask("/", .get, Self.gzip).headers[.contentEncoding] == "gzip") }
        }
    }

    @Test("does not list a header twice in Vary")
    func vary() {
        var fields: HTTPFields = [.vary: "Origin, Accept-Encoding"]
        fields.vary(on: .acceptEncoding)
        #expect(fields[values: .vary] == ["Origin, Accept-Encoding"])
        fields.vary(on: .accept)
        #expect(fields[values: .vary].count == 2)
        var all: HTTPFields = [.vary: "*"]
        all.vary(on: .accept)
        #expect(all[values: .vary] == ["*"])
    }
}

/// Keeps the pieces of a body apart.
private struct PieceSink: ResponseBodyWriter {
    final class Kept {
        var pieces: [ByteBuffer] = []
        var trailers: HTTPFields?
    }

    let kept = Kept()

    mutating func write(_ buffer: ByteBuffer) async throws { kept.pieces.append(buffer) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { kept.trailers = trailingHeaders }
}

@Suite("RequestDecompression", .timeLimit(.minutes(1)))
struct RequestDecompressionTests {
    static let long = ResponseCompressionTests.long

    private func run(_ maxBytes: Int = 1 << 20, live: Bool = false, _ test: @escaping @Sendable (Site) async throws -> Void) async throws {
        let handler: @Sendable (Request, TestContext) async throws -> Response = { request, _ in
            let body = try await request.body.collect(upTo: 10 << 20)
            return text("\(request.headers[.contentEncoding] ?? "plain") \(request.headers[.contentLength] ?? "-") " + String(buffer: body))
        }
        try await Site.run([RequestDecompression<TestContext>(maxBytes: maxBytes)], live: live, handler: handler, test)
    }

    @Test("a limit that is none is one all the same")
    func unlimited() async throws {
        try await run(.max) { site in
            let body = try Zlib.compressed(Self.long, windowBits: 31)
            #expect(try await site.text("/", .post, [.contentEncoding: "gzip"], body) == "plain - " + Self.long)
        }
    }

    @Test(
        "inflates bodies, and hides that they were compressed",
        arguments: [("gzip", CInt(31)), ("x-gzip", CInt(31)), ("deflate", CInt(15)), ("identity, GZIP", CInt(31))], [false, true])
    func codings(coding: (String, CInt), live: Bool) async throws {
        try await run(live: live) { site in
            let body = try Zlib.compressed(Self.long, windowBits: coding.1)
            #expect(try await site.text("/", .post, [.contentEncoding: coding.0], body) == "plain - " + Self.long)
        }
    }

    @Test("takes members of gzip one after the other (RFC 1952 §2.2), and plain bodies as they are")
    func members() async throws {
        try await run { site in
            var body = try Zlib.compressed("one ", windowBits: 31)
            body.writeImmutableBuffer(try Zlib.compressed("two", windowBits: 31))
            #expect(try await site.text("/", .post, [.contentEncoding: "gzip"], body).hasSuffix("one two"))
            #expect(try await site.text("/", .post, [:], ByteBuffer(string: "plain")).hasSuffix("plain"))
            #expect(try await site.text("/", .post, [.contentEncoding: "identity"], ByteBuffer(string: "same")).hasSuffix("same"))
            #expect(try await site.status("/", .post, [.contentEncoding: "gzip"], ByteBuffer()) == .ok)
        }
    }

    @Test("refuses a coding that it does not know, and says which it does", arguments: ["br", "gzip, gzip", "zstd", "gzip, br", "gzipx"])
    func unknown(coding: String) async throws {
        try await run { site in
            let response = try await site.ask("/", .post, [.contentEncoding: coding], ByteBuffer(string: "x"))
            #expect(response.status == .unsupportedMediaType)
            #expect(response.headers[.acceptEncoding] == "gzip, deflate")
        }
    }

    @Test("stops a bomb at the limit", arguments: [false, true])
    func bombs(live: Bool) async throws {
        let bomb = try Zlib.compressed(String(repeating: "0", count: 8 << 20), windowBits: 31)
        try await run(100_000, live: live) { site in
            #expect(bomb.readableBytes < 10_000)
            #expect(try await site.status("/", .post, [.contentEncoding: "gzip"], bomb) == .contentTooLarge)
            let exact = try Zlib.compressed(String(repeating: "0", count: 100_000), windowBits: 31)
            #expect(try await site.status("/", .post, [.contentEncoding: "gzip"], exact) == .ok)
            let more = try Zlib.compressed(String(repeating: "0", count: 100_001), windowBits: 31)
            #expect(try await site.status("/", .post, [.contentEncoding: "gzip"], more) == .contentTooLarge)
        }
    }

    @Test("says that a body is damaged")
    func damaged() async throws {
        let good = try Zlib.compressed(Self.long, windowBits: 31)
        var flipped = good
        flipped.setInteger(UInt8(0xFF), at: 40)
        var cut = good
        cut.moveWriterIndex(to: good.writerIndex - 5)
        var tail = try Zlib.compressed(Self.long, windowBits: 15)
        let zlib = tail
        tail.writeString("more")
        let bodies = [
            (flipped, "gzip"), (cut, "gzip"), (ByteBuffer(string: "no gzip at all"), "gzip"), (zlib, "gzip"), (good, "deflate"),
            (tail, "deflate"),
        ]
        try await run { site async throws in
            for (body, coding) in bodies {
                #expect(try await site.status("/", .post, [.contentEncoding: coding], body) == .badRequest, "\(coding)")
            }
        }
    }
}
