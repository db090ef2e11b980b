import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import WebMiddleware

@Suite("Lists with weights (RFC 9110 §12.4.2)")
struct WeightedListTests {
    private func read(_ field: String) -> [String] {
        WeightedList([field]).elements.map { "\($0.value) \($0.weight)" }
    }

    @Test("have elements with weights")
    func weights() {
        #expect(read("text/html, A/B;q=0.8 ,c/d ; Q=0.125;x=1") == ["text/html 1000", "a/b 800", "c/d 125"])
        #expect(read("a;q=0, b;q=1, c;q=1.000, d;q=0.") == ["a 0", "b 1000", "c 1000", "d 0"])
    }

    @Test(
        "don't have what is no element", arguments: ["", ",", " , ;q=1", "a;q=1.001", "a;q=2", "a;q=-1", "a;q=0.1234", "a;q=x"])
    func damaged(field: String) {
        #expect(read(field).isEmpty)
    }

    @Test("may quote separators")
    func quotes() throws {
        let elements = WeightedList([#"a;x="1,2;\"q=0.1";q=0.5, b"#]).elements
        #expect(elements.map(\.value) == ["a", "b"])
        #expect(elements.first?.parameters == ["x": #"1,2;"q=0.1"#])
        #expect(elements.first?.weight == 500)
        #expect(WeightedList([#"a;x="never closed, b"#]).elements.count == 1)
    }

    @Test("are read up to a bound")
    func bound() {
        #expect(WeightedList([String(repeating: "a,", count: 10_000)]).elements.count == WeightedList.maxElements)
    }
}

@Suite("AcceptNegotiation", .timeLimit(.minutes(1)))
struct AcceptNegotiationTests {
    static let offers: [MediaType] = [
        .applicationJson, .textCsv, MediaType(type: .text, subType: "html", parameter: ("level", "1")),
    ]

    @Test(
        "chooses what is wanted most (RFC 9110 §12.5.1)",
        arguments: [
            (nil, "application/json"), ("", "application/json"), ("*/*", "application/json"), ("text/csv", "text/csv"),
            ("text/*", "text/csv"),
            ("application/json;q=0.5, text/csv", "text/csv"), ("text/csv;q=0.5, */*;q=0.1", "text/csv"),
            // The more specific range says, not the heavier.
            ("text/*;q=1, text/csv;q=0.1, application/json;q=0.5", "text/html; level=1"),
            ("text/csv;q=0, */*", "application/json"), ("text/html;level=1, application/json;q=0.9", "text/html; level=1"),
            ("text/html;level=2, text/csv;q=0.1", "text/csv"), ("TEXT/CSV", "text/csv"),
            ("image/png", nil), ("application/json;q=0", nil), ("application/json;q=0.0, image/*", nil), ("text", nil),
            ("json/application", nil),
        ] as [(String?, String?)])
    func choices(accept: String?, expected: String?) {
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
        head.headerFields[.accept] = accept
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        #expect(request.preferredMediaType(among: Self.offers).map { "\($0)" } == expected)
    }

    @Test("tells the handler, and caches")
    func handler() async throws {
        let middleware = AcceptNegotiation<TestContext>(Self.offers) { type, context in context.mediaType = type }
        try await Site.run([middleware], handler: { _, context in text("\(context.mediaType.map { "\($0)" } ?? "")") }) { site in
            let response = try await site.ask("/", .get, [.accept: "text/csv"])
            #expect(response.text == "text/csv")
            #expect(response["Vary"] == "accept" || response["Vary"] == "Accept")
        }
    }

    @Test("refuses who takes none of it, and says what there is")
    func refusal() async throws {
        try await Site.run([AcceptNegotiation<TestContext>(Self.offers)]) { site in
            let response = try await site.ask("/", .get, [.accept: "image/png"])
            #expect(response.status == .notAcceptable)
            #expect(response.text.contains("application/json, text/csv, text/html; level=1"))
            #expect(response["Vary"] == "Accept")
        }
    }
}

@Suite("Content codings (RFC 9110 §12.5.3)")
struct ContentCodingTests {
    @Test(
        "are chosen by weight, gzip first",
        arguments: [
            ([], nil), ([""], nil), (["gzip"], "gzip"), (["deflate"], "deflate"), (["deflate, gzip"], "gzip"), (["x-gzip"], "gzip"),
            (["br"], nil),
            (["gzip;q=0.5, deflate"], "deflate"), (["*"], "gzip"), (["*, gzip;q=0"], "deflate"), (["*;q=0"], nil), (["gzip;q=0"], nil),
            (["gzip;q=0.5, identity"], nil), (["identity;q=0, gzip;q=0.1"], "gzip"), (["br", "gzip"], "gzip"), (["GZIP"], "gzip"),
        ] as [([String], String?)])
    func choice(fields: [String], coding: String?) {
        #expect(ContentCoding.preferred(fields)?.rawValue == coding)
    }
}
