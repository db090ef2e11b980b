import LiveViews
import NIOCore
import Testing

@Suite("multipart/form-data (RFC 7578)")
struct MultipartParserTests {
    private static let type = "multipart/form-data; boundary=----Form1"

    /// A body in pieces of a size; the bytes of a part together.
    private static func parse(_ body: String, type: String = type, by count: Int = .max) throws -> [MultipartParser.Event] {
        var parser = try MultipartParser(contentType: type), events: [MultipartParser.Event] = []
        var rest = Array(body.utf8)[...]
        while !rest.isEmpty {
            for event in try parser.receive(ByteBuffer(bytes: rest.prefix(count))) {
                if case .bytes(let more) = event, case .bytes(var before)? = events.last {
                    before.writeImmutableBuffer(more)
                    events[events.count - 1] = .bytes(before)
                } else {
                    events.append(event)
                }
            }
            rest = rest.dropFirst(count)
        }
        try parser.finish()
        return events
    }

    private static let body = """
        ------Form1\r
        Content-Disposition: form-data; name="title"\r
        \r
        Two\r
        lines\r
        ------Form1\r
        Content-Disposition: form-data; name="photos"; filename="a \r\n.png"\r
        Content-Type: image/png\r
        \r
        \r
        ------Form\r
        --\r
        ------Form1--\r\n
        """.replacing("a \r\n.png", with: "a %22b%22%0D%0A.png")

    private static let events: [MultipartParser.Event] = [
        .part(name: "title", filename: nil, type: ""), .bytes(ByteBuffer(string: "Two\r\nlines")), .endOfPart,
        .part(name: "photos", filename: "a \"b\"\n.png", type: "image/png"), .bytes(ByteBuffer(string: "\r\n------Form\r\n--")), .endOfPart,
    ]

    @Test("is parts with names, in whatever pieces it comes", arguments: [1, 2, 3, 7, 16, 64, .max])
    func parts(count: Int) throws {
        #expect(try Self.parse(Self.body, by: count) == Self.events)
    }

    @Test("has bytes as they are, also those that begin as its boundary does")
    func bytes() throws {
        for content in ["", "\r", "\r\n", "\r\n-", "\r\n------Form", "\r\r\n------For\r\n------Form2\r", "\u{0}\u{1}\r\n\r\n"]
        where !content.contains("Form1") {
            let body = "------Form1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\(content)\r\n------Form1--"
            for count in [1, 5, .max] {
                let bytes: [MultipartParser.Event] = content.isEmpty ? [] : [.bytes(ByteBuffer(string: content))]
                #expect(try Self.parse(body, by: count) == [.part(name: "a", filename: nil, type: "")] + bytes + [.endOfPart])
            }
        }
    }

    @Test("may have no parts at all, and an empty line at its end")
    func empty() throws {
        #expect(try Self.parse("------Form1--") == [])
        #expect(try Self.parse("------Form1--\r\n", by: 1) == [])
    }

    @Test(
        "is known by its type, which has a boundary in it",
        arguments: [
            ("multipart/form-data; boundary=b", "b"), ("Multipart/Form-Data;charset=utf-8 ; Boundary=\"a b\"", nil),
            ("multipart/form-data; boundary=\"x=y:z\"", "x=y:z"), ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil),
            ("multipart/form-data; boundary=" + String(repeating: "b", count: 70), String(repeating: "b", count: 70)),
            ("multipart/form-data; boundary=" + String(repeating: "b", count: 71), nil), ("multipart/form-data; boundary=\"a\rb\"", nil),
        ] as [(String, String?)])
    func boundary(type: String, boundary: String?) {
        #expect(MultipartParser.isMultipart(type))
        if let boundary {
            #expect(throws: Never.self) { try Self.parse("--\(boundary)--", type: type) }
        } else {
            #expect(throws: MultipartParser.Fault.noBoundary) { try MultipartParser(contentType: type) }
        }
    }

    @Test("is nothing else", arguments: ["", "text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=b"])
    func others(type: String) { #expect(!MultipartParser.isMultipart(type)) }

    private static let head = "Content-Disposition: form-data; name=\"a\""

    @Test(
        "is refused where it is not what browsers send",
        arguments: [
            ("preamble\r\n------Form1--", .syntax), ("------Form2--", .syntax), ("------Form1 \r\n", .syntax),
            ("------Form1--\r\nepilogue", .syntax),
            ("------Form1\n\(head)\n\n", .syntax), ("------Form1\r\n\(head)\r\n\r\nx", .unfinished), ("------Form1", .unfinished),
            ("", .unfinished),
            ("------Form1\r\n\(head)\r\n\r\n\r\n------Form1\r\n", .unfinished), ("------Form1\r\n\r\n\r\n", .badHead),
            ("------Form1\r\nContent-Type: text/plain\r\n\r\n", .badHead),
            ("------Form1\r\nContent-Disposition: form-data\r\n\r\n", .badHead),
            ("------Form1\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n", .badHead),
            ("------Form1\r\nContent-Disposition: form-data; name=a\r\n\r\n", .badHead),
            ("------Form1\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", .badHead),
            ("------Form1\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n", .badHead),
            ("------Form1\r\n\(head); filename*=\"UTF-8''b\"\r\n\r\n", .badHead),
            ("------Form1\r\n\(head); filename=\"b\" x\r\n\r\n", .badHead),
            ("------Form1\r\n\(head)\r\n\(head)\r\n\r\n", .badHead), ("------Form1\r\n\(head)\r\nno colon\r\n\r\n", .badHead),
            ("------Form1\r\n\(head)\r\nContent-Type: a\u{0}b\r\n\r\n", .badHead),
            ("------Form1\r\n\(head)\r\nContent-Transfer-Encoding: base64\r\n\r\n", .badHead),
            ("------Form1\r\n\(head)\r\nX: \(String(repeating: "x", count: 5_000))", .tooLongHead),
            ("------Form1" + String(repeating: "\r\n\(head)\r\n\r\n\r\n------Form1", count: 1_001), .tooManyParts),
        ] as [(String, MultipartParser.Fault)])
    func refused(body: String, fault: MultipartParser.Fault) {
        for count in [1, 100, .max] {
            #expect(throws: fault, "\(body.prefix(200))") { try Self.parse(body, by: count) }
        }
    }

    @Test("in which a head is no UTF-8 is refused")
    func encoding() throws {
        var parser = try MultipartParser(contentType: Self.type)
        let bytes = Array("------Form1\r\nContent-Disposition: form-data; name=\"".utf8) + [0xff] + Array("\"\r\n\r\n".utf8)
        #expect(throws: MultipartParser.Fault.badHead) { try parser.receive(ByteBuffer(bytes: bytes)) }
    }
}
