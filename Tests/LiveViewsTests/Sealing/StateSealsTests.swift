import FoundationEssentials
import LiveViews
import Testing

@Suite("Seals")
struct StateSealsTests {
    let content = StateSeals.Content(
        view: "App.Counter#0", session: "abc", user: "ann", url: "/a?b=ü", issued: 1_000_000, state: Array("{\"count\":1}".utf8))

    private func secret(_ text: String) throws -> StateSeals.Secret { try #require(StateSeals.Secret(text)) }
    private func bytes(_ seal: String) throws -> [UInt8] {
        var base64 = seal.replacing("-", with: "+").replacing("_", with: "/")
        while base64.utf8.count % 4 != 0 { base64 += "=" }
        return Array(try #require(Data(base64Encoded: base64)))
    }
    private func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    @Test("lead back to what was sealed, and show nothing of it")
    func roundTrip() throws {
        let seals = StateSeals()
        let seal = try seals.seal(content)
        #expect(try seals.open(seal, now: 1_000_000) == content)
        #expect(
            seal.utf8.allSatisfy {
                $0 == 0x2d || $0 == 0x5f || (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
            })
        #expect(String(decoding: try bytes(seal), as: UTF8.self).contains("count") == false)
    }

    @Test("of views without a state, with an empty one, with empty texts")
    func edges() throws {
        let seals = StateSeals()
        for state in [nil, [], [0], Array(repeating: 7, count: 20_000)] as [[UInt8]?] {
            for url in ["", "/", String(repeating: "é", count: 2_000)] {
                let content = StateSeals.Content(view: "", session: "", user: "", url: url, issued: 5, state: state)
                #expect(try seals.open(try seals.seal(content), now: 5) == content)
            }
        }
    }

    @Test("with one byte changed, any, are not accepted")
    func flipped() throws {
        let seals = StateSeals()
        let good = try bytes(try seals.seal(content))
        for index in good.indices {
            for bit: UInt8 in [1, 0x80] {
                var bad = good
                bad[index] ^= bit
                let isSecretName = (1...4).contains(index)
                #expect(throws: isSecretName ? StateSeals.Fault.unknownSecret : .forged, "\(index)") {
                    try seals.open(text(bad), now: 1_000_000)
                }
            }
        }
    }

    @Test("that are cut off, longer, or no seals at all are not accepted")
    func truncated() throws {
        let seals = StateSeals()
        let seal = try seals.seal(content)
        let good = try bytes(seal)
        for count in 0..<good.count {
            #expect(throws: StateSeals.Fault.self, "\(count)") { try seals.open(text(Array(good[..<count])), now: 1_000_000) }
        }
        let others = [
            text(good + [0]), seal + "=", seal + "A", " " + seal, seal + "\n", seal.replacing("-", with: "+"), "é",
            String(repeating: "A", count: 100),
            String(repeating: "A", count: 70_000), String(repeating: "%", count: 100),
        ]
        for other in others where other != seal {
            #expect(throws: StateSeals.Fault.self, "\(other.prefix(40))") { try seals.open(other, now: 1_000_000) }
        }
    }

    @Test("of another secret are not known")
    func otherSecret() throws {
        let seal = try StateSeals(secret: try secret("one secret of many")).seal(content)
        #expect(throws: StateSeals.Fault.unknownSecret) {
            try StateSeals(secret: try secret("another secret of many")).open(seal, now: 1_000_000)
        }
        #expect(throws: StateSeals.Fault.unknownSecret) { try StateSeals().open(seal, now: 1_000_000) }
        #expect(StateSeals.Secret("fifteen bytes..") == nil)
        #expect(StateSeals.Secret("sixteen bytes...") != nil)
    }

    @Test("of an older secret are accepted, and no more made")
    func rotation() throws {
        let old = try secret("the older secret of two"), new = try secret("the newer secret of two")
        let before = StateSeals(secret: old), after = StateSeals(secret: new, older: [old])
        #expect(try after.open(try before.seal(content), now: 1_000_000) == content)
        #expect(throws: StateSeals.Fault.unknownSecret) { try before.open(try after.seal(content), now: 1_000_000) }
        #expect(throws: StateSeals.Fault.unknownSecret) { try StateSeals(secret: new).open(try before.seal(content), now: 1_000_000) }
    }

    @Test("are made and opened by all processes with the secret")
    func processes() throws {
        let one = StateSeals(secret: try secret("the secret of all processes")),
            two = StateSeals(secret: try secret("the secret of all processes"))
        #expect(try two.open(try one.seal(content), now: 1_000_000) == content)
        #expect(try one.open(try two.seal(content), now: 1_000_000) == content)
    }

    @Test("expire, and may come from a clock that is a little ahead")
    func expired() throws {
        let seals = StateSeals(lifetime: .seconds(10))
        let seal = try seals.seal(content)
        #expect(try seals.open(seal, now: 1_010_000) == content)
        #expect(throws: StateSeals.Fault.expired) { try seals.open(seal, now: 1_010_001) }
        #expect(try seals.open(seal, now: 940_000) == content)
        #expect(throws: StateSeals.Fault.expired) { try seals.open(seal, now: 939_999) }
        for now in [Int64.min, .max] { #expect(throws: StateSeals.Fault.self) { try seals.open(seal, now: now) } }
    }

    @Test("never have the same nonce with the same key")
    func nonces() async throws {
        let secret = try secret("the secret of all processes")
        let all = [StateSeals(secret: secret), StateSeals(secret: secret), StateSeals(secret: secret)]
        let seals = await withTaskGroup(of: [String].self) { group in
            for maker in all {
                for _ in 0..<4 { group.addTask { (0..<250).compactMap { _ in try? maker.seal(content) } } }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(seals.count == 3_000)
        // Version, secret, salt, counter.
        #expect(Set(try seals.map { try bytes($0)[..<29] }).count == 3_000)
    }
}
