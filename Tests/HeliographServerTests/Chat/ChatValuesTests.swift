import Testing

@testable import HeliographServer

@Suite("What a peer may choose in the chat")
struct ChatValuesTests {
    @Test("a room's name", arguments: ["a", "tea", "team-7", "0", String(repeating: "x", count: 32)])
    func goodRooms(name: String) {
        #expect(RoomName(name)?.value == name)
    }

    @Test(
        "not a room's name",
        arguments: [
            "", "-", "-a", "a-", "Tea", "a b", "a/b", "..", "a.b", "a_b", "täa", "a\u{0}", "%41", String(repeating: "x", count: 33),
        ])
    func badRooms(name: String) {
        #expect(RoomName(name) == nil)
    }

    @Test(
        "a name, its spaces made single",
        arguments: [
            ("Ada", "Ada"), ("  Ada  ", "Ada"), ("Ada \t Lovelace", "Ada Lovelace"), ("Ada\nLovelace", "Ada Lovelace"), ("李雷", "李雷"),
            ("أحمد", "أحمد"), ("O'Brien-Müller", "O'Brien-Müller"), ("👩‍🚀", "👩‍🚀"), ("<b>", "<b>"), ("a\u{200D}b", "a\u{200D}b"),
            (String(repeating: "x", count: 32), String(repeating: "x", count: 32)),
        ])
    func goodNames(text: String, name: String) throws {
        #expect(try ChatName(text, limits: ChatLimits()).value == name)
    }

    @Test(
        "not a name",
        arguments: [
            "", " ", "\u{3000}", "\n", "\u{200B}", "\u{200D}", "\u{FEFF}", "a\u{202E}b", "a\u{0}b", "a\u{7}b", "a\u{1B}[31m", "\u{2800}",
            "\u{3164}", "\u{E000}", "\u{301}", String(repeating: "x", count: 33), String(repeating: "\u{301}", count: 100),
            "Z" + String(repeating: "\u{301}", count: 32), String(repeating: "x", count: 100_000),
        ])
    func badNames(text: String) {
        #expect(throws: ChatRefusal.self) { try ChatName(text, limits: ChatLimits()) }
    }

    @Test("a text as it is", arguments: ["hi", " hi ", "two\nlines", "\ttab", "<script>alert(1)</script>", "👋🏽", "\u{202E}turned"])
    func goodTexts(text: String) throws {
        #expect(try ChatText(text, limits: ChatLimits()).value == text)
    }

    @Test("not a text", arguments: ["", " ", "\n\n", "\u{200B}", "a\u{0}", "a\u{7}", "\u{1B}[2J", String(repeating: "x", count: 2_001)])
    func badTexts(text: String) {
        #expect(throws: ChatRefusal.self) { try ChatText(text, limits: ChatLimits()) }
    }

    @Test("the longest text")
    func longestText() throws {
        #expect(try ChatText(String(repeating: "é", count: 2_000), limits: ChatLimits()).value.count == 2_000)
    }

    @Test(
        "keys",
        arguments: [("0123456789abcdef", true), ("0123456789abcde", false), ("A_b-0123456789abc", true), ("0123456789abcdé", false)])
    func keys(text: String, isAllowed: Bool) {
        #expect((ClientKey(text) != nil) == isAllowed)
        #expect(ClientKey(String(repeating: "a", count: 65)) == nil)
    }

    @Test("a bucket gives its burst, then its rate, and never more than its burst after a pause")
    func bucket() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(burst: 2, perSecond: 4)
        #expect(bucket.take(at: start) == nil)
        #expect(bucket.take(at: start) == nil)
        #expect(bucket.take(at: start) == .milliseconds(250))
        #expect(bucket.take(at: start + .milliseconds(250)) == nil)
        #expect(bucket.take(at: start + .milliseconds(250)) != nil)
        let later = start + .seconds(86_400)
        #expect(bucket.take(at: later) == nil)
        #expect(bucket.take(at: later) == nil)
        #expect(bucket.take(at: later) != nil)
        #expect(bucket.take(at: start) != nil, "a clock that went back gives nothing")
    }
}
