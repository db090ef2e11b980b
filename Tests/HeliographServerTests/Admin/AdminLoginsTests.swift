import Synchronization
import Testing
import WebSocketHummingbird

@testable import HeliographServer

@Suite("Admin logins")
struct AdminLoginsTests {
    /// Milliseconds that a test moves.
    final class Clock: Sendable {
        private let time = Mutex<Int64>(1_000_000)
        var now: Int64 { time.withLock { $0 } }
        func advance(_ seconds: Int64) { time.withLock { $0 += seconds * 1_000 } }
    }

    let clock = Clock()

    private func logins(secret: String? = nil, password: String = "correct horse battery") -> AdminLogins {
        AdminLogins(secret: secret, password: password) { [clock] in clock.now }
    }

    @Test(
        "A password is right or wrong as a whole",
        arguments: ["", "correct horse batter", "correct horse battery ", "Correct horse battery", String(repeating: "a", count: 5_000)])
    func password(_ guess: String) throws {
        let password = try AdminPassword("correct horse battery")
        #expect(password.isEqual(to: "correct horse battery"))
        #expect(!password.isEqual(to: guess))
    }

    @Test(
        "A password that can be guessed is none, and the error does not tell it",
        arguments: ["", "secret", "elevenbytes", String(repeating: "a", count: 1_025)])
    func shortPassword(_ text: String) {
        let error = #expect(throws: ServeError.self) { try AdminPassword(text) }
        #expect(text.isEmpty || error?.description.contains(text) == false)
    }

    @Test("A cookie says who is logged in, for eight hours")
    func expiry() throws {
        let logins = logins()
        let login = logins.begin()
        let cookie = try #require(logins.cookie(of: login))
        #expect(logins.login(cookie: cookie) == login)
        clock.advance(8 * 3_600 - 1)
        #expect(logins.login(cookie: cookie) == login)
        clock.advance(1)
        #expect(logins.login(cookie: cookie) == nil)
        #expect(!logins.isCurrent(login))
    }

    @Test("Each byte of a cookie counts, and what is none is nobody's")
    func forgery() throws {
        let logins = logins()
        let cookie = try #require(logins.cookie(of: logins.begin()))
        for index in cookie.indices {
            var forged = cookie
            forged.replaceSubrange(index...index, with: cookie[index] == "A" ? "B" : "A")
            #expect(logins.login(cookie: forged) == nil)
        }
        for end in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" where end != cookie.last {
            #expect(logins.login(cookie: cookie.dropLast() + String(end)) == nil, "bits that mean nothing")
        }
        for text in ["", "A", "AAAA", String(repeating: "A", count: 10_000), cookie + "A", String(cookie.dropLast(4)), "ä"] {
            #expect(logins.login(cookie: text) == nil)
        }
    }

    @Test("Who has the secret and the password accepts each other's logins; with another password, or without a secret, nobody does")
    func keys() throws {
        let secret = "sixteen bytes or more"
        let one = logins(secret: secret)
        let cookie = try #require(one.cookie(of: one.begin()))
        #expect(logins(secret: secret).login(cookie: cookie) != nil)
        #expect(logins(secret: secret, password: "another password").login(cookie: cookie) == nil)
        #expect(logins(secret: "another sixteen bytes").login(cookie: cookie) == nil)
        #expect(logins().login(cookie: try #require(logins().cookie(of: logins().begin()))) == nil)
    }

    @Test("A login that was ended is over, and no other is")
    func end() throws {
        let logins = logins()
        let (one, other) = (logins.begin(), logins.begin())
        let cookie = try #require(logins.cookie(of: one))
        logins.end(one)
        #expect(logins.login(cookie: cookie) == nil)
        #expect(!logins.isCurrent(one))
        #expect(logins.isCurrent(other))
    }

    @Test("So many that are ended that they can't all be remembered end all others, too; who logs in then is logged in")
    func manyEnds() {
        let logins = logins()
        let early = logins.begin()
        for _ in 0..<1_001 { logins.end(logins.begin()) }
        #expect(!logins.isCurrent(early))
        clock.advance(1)
        #expect(logins.isCurrent(logins.begin()))
    }

    @Test("A form's token belongs to its browser")
    func formTokens() {
        let logins = logins()
        let token = logins.formToken(for: "browser")
        #expect(logins.isFormToken(token, for: "browser"))
        #expect(!logins.isFormToken(token, for: "another"))
        #expect(!logins.isFormToken("", for: "browser"))
        #expect(!logins.isFormToken(logins.formToken(for: ""), for: ""))
        #expect(!self.logins().isFormToken(token, for: "browser"))
    }
}

@Suite("Guesses of the admin password")
struct GuessLimiterTests {
    let peer = PeerAddress.ipv4(1)
    let start = ContinuousClock.now

    @Test("Five are free; from then on each costs twice the time of the one before, up to a quarter of an hour")
    func growth() {
        var limiter = GuessLimiter()
        for _ in 0..<5 { #expect(limiter.guess(peer, now: start) == nil) }
        var now = start
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            #expect(limiter.guess(peer, now: now) == .seconds(seconds))
            #expect(limiter.guess(peer, now: now + .seconds(seconds) - .milliseconds(1)) == .milliseconds(1))
            now += .seconds(seconds)
            #expect(limiter.guess(peer, now: now) == nil)
        }
    }

    @Test("Other addresses do not wait; a right guess, and an hour without any, are a new beginning")
    func forgiveness() {
        var limiter = GuessLimiter()
        for _ in 0..<5 { _ = limiter.guess(peer, now: start) }
        #expect(limiter.guess(peer, now: start) != nil)
        #expect(limiter.guess(.ipv4(2), now: start) == nil)
        limiter.succeeded(peer)
        for _ in 0..<5 { #expect(limiter.guess(peer, now: start) == nil) }
        #expect(limiter.guess(peer, now: start) != nil)
        let later = start + .seconds(3_601)
        for _ in 0..<5 { #expect(limiter.guess(peer, now: later) == nil) }
    }

    @Test("What is remembered is bounded, and those who guessed last are remembered")
    func memory() {
        var limiter = GuessLimiter(maxPeers: 100)
        for _ in 0..<5 { _ = limiter.guess(peer, now: start + .seconds(1)) }
        for number in 2..<5_000 { _ = limiter.guess(.ipv4(UInt32(number)), now: start) }
        #expect(limiter.count == 100)
        #expect(limiter.guess(peer, now: start + .seconds(1)) != nil)
        _ = limiter.guess(.ipv6(1), now: start + .seconds(4_000))
        #expect(limiter.count == 1)
    }
}
