import PubSub
import Testing

@Suite("Names of channels")
struct ChannelNameRulesTests {
    private func violation(_ name: String, _ rules: ChannelNameRules = ChannelNameRules()) -> ChannelNameRules.Violation? {
        do throws(ChannelNameRules.Violation) {
            try rules.check(name)
            return nil
        } catch {
            return error
        }
    }

    @Test("Printable ASCII up to 255 bytes, by default")
    func defaults() {
        for name in ["a", "news:today", "$private", "chat#1,2", "!~", String(repeating: "x", count: 255)] {
            #expect(violation(name) == nil)
        }
        #expect(violation("") == .isEmpty)
        #expect(violation(String(repeating: "x", count: 256)) == .isTooLong(bytes: 256, limit: 255))
        for name in ["a b", "a\n", "\u{0}", "\u{7F}", "é", "日本"] { #expect(violation(name) == .hasForbiddenCharacter) }
    }

    @Test("All of Unicode but its control characters, if wanted; bytes count")
    func unicode() {
        let rules = ChannelNameRules(maximumBytes: 6, alphabet: .unicode)
        for name in ["é", "日本", "a b", "👩"] { #expect(violation(name, rules) == nil) }
        #expect(violation("日本x", rules) == .isTooLong(bytes: 7, limit: 6))
        for name in ["a\n", "\u{0}", "\u{7F}", "\u{85}"] { #expect(violation(name, rules) == .hasForbiddenCharacter) }
    }
}
