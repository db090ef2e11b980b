import RealtimeHub
import Testing

@testable import Demos

@Suite("What a peer may choose in the chat")
struct ChatValuesTests {
    @Test("a room's name", arguments: ["a", "tea", "team-7", "0", String(repeating: "x", count: 32)])
    func goodRooms(name: String) throws {
        #expect(Self.isRoom(name))
    }

    @Test(
        "not a room's name",
        arguments: [
            "", "-", "-a", "a-", "Tea", "a b", "a/b", "..", "a.b", "a_b", "täa", "a\u{0}", "%41", "a:b", "a#b", "$a",
            String(repeating: "x", count: 33),
        ])
    func badRooms(name: String) {
        #expect(!Self.isRoom(name))
    }

    private static func isRoom(_ name: String) -> Bool {
        Namespaces(named: ChatDemo().namespaces).options(of: "chat:\(name)") != nil
    }

    @Test(
        "a name, its spaces made single",
        arguments: [
            ("Ada", "Ada"), ("  Ada  ", "Ada"), ("Ada \t Lovelace", "Ada Lovelace"), ("Ada\nLovelace", "Ada Lovelace"), ("李雷", "李雷"),
            ("أحمد", "أحمد"), ("O'Brien-Müller", "O'Brien-Müller"), ("👩‍🚀", "👩‍🚀"), ("<b>", "<b>"), ("a\u{200D}b", "a\u{200D}b"),
            (String(repeating: "x", count: 32), String(repeating: "x", count: 32)),
        ])
    func goodNames(text: String, name: String) throws {
        #expect(try ChatName(text).text == name)
    }

    @Test(
        "not a name",
        arguments: [
            "", " ", "\u{3000}", "\n", "\u{200B}", "\u{200D}", "\u{FEFF}", "a\u{202E}b", "a\u{0}b", "a\u{7}b", "a\u{1B}[31m", "\u{2800}",
            "\u{3164}", "\u{E000}", "\u{301}", String(repeating: "x", count: 33), String(repeating: "\u{301}", count: 100),
            "Z" + String(repeating: "\u{301}", count: 32), String(repeating: "x", count: 100_000),
        ])
    func badNames(text: String) {
        #expect(throws: HubRefusal.self) { try ChatName(text) }
    }

    @Test("a text as it is", arguments: ["hi", " hi ", "two\nlines", "\ttab", "<script>alert(1)</script>", "👋🏽", "\u{202E}turned"])
    func goodTexts(text: String) throws {
        #expect(try ChatText(text).text == text)
    }

    @Test("not a text", arguments: ["", " ", "\n\n", "\u{200B}", "a\u{0}", "a\u{7}", "\u{1B}[2J", String(repeating: "x", count: 2_001)])
    func badTexts(text: String) {
        #expect(throws: HubRefusal.self) { try ChatText(text) }
    }

    @Test("the longest text")
    func longestText() throws {
        #expect(try ChatText(String(repeating: "é", count: 2_000)).text.count == 2_000)
    }

    @Test(
        "keys",
        arguments: [("0123456789abcdef", true), ("0123456789abcde", false), ("A_b-0123456789abc", true), ("0123456789abcdé", false)])
    func keys(text: String, isAllowed: Bool) {
        #expect(((try? ChatKey(text)) != nil) == isAllowed)
        #expect(throws: HubRefusal.self) { try ChatKey(String(repeating: "a", count: 65)) }
    }

    @Test("a session's id is always the same, and another one's is another")
    func publicIDs() throws {
        let ids = try (0..<1_000).map { try ChatKey("session-\($0)-of-somebody").publicID }
        #expect(Set(ids).count == 1_000)
        #expect(try ChatKey("session-7-of-somebody").publicID == ids[7])
        #expect(ids.allSatisfy { !$0.contains("session") })
    }

    @Test("a name that is taken gets a number, whatever its case")
    func sameName() throws {
        let ada = try ChatName("Ada")
        #expect(ada.unique(among: []) == ada)
        #expect(ada.unique(among: [try ChatName("ADA")]).text == "Ada 2")
        #expect(ada.unique(among: [try ChatName("Ada"), try ChatName("ada 2")]).text == "Ada 3")
        #expect(ada.unique(among: [try ChatName("Ada 2")]) == ada)
    }

    @Test("a bucket gives its burst, then its rate, and never more than its burst after a pause")
    func bucket() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(burst: 2, perSecond: 4)
        func take(_ count: Int, at time: ContinuousClock.Instant) -> [Bool] { (0..<count).map { _ in bucket.take(at: time) } }
        #expect(take(3, at: start) == [true, true, false])
        #expect(take(2, at: start + .milliseconds(250)) == [true, false])
        let later = start + .seconds(86_400)
        #expect(take(3, at: later) == [true, true, false])
        #expect(take(1, at: start) == [false], "a clock that went back gives nothing")
    }
}
