import Testing

@testable import RealtimeProtocol

@Suite("Base64")
struct Base64Tests {
    @Test(
        "the examples of RFC 4648 §10, both ways",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func examples(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(Array(encoded.utf8), .standard) == Array(text.utf8))
        #expect(Base64.decode(Array(encoded.utf8.prefix { $0 != UInt8(ascii: "=") }), .url) == Array(text.utf8))
    }

    @Test("nothing else", arguments: ["Z", "Zg", "Zg=", "Zh==", "Zg==\n", "Z-__", "====", "Zm9v===="])
    func refused(text: String) {
        #expect(Base64.decode(Array(text.utf8), .standard) == nil)
    }

    @Test("no padding in tokens", arguments: ["Zg==", "Zm8=", "Zm9v+", "Zh"])
    func refusedInTokens(text: String) {
        #expect(Base64.decode(Array(text.utf8), .url) == nil)
    }
}
