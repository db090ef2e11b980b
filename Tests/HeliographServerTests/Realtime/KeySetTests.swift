// Keys that are elsewhere: which are taken, how often they are asked for, and that tokens have no say in it.

import JWTKit
import Logging
import RealtimeHub
import ServerTestSupport
import Synchronization
import Testing

@testable import HeliographServer

@Suite("Key sets", .timeLimit(.minutes(1)))
struct KeySetTests {
    /// What is at the address, and how often somebody looked.
    private final class Place: Sendable {
        private struct State {
            var answer: Result<String, Unexpected>
            var count = 0
        }

        private let state: Mutex<State>
        private let time = Mutex(ContinuousClock.now)

        init(_ text: String) { state = Mutex(State(answer: .success(text))) }

        var count: Int { state.withLock { $0.count } }

        func put(_ text: String?) {
            state.withLock { $0.answer = text.map { .success($0) } ?? .failure(Unexpected("it is down")) }
        }

        func advance(_ duration: Duration) { time.withLock { $0 += duration } }

        func keySet(_ times: KeySet.Times = KeySet.Times()) -> KeySet {
            KeySet("the set", times: times, now: { self.time.withLock { $0 } }) {
                let answer = self.state.withLock { state in
                    state.count += 1
                    return state.answer
                }
                return Array(try answer.get().utf8)
            }
        }
    }

    private let ada = ES256PrivateKey()
    private let bob = ES256PrivateKey()

    private func entry(_ key: ES256PrivateKey, _ id: String, _ more: String = "") throws -> String {
        let parameters = try #require(key.publicKey.parameters)
        func url(_ text: String) -> String { text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "") }
        return #"{"kty":"EC","crv":"P-256","kid":"\#(id)","x":"\#(url(parameters.x))","y":"\#(url(parameters.y))"\#(more)}"#
    }

    private func set(_ entries: String...) -> String { #"{"keys":[\#(entries.joined(separator: ","))]}"# }

    private func verifier(_ set: KeySet, keys: [TokenKey] = []) -> SignedTokenVerifier {
        var rules = TokenRules(keys: keys)
        rules.keySet = set
        return SignedTokenVerifier(connections: rules)
    }

    private func token(_ key: ES256PrivateKey, kid: String? = nil) async throws -> String {
        let header = kid.map { #"{"alg":"ES256","kid":"\#($0)"}"# }
        return try await TokenMaker.ecdsa(key).sign(#"{"sub":"42"}"#, header: header)
    }

    @Test("a key is fetched once, however many tokens there are at once")
    func fetchedOnce() async throws {
        let place = Place(set(try entry(ada, "a")))
        let verifier = verifier(place.keySet())
        let token = try await token(ada, kid: "a")
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    let user = try await verifier.connection(token).user
                    #expect(user == "42")
                }
            }
            try await group.waitForAll()
        }
        #expect(place.count == 1)
    }

    @Test("a kid that is not known has the set fetched anew, but not more often than every ten seconds")
    func rotation() async throws {
        let place = Place(set(try entry(ada, "a")))
        let verifier = verifier(place.keySet())
        _ = try await verifier.connection(token(ada, kid: "a"))
        place.put(set(try entry(bob, "b")))
        let new = try await token(bob, kid: "b")
        await #expect(throws: TokenError.self) { try await verifier.connection(new) }
        for id in 0..<100 {
            await #expect(throws: TokenError.self) { try await verifier.connection(token(bob, kid: "made-up-\(id)")) }
        }
        #expect(place.count == 1)
        place.advance(.seconds(10))
        #expect(try await verifier.connection(new).user == "42")
        #expect(place.count == 2)
        await #expect(throws: TokenError.self) { try await verifier.connection(token(ada, kid: "a")) }
    }

    @Test("old keys do their work while newer ones are fetched, and for a day while there are none to be had")
    func stale() async throws {
        let place = Place(set(try entry(ada, "a")))
        let set = place.keySet()
        let verifier = verifier(set)
        let token = try await token(ada, kid: "a")
        _ = try await verifier.connection(token)
        place.put(nil)
        place.advance(.seconds(3_600))
        _ = try await verifier.connection(token)
        await set.refresh()?.value
        #expect(place.count == 2)
        _ = try await verifier.connection(token)
        place.advance(.seconds(24 * 3_600))
        let error = await #expect(throws: TokenError.self) { try await verifier.connection(token) }
        guard case .unavailable(let why) = error else { throw Unexpected("\(String(describing: error))") }
        #expect(why.contains("the set"))
        #expect(why.contains("it is down"))
    }

    @Test("a token with an algorithm of secrets, or one that a configured key is for, asks nobody")
    func asksNobody() async throws {
        let place = Place(set(try entry(ada, "a")))
        let verifier = verifier(place.keySet(), keys: [try await TokenKey(.es256, .publicKey(bob.publicKey.pemRepresentation))])
        await #expect(throws: TokenError.self) { try await verifier.connection(TokenMaker.hmac().sign(#"{"sub":"42"}"#)) }
        _ = try await verifier.connection(token(bob))
        #expect(place.count == 0)
    }

    @Test("keys that come from the same place outlive a reload while it is away; another place begins with none")
    func reload() async throws {
        let token = try await token(ada, kid: "a")
        let application = Mutex<HeliographApplication?>(nil)
        let yaml = Mutex("")
        try await KeySetServer.run(set(try entry(ada, "a"))) { address in
            yaml.withLock {
                $0 = """
                    client: {token: {jwks_public_endpoint: "\(address)/keys"}, subscription_token: {hmac_secret_key: "\(TokenMaker.secret)"}}
                    channel: {without_namespace: {}}
                    http_api: {token: {jwks_public_endpoint: "\(address)/keys"}}
                    """
            }
            let serve = try await ServeConfiguration(yaml: yaml.withLock { $0 }, file: "test.yaml")
            let new = try HeliographApplication(
                configuration: serve, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            #expect(try await new.tokens?.connection(token).user == "42")
            await #expect(throws: TokenError.invalid("it has no api: it is a client's")) {
                try await new.apiAccess?.value.tokens?.caller(token)
            }
            application.withLock { $0 = new }
        }
        let running = try #require(application.withLock { $0 })
        let same = try await ServeConfiguration(yaml: yaml.withLock { $0 }, file: "test.yaml")
        for _ in 0..<2 { _ = try await running.reload(same) }
        #expect(try await running.tokens?.connection(token).user == "42")
        await #expect(throws: TokenError.invalid("it has no api: it is a client's")) {
            try await running.apiAccess?.value.tokens?.caller(token)
        }
        let other = try await ServeConfiguration(yaml: yaml.withLock { $0.replacing("/keys", with: "/others") }, file: "test.yaml")
        _ = try await running.reload(other)
        let error = await #expect(throws: TokenError.self) { try await running.tokens?.connection(token) }
        guard case .unavailable = error else { throw Unexpected("\(String(describing: error))") }
    }

    @Test("an RSA key is for the algorithm that it says, or for all three")
    func rsa() async throws {
        let pair = try await RSAKeys.pair.value
        let (modulus, exponent) = try Insecure.RSA.PublicKey(pem: pair.public).getKeyPrimitives()
        let numbers = "\"n\":\"\(TokenMaker.base64URL(Array(modulus)))\",\"e\":\"\(TokenMaker.base64URL(Array(exponent)))\""
        for (alg, allowed) in [(nil, [true, true, true]), ("RS384", [false, true, false])] as [(String?, [Bool])] {
            let place = Place(set("{\"kty\":\"RSA\",\(numbers)\(alg.map { ",\"alg\":\"\($0)\"" } ?? "")}"))
            let verifier = verifier(place.keySet())
            for (digest, isAllowed) in zip([DigestAlgorithm.sha256, .sha384, .sha512], allowed) {
                let token = try await TokenMaker.rsa(pair.private, digest).sign(#"{"sub":"42"}"#)
                #expect((try? await verifier.connection(token))?.user == (isAllowed ? "42" : nil))
            }
        }
    }

    @Test(
        "keys that are not for checking tokens are passed over",
        arguments: [
            #","use":"enc""#, #","key_ops":["sign"]"#, #","alg":"RS256""#, #","alg":"ES384""#, #","kid":7"#, #","key_ops":"verify""#,
        ])
    func others(more: String) async throws {
        let place = Place(set(try entry(ada, "a", more)))
        let error = await #expect(throws: TokenError.self) { try await verifier(place.keySet()).connection(token(ada, kid: "a")) }
        guard case .unavailable = error else { throw Unexpected("\(String(describing: error))") }
    }

    @Test(
        "what is no key set is none, and says why",
        arguments: [
            ("", "no key set"), ("[]", "no key set"), ("{}", "no list of keys"), (#"{"keys":1}"#, "no key set"),
            (#"{"keys":[]}"#, "no key in it"),
            (#"{"keys":[1,{"kty":"oct","k":"AAAA"}]}"#, "no key in it"),
            (#"{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}"#, "no key in it"),
            (#"{"keys":[\#(Array(repeating: "{}", count: 65).joined(separator: ","))]}"#, "more than 64 keys"),
            (String(repeating: " ", count: 300_000), "larger than"), (String(repeating: "[", count: 100_000), "no key set"),
        ])
    func malformed(text: String, words: String) async {
        let error = await #expect(throws: KeySetDocument.Malformed.self) { try await KeySetDocument(Array(text.utf8)).keys() }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test("the address must be https, but on this machine")
    func addresses() {
        for good in ["https://login.example.com/keys", "http://127.0.0.1:8000/keys", "http://localhost/keys"] {
            #expect(KeySetFetcher.objection(to: good) == nil, "\(good)")
        }
        for bad in [
            "http://login.example.com/keys", "file:///etc/passwd", "login.example.com", "", "https://", "https://a:b@example.com/",
            "ftp://localhost/",
        ] {
            #expect(KeySetFetcher.objection(to: bad) != nil, "\(bad)")
        }
    }

    @Test("is fetched over HTTP: redirects, other answers and endless ones are refused")
    func fetching() async throws {
        let document = set(try entry(ada, "a"))
        try await KeySetServer.run(document) { address in
            let configuration = try await ServeConfiguration(
                yaml: "client: {token: {jwks_public_endpoint: \"\(address)/keys\"}}\nchannel: {without_namespace: {}}", file: "test.yaml")
            let tokens = try #require(configuration.realtime?.tokens)
            #expect(try await tokens.connection(token(ada, kid: "a")).user == "42")
            for (path, words) in [("away", "status 302"), ("missing", "status 404"), ("endless", "larger than")] {
                let fetcher = KeySetFetcher(url: "\(address)/\(path)", timeout: .seconds(5))
                let error = await #expect(throws: KeySetFetcher.Failed.self) { try await fetcher.fetch() }
                #expect(error?.description.contains(words) == true)
            }
            for path in ["slow", "drips"] {
                let slow = KeySetFetcher(url: "\(address)/\(path)", timeout: .seconds(1))
                let start = ContinuousClock.now
                await #expect(throws: (any Error).self) { try await slow.fetch() }
                #expect(start.duration(to: .now) < .seconds(5))
            }
        }
    }
}
