// What good tokens say, and the keys that they are checked with.

import JWTKit
import NIOCore
import RealtimeHub
import Testing

@testable import HeliographServer

@Suite("Tokens")
struct TokenTests {
    static let now = 1_800_000_000.0

    private func verifier(_ keys: TokenKey..., subscriptions: TokenRules? = nil) -> SignedTokenVerifier {
        SignedTokenVerifier(connections: TokenRules(keys: keys), subscriptions: subscriptions, now: { Self.now })
    }

    private func connection(_ claims: String) async throws -> ConnectionClaims {
        try await verifier(TokenKey(.hs256, .secret(TokenMaker.secret))).connection(TokenMaker.hmac().sign(claims))
    }

    private func subscription(_ claims: String) async throws -> SubscriptionClaims {
        try await verifier(TokenKey(.hs256, .secret(TokenMaker.secret))).subscription(TokenMaker.hmac().sign(claims))
    }

    // MARK: Algorithms

    @Test("HS256, HS384 and HS512", arguments: [(TokenAlgorithm.hs256, DigestAlgorithm.sha256), (.hs384, .sha384), (.hs512, .sha512)])
    func hmac(algorithm: TokenAlgorithm, digest: DigestAlgorithm) async throws {
        let token = try await TokenMaker.hmac(TokenMaker.secret, digest).sign(#"{"sub":"42"}"#)
        #expect(try await verifier(TokenKey(algorithm, .secret(TokenMaker.secret))).connection(token).user == "42")
    }

    @Test("RS256, RS384 and RS512", arguments: [(TokenAlgorithm.rs256, DigestAlgorithm.sha256), (.rs384, .sha384), (.rs512, .sha512)])
    func rsa(algorithm: TokenAlgorithm, digest: DigestAlgorithm) async throws {
        let keys = try await RSAKeys.pair.value
        let token = try await TokenMaker.rsa(keys.private, digest).sign(#"{"sub":"42"}"#)
        #expect(try await verifier(TokenKey(algorithm, .publicKey(keys.public))).connection(token).user == "42")
    }

    @Test("ES256, ES384, ES512 and EdDSA")
    func curves() async throws {
        let (p256, p384, p521, ed25519) = (ES256PrivateKey(), ES384PrivateKey(), ES512PrivateKey(), try EdDSA.PrivateKey())
        let verifier = verifier(
            try await TokenKey(.es256, .publicKey(p256.publicKey.pemRepresentation)),
            try await TokenKey(.es384, .publicKey(p384.publicKey.pemRepresentation)),
            try await TokenKey(.es512, .publicKey(p521.publicKey.pemRepresentation)),
            try await TokenKey(.edDSA, .publicKey(ed25519.publicKey.pemRepresentation)))
        for maker in [
            try await TokenMaker.ecdsa(p256), try await .ecdsa(p384), try await .ecdsa(p521), try await .edDSA(ed25519),
        ] {
            #expect(try await verifier.connection(maker.sign(#"{"sub":"42"}"#)).user == "42")
        }
    }

    @Test("an old and a new key at a time")
    func rotation() async throws {
        let new = String(TokenMaker.secret.reversed())
        let verifier = verifier(try await TokenKey(.hs256, .secret(TokenMaker.secret)), try await TokenKey(.hs256, .secret(new)))
        for secret in [TokenMaker.secret, new] {
            #expect(try await verifier.connection(TokenMaker.hmac(secret).sign(#"{"sub":"42"}"#)).user == "42")
        }
    }

    @Test("other keys for subscriptions")
    func separateKeys() async throws {
        let other = String(TokenMaker.secret.reversed())
        let verifier = verifier(
            try await TokenKey(.hs256, .secret(TokenMaker.secret)),
            subscriptions: TokenRules(keys: [try await TokenKey(.hs256, .secret(other))]))
        let claims = #"{"sub":"42","channel":"news"}"#
        #expect(try await verifier.subscription(TokenMaker.hmac(other).sign(claims)).channel == "news")
        await #expect(throws: TokenError.invalid("its signature is wrong")) {
            try await verifier.subscription(TokenMaker.hmac().sign(claims))
        }
    }

    @Test("keys that can't be")
    func unusable() async throws {
        let pem = ES256PrivateKey()
        await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.hs256, .secret("short")) }
        await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.hs512, .secret(String(TokenMaker.secret.dropLast()))) }
        await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.hs256, .secret(pem.publicKey.pemRepresentation)) }
        await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.hs256, .publicKey(pem.publicKey.pemRepresentation)) }
        await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.es256, .secret(TokenMaker.secret)) }
        await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.es384, .publicKey(pem.publicKey.pemRepresentation)) }
        await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.rs256, .publicKey("no PEM")) }
        let privateKey = await #expect(throws: TokenKey.Unusable.self) { try await TokenKey(.es256, .publicKey(pem.pemRepresentation)) }
        #expect(privateKey?.description.contains("private") == true)
    }

    // MARK: Time

    @Test("exp is when it is over")
    func expiry() async throws {
        #expect(try await connection(#"{"sub":"42","exp":1800000001}"#).expiresAt == 1_800_000_001_000)
        #expect(try await connection(#"{"sub":"42","exp":1800000000.5}"#).expiresAt == 1_800_000_000_500)
        #expect(try await connection(#"{"sub":"42"}"#).expiresAt == 0)
        await #expect(throws: TokenError.expired) { try await connection(#"{"sub":"42","exp":1800000000}"#) }
        await #expect(throws: TokenError.expired) { try await subscription(#"{"sub":"42","channel":"a","exp":1}"#) }
        await #expect(throws: TokenError.expired) { try await connection(#"{"sub":"42","nbf":1800000001}"#) }
    }

    @Test("expire_at is when the connection is over, 0 for never")
    func expireAt() async throws {
        #expect(try await connection(#"{"sub":"42","exp":1800000009,"expire_at":1800000100}"#).expiresAt == 1_800_000_100_000)
        #expect(try await connection(#"{"sub":"42","exp":1800000009,"expire_at":0}"#).expiresAt == 0)
        #expect(try await subscription(#"{"sub":"42","channel":"a","exp":1800000009,"expire_at":0}"#).expiresAt == 0)
    }

    // MARK: Claims

    @Test("info is passed on as it was written, or is bytes in base64")
    func info() async throws {
        #expect(try await connection(#"{"sub":"42","info":{"a": 1.50, "b":[null]}}"#).info == Array(#"{"a":1.50,"b":[null]}"#.utf8))
        #expect(try await connection(#"{"sub":"42","info":{"a":1},"b64info":"/wA="}"#).info == [255, 0])
        #expect(try await connection(#"{"sub":"42","info":null}"#).info == nil)
        #expect(try await subscription(#"{"channel":"a","info":"x"}"#).info == Array(#""x""#.utf8))
    }

    @Test("meta is the backend's own, an object")
    func meta() async throws {
        #expect(try await connection(#"{"sub":"42","meta":{"plan": "free"}}"#).meta == Array(#"{"plan":"free"}"#.utf8))
        #expect(try await connection(#"{"sub":"42"}"#).meta == nil)
    }

    @Test("sub may be empty: signed to be anonymous")
    func anonymous() async throws {
        #expect(try await connection(#"{"sub":""}"#).user == "")
    }

    @Test("channels and subs are subscriptions that come with the connection")
    func subscriptions() async throws {
        let claims = try await connection(
            #"{"sub":"42","channels":["a","b"],"subs":{"c":{"info":1,"data":{"x":2},"override":{"presence":{"value":true}}},"d":{}}}"#)
        #expect(claims.channels == ["a", "b"])
        #expect(Set(claims.subscriptions.keys) == ["c", "d"])
        #expect(claims.subscriptions["c"]?.info == Array("1".utf8))
        #expect(claims.subscriptions["c"]?.data.map { String(buffer: $0) } == #"{"x":2}"#)
        #expect(claims.subscriptions["c"]?.override.presence == true)
        #expect(Set(ConnectGrant(claims).subscriptions.keys) == ["a", "b", "c", "d"])
    }

    @Test("a subscription token is for a channel, a user and perhaps a client")
    func subscription() async throws {
        let claims = try await subscription(
            #"{"sub":"42","channel":"a","client":"x","override":{"join_leave":{"value":true},"force_recovery":{"value":false}}}"#)
        #expect(claims.user == "42")
        #expect(claims.channel == "a")
        #expect(claims.client == "x")
        #expect(claims.override == ChannelOverride(joinLeave: true, forceRecovery: false))
        #expect(try await subscription(#"{"channel":"a"}"#).user == "")
        await #expect(throws: TokenError.invalid("it has no channel")) { try await subscription(#"{"sub":"42"}"#) }
        await #expect(throws: TokenError.invalid("presence is neither true nor false")) {
            try await subscription(#"{"channel":"a","override":{"presence":{"value":1}}}"#)
        }
    }

    @Test("aud is a text or a list of them")
    func audience() async throws {
        let rules = TokenRules(keys: [try await TokenKey(.hs256, .secret(TokenMaker.secret))], audience: "chat")
        let verifier = SignedTokenVerifier(connections: rules)
        let maker = try await TokenMaker.hmac()
        #expect(try await verifier.connection(maker.sign(#"{"sub":"42","aud":"chat"}"#)).user == "42")
        #expect(try await verifier.connection(maker.sign(#"{"sub":"42","aud":["shop","chat"]}"#)).user == "42")
    }
}
