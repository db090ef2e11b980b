import Testing

@testable import WebSocketProtocol

/// The key, its answer, and what both are made of.
@Suite struct WebSocketKeyTests {
    @Test("RFC 6455 §1.3: the example")
    func example() {
        #expect(WebSocketAccept.value(forKey: exampleKey) == exampleAccept)
    }

    @Test(
        "FIPS 180-4: SHA-1 of texts around the length of a block",
        arguments: [
            (0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (1, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
            (54, "b05d71c64979cb95fa74a33cdb31a40d258ae02e"),
            (55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
            (56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
            (57, "f08f24908d682555111be7ff6f004e78283d989a"),
            (63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"),
            (64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
            (65, "11655326c708d70319be2610e8a57d9a5b959d3b"),
            (119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"),
            (120, "f34c1488385346a55709ba056ddd08280dd4c6d6"),
            (127, "89d95fa32ed44a7c610b7ee38517ddf57e0bb975"),
            (128, "ad5b3fdbcb526778c2839d2f151ea753995e26a0"),
            (1000, "291e9a6c66994949b57ba5e650361e98fc36b1ba"),
        ])
    func sha1(count: Int, expected: String) {
        #expect(self.hex(SHA1.digest(of: String(repeating: "a", count: count))) == expected)
    }

    @Test("FIPS 180-4: the examples of SHA-1")
    func sha1Examples() {
        #expect(self.hex(SHA1.digest(of: "abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            self.hex(SHA1.digest(of: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
                == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    }

    @Test(
        "RFC 4648 §10: base64",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func base64(text: String, expected: String) {
        #expect(Base64.encode(Array(text.utf8)) == expected)
    }

    @Test("Every digit stands for its six bits, and no other byte for any")
    func digits() {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for byte in UInt8.min ... .max {
            #expect(Base64.value(of: byte).map(Int.init) == digits.firstIndex(of: byte))
        }
    }

    @Test("Of the sixty-four last digits, only the four canonical ones make a key")
    func canonical() {
        let accepted = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".filter {
            WebSocketKey.isValid("AAAAAAAAAAAAAAAAAAAAA\($0)==")
        }
        #expect(accepted == "AQgw")
    }

    private func hex(_ digest: SHA1.Digest) -> String {
        [digest.0, digest.1, digest.2, digest.3, digest.4].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}
