// Tokens that nobody may come in with. Each is refused as invalid, and what is said of it does not have it in it.

import JWTKit
import RealtimeHub
import Testing

@testable import HeliographServer

@Suite("Forged tokens")
struct ForgedTokenTests {
    /// A server with a key of every kind, and checks of audience and issuer.
    struct Workshop {
        let verifier: SignedTokenVerifier
        let hmac: TokenMaker
        let rsaPublicKey: String
        let ecdsa: TokenMaker
        let attacker: EdDSA.PrivateKey

        static let claims = #"{"sub":"42","aud":"chat","iss":"us","exp":4000000000}"#

        init() async throws {
            let key = ES256PrivateKey()
            hmac = try await .hmac()
            rsaPublicKey = try await RSAKeys.pair.value.public
            ecdsa = try await .ecdsa(key)
            attacker = try EdDSA.PrivateKey()
            verifier = SignedTokenVerifier(
                connections: TokenRules(
                    keys: [
                        try await TokenKey(.hs256, .secret(TokenMaker.secret)),
                        try await TokenKey(.hs512, .secret(TokenMaker.secret + "-another"), id: "long"),
                        try await TokenKey(.rs256, .publicKey(rsaPublicKey)),
                        try await TokenKey(.es256, .publicKey(key.publicKey.pemRepresentation)),
                        try await TokenKey(.edDSA, .publicKey(try EdDSA.PrivateKey().publicKey.pemRepresentation)),
                    ], audience: "chat", issuer: "us"))
        }

        func signed(_ claims: String = claims, header: String? = nil) throws -> String { try hmac.sign(claims, header: header) }

        /// The header, the payload and the signature of a good token.
        func parts() throws -> [String] { try signed().split(separator: ".").map(String.init) }
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (Workshop) async throws -> String

        init(_ name: String, _ make: @escaping @Sendable (Workshop) async throws -> String) {
            testDescription = name
            self.make = make
        }
    }

    static let forgeries: [Forgery] = [
        // The algorithm
        Forgery("alg none without a signature") { _ in TokenMaker.content(Workshop.claims, header: #"{"alg":"none"}"#) + "." },
        Forgery("alg none with a signature") { try $0.signed(header: #"{"alg":"none"}"#) },
        Forgery("alg nOnE") { try $0.signed(header: #"{"alg":"nOnE"}"#) },
        Forgery("alg missing") { try $0.signed(header: #"{"typ":"JWT"}"#) },
        Forgery("alg null") { try $0.signed(header: #"{"alg":null}"#) },
        Forgery("alg in other letters") { try $0.signed(header: #"{"alg":"hs256"}"#) },
        Forgery("RSA's public key as the secret of HS256") { try await TokenMaker.hmac($0.rsaPublicKey).sign(Workshop.claims) },
        Forgery("the right secret, another digest") { _ in try await TokenMaker.hmac(TokenMaker.secret, .sha384).sign(Workshop.claims) },
        Forgery("RS256 in the header, HS256 in the signature") { try $0.signed(header: #"{"alg":"RS256"}"#) },
        Forgery("alg given twice") { try $0.signed(header: #"{"alg":"HS256","alg":"HS256"}"#) },
        // The key
        Forgery("another secret") { _ in try await TokenMaker.hmac(String(TokenMaker.secret.reversed())).sign(Workshop.claims) },
        Forgery("a kid that no key of its alg has") {
            _ in
            try await TokenMaker.hmac(TokenMaker.secret + "-another", .sha512).sign(Workshop.claims, header: #"{"alg":"HS512","kid":"x"}"#)
        },
        Forgery("a kid that is a path, and nothing as the secret") { _ in
            try await TokenMaker.hmac(String(repeating: "\0", count: 32)).sign(
                Workshop.claims, header: #"{"alg":"HS256","kid":"../../../dev/null"}"#)
        },
        Forgery("a kid that is no text") { try $0.signed(header: #"{"alg":"HS256","kid":[1]}"#) },
        Forgery("a key that came with it") { workshop in
            let key = TokenMaker.base64URL(Array(workshop.attacker.publicKey.rawRepresentation))
            return try await TokenMaker.edDSA(workshop.attacker).sign(
                Workshop.claims, header: #"{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"\#(key)"}}"#)
        },
        Forgery("the address of a key") { workshop in
            try await TokenMaker.edDSA(workshop.attacker).sign(Workshop.claims, header: #"{"alg":"EdDSA","jku":"http://127.0.0.1:1/"}"#)
        },
        // The header
        Forgery("crit") { try $0.signed(header: #"{"alg":"HS256","crit":["exp"],"exp":1}"#) },
        Forgery("crit, empty") { try $0.signed(header: #"{"alg":"HS256","crit":[]}"#) },
        Forgery("content that is not base64url") { try $0.signed(header: #"{"alg":"HS256","b64":false}"#) },
        Forgery("content that is compressed") { try $0.signed(header: #"{"alg":"HS256","zip":"DEF"}"#) },
        Forgery("a header that is a list") { try $0.signed(header: #"["HS256"]"#) },
        // The signature
        Forgery("another payload than was signed") { workshop in
            let payload = TokenMaker.base64URL(Array(Workshop.claims.replacing("42", with: "43").utf8))
            let parts = try workshop.parts()
            return "\(parts[0]).\(payload).\(parts[2])"
        },
        Forgery("another header than was signed") { workshop in
            let parts = try workshop.parts()
            return "\(TokenMaker.base64URL(Array(#"{"alg":"HS256"}"#.utf8))).\(parts[1]).\(parts[2])"
        },
        Forgery("no signature") { try $0.parts()[..<2].joined(separator: ".") + "." },
        Forgery("half of the signature") { try String($0.signed().dropLast(20)) },
        Forgery("a signature of zeros (ECDSA)") { _ in
            TokenMaker.content(Workshop.claims, header: #"{"alg":"ES256"}"#) + "." + TokenMaker.base64URL(Array(repeating: 0, count: 64))
        },
        // The form
        Forgery("padding") { try $0.signed() + "=" },
        Forgery("bits that mean nothing") { workshop in
            // 32 bytes are 43 characters, of which the last has two bits too many.
            let token = try workshop.signed()
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            let last = try #require(token.last.flatMap(alphabet.firstIndex(of:)))
            return token.dropLast() + String(alphabet[last + 1])
        },
        Forgery("a newline behind it") { try $0.signed() + "\n" },
        Forgery("two parts") { try $0.parts()[..<2].joined(separator: ".") },
        Forgery("four parts") { try $0.signed() + ".e30" },
        Forgery("five parts, as encrypted ones have") { _ in "e30.e30.e30.e30.e30" },
        Forgery("nothing but dots") { _ in ".." },
        Forgery("too long") { try $0.signed(#"{"sub":"\#(String(repeating: "a", count: 20_000))","aud":"chat","iss":"us"}"#) },
        // The claims, rightly signed
        Forgery("sub given twice") { try $0.signed(#"{"sub":"1","aud":"chat","iss":"us","sub":"2"}"#) },
        Forgery("no sub") { try $0.signed(#"{"aud":"chat","iss":"us"}"#) },
        Forgery("sub is a number") { try $0.signed(#"{"sub":42,"aud":"chat","iss":"us"}"#) },
        Forgery("exp is text") { try $0.signed(#"{"sub":"42","aud":"chat","iss":"us","exp":"4000000000"}"#) },
        Forgery("exp is in milliseconds") { try $0.signed(#"{"sub":"42","aud":"chat","iss":"us","exp":1800000000000}"#) },
        Forgery("no aud") { try $0.signed(#"{"sub":"42","iss":"us"}"#) },
        Forgery("another aud") { try $0.signed(#"{"sub":"42","aud":["shop","chats"],"iss":"us"}"#) },
        Forgery("no iss") { try $0.signed(#"{"sub":"42","aud":"chat"}"#) },
        Forgery("another iss, and expired") { try $0.signed(#"{"sub":"42","aud":"chat","iss":"them","exp":1}"#) },
        Forgery("a subscription token") { try $0.signed(#"{"sub":"42","channel":"news","aud":"chat","iss":"us"}"#) },
        Forgery("a token of the API") { try $0.signed(#"{"sub":"42","aud":"chat","iss":"us","exp":4000000000,"api":{}}"#) },
        Forgery("channels are no texts") { try $0.signed(#"{"sub":"42","aud":"chat","iss":"us","channels":[1]}"#) },
        Forgery("b64info is no base64") { try $0.signed(#"{"sub":"42","aud":"chat","iss":"us","b64info":"a"}"#) },
        Forgery("meta is no object") { try $0.signed(#"{"sub":"42","aud":"chat","iss":"us","meta":"free"}"#) },
        Forgery("a payload that is no object") { try $0.signed("42") },
        Forgery("a payload nested too deeply") {
            try $0.signed(
                #"{"sub":"42","aud":"chat","iss":"us","info":\#(String(repeating: "[", count: 99))\#(String(repeating: "]", count: 99))}"#)
        },
    ]

    private static let workshop = Task { try await Workshop() }

    @Test("are invalid", arguments: forgeries)
    func refused(forgery: Forgery) async throws {
        let workshop = try await Self.workshop.value
        let token = try await forgery.make(workshop)
        let error = await #expect(throws: TokenError.self) { try await workshop.verifier.connection(token) }
        guard case .invalid(let why) = error else {
            Issue.record("it is not invalid but \(String(describing: error))")
            return
        }
        #expect(!why.isEmpty)
        let parts = token.split(separator: ".").filter { $0.count > 8 }
        #expect(!parts.contains { why.contains($0) }, "the log would have the token")
    }

    @Test("are told from the one that they were made of")
    func good() async throws {
        let workshop = try await Self.workshop.value
        #expect(try await workshop.verifier.connection(workshop.signed()).user == "42")
        #expect(try await workshop.verifier.connection(workshop.ecdsa.sign(Workshop.claims)).user == "42")
        #expect(try await workshop.verifier.connection(workshop.signed(header: #"{"alg":"HS256","kid":"whatever"}"#)).user == "42")
    }
}
