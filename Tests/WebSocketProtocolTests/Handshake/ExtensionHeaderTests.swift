import HTTPTypes
import Testing

@testable import WebSocketProtocol

/// RFC 6455 §9.1, and what a parser of it must not be made to do (security H7).
@Suite struct ExtensionHeaderTests {
    typealias Parameter = ExtensionOffer.Parameter

    @Test(
        "What the grammar allows",
        arguments: [
            (["foo"], [.init(name: "foo")]),
            (["bar; baz=2"], [.init(name: "bar", parameters: [.init(name: "baz", value: "2")])]),
            (["foo, bar; baz=2"], [.init(name: "foo"), .init(name: "bar", parameters: [.init(name: "baz", value: "2")])]),
            (["foo", "bar; baz=2"], [.init(name: "foo"), .init(name: "bar", parameters: [.init(name: "baz", value: "2")])]),
            (["a;b;c;b"], [.init(name: "a", parameters: [.init(name: "b"), .init(name: "c"), .init(name: "b")])]),
            ([" a \t;  b =\t1 , c "], [.init(name: "a", parameters: [.init(name: "b", value: "1")]), .init(name: "c")]),
            ([",, a ,,b,"], [.init(name: "a"), .init(name: "b")]),
            (["a; b=\"1\""], [.init(name: "a", parameters: [.init(name: "b", value: "1")])]),
            (["a; b=\"x\\yz\""], [.init(name: "a", parameters: [.init(name: "b", value: "xyz")])]),
            (["A; B=C"], [.init(name: "A", parameters: [.init(name: "B", value: "C")])]),
            (["!#$%&'*+-.^_`|~09azAZ"], [.init(name: "!#$%&'*+-.^_`|~09azAZ")]),
            ([], []),
        ] as [([String], [ExtensionOffer])])
    func allowed(lines: [String], expected: [ExtensionOffer]) throws {
        #expect(try ExtensionHeader.parse(lines) == expected)
    }

    @Test(
        "What it does not",
        arguments: [
            "", " ", ",", " , ,", ";", "a;", "a;;b", "a; ", "a;b=", "a;b= ", "a;=1", "=1", "a=1", "a b", "a;b c", "a;b=c d", "a/b",
            "a;b=c/d",
            "a;b=\"", "a;b=\"\"", "a;b=\"c", "a;b=\"c\\", "a;b=\"c d\"", "a;b=\"c\"d", "a;b=\"c,d\"", "a;b=\"c\\\"d\"", "a;b=\"c\\\\\"",
            "\"a\"",
            "a\u{0}", "a\u{7F}", "é", "a;b=é", "a;b=\"é\"", "(a)", "a@b", "a:b", "a\r\nb", "a\\b",
        ])
    func refused(value: String) {
        let error = handshakeError { () throws(HandshakeError) in _ = try ExtensionHeader.parse([value]) }
        #expect(error?.status == .badRequest)
        #expect(error?.rule.hasPrefix("RFC 6455 §9.1") == true)
    }

    @Test("Eight extensions are read, nine refused; over several lines too")
    func tooMany() throws {
        let eight = Array(repeating: "a", count: 8)
        #expect(try ExtensionHeader.parse([eight.joined(separator: ",")]).count == 8)
        #expect(try ExtensionHeader.parse(eight).count == 8)
        #expect(throws: HandshakeError.self) { try ExtensionHeader.parse([(eight + ["a"]).joined(separator: ",")]) }
        #expect(throws: HandshakeError.self) { try ExtensionHeader.parse(eight + ["a"]) }
    }

    @Test("1 KiB is read, a byte more refused with 431; over several lines too")
    func tooLong() throws {
        let name = String(repeating: "a", count: 1_024)
        #expect(try ExtensionHeader.parse([name]).first?.name == name)
        for lines in [[name + "a"], [name, "a"], [String(repeating: " ", count: 1_025)]] {
            let error = handshakeError { () throws(HandshakeError) in _ = try ExtensionHeader.parse(lines) }
            #expect(error?.status == .requestHeaderFieldsTooLarge)
        }
    }

    @Test("Values made to be slow are as quick as others", arguments: ["\\c", " ", ";", ",", "a;", "a;b=\"\\", "\"", "\\\""])
    func slow(pattern: String) {
        let value = "a;b=\"" + String(repeating: pattern, count: 16_384 / pattern.utf8.count)
        let took = ContinuousClock().measure {
            for _ in 0..<100 { _ = try? ExtensionHeader.parse([value]) }
        }
        #expect(took < .milliseconds(1_000))
    }

    @Test("What is written can be read again")
    func roundTrip() throws {
        let offers: [ExtensionOffer] = [
            .init(name: "permessage-deflate", parameters: [.init(name: "client_max_window_bits"), .init(name: "x", value: "10")]),
            .init(name: "other"),
        ]
        #expect(ExtensionHeader.serialize(offers) == "permessage-deflate; client_max_window_bits; x=10, other")
        #expect(try ExtensionHeader.parse([ExtensionHeader.serialize(offers)]) == offers)
        #expect(ExtensionHeader.serialize([]) == "")
    }

    @Test("Any bytes are read or refused, and what is read can be written and read again")
    func anyBytes() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("ab=;, \t\"\\é\u{0}".unicodeScalars)
        for _ in 0..<20_000 {
            var value = ""
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                value.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            guard let offers = try? ExtensionHeader.parse([value]) else { continue }
            #expect(try ExtensionHeader.parse([ExtensionHeader.serialize(offers)]) == offers, "\(value)")
        }
    }
}
