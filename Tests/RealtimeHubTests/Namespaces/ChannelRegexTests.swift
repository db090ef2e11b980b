import RealtimeHub
import Testing

@Suite("Regular expressions and patterns for names")
struct ChannelRegexTests {
    @Test("The whole name matches, or it does not")
    func matching() throws {
        // An expression, what matches, what does not.
        let table: [(String, [String], [String])] = [
            ("", [""], ["a"]),
            ("abc", ["abc"], ["", "ab", "abcd", "xabc"]),
            ("^abc$", ["abc"], ["xabc", "abcx"]),
            ("a.c", ["abc", "a.c", "aéc"], ["ac", "abbc"]),
            ("a*", ["", "a", "aaaa"], ["b", "ab"]),
            ("a+b?", ["a", "ab", "aab"], ["", "b", "abb"]),
            ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
            ("a{2}", ["aa"], ["a", "aaa"]),
            ("a{2,}", ["aa", "aaaaaa"], ["a"]),
            ("a{0}", [""], ["a"]),
            ("a+?b*?", ["a", "aab"], [""]),
            ("a|bc|", ["a", "bc", ""], ["b", "abc"]),
            ("(a|b)+c", ["ac", "babac"], ["c", "ab"]),
            ("(?:ab)*", ["", "abab"], ["aba"]),
            ("(a*)*", ["", "aaa"], ["b"]),
            ("(a?){3}", ["", "aaa"], ["aaaa"]),
            ("[a-z0-9_-]+", ["a-b_9", "-"], ["", "A", "a b"]),
            ("[^:]+", ["abc", "日本"], ["a:b", ""]),
            ("[]a]+", ["]a"], ["["]),
            ("[\\d.-]+", ["1.5-2"], ["a"]),
            ("[a\\]]", ["a", "]"], ["\\"]),
            ("\\d{1,3}\\.\\w+", ["12.a_b"], ["12xa", "1234.a"]),
            ("\\$\\(\\)", ["$()"], ["$"]),
            ("\\D\\W\\S", ["a-b"], ["1ab"]),
            ("price\\$", ["price$"], ["price"]),
            ("日本+", ["日本本"], ["日"]),
        ]
        for (pattern, matching, others) in table {
            let regex = try ChannelRegex(pattern)
            for name in matching { #expect(regex.matches(name), "\(pattern) matches \(name)") }
            for name in others { #expect(!regex.matches(name), "\(pattern) does not match \(name)") }
        }
    }

    @Test(
        "What it does not know is an error",
        arguments: [
            "*", "+a", "a**", "a{", "a{,3}", "a{3,2}", "a{1000}", "(", "(a", "a)", "(?=a)", "(?<n>a)", "[", "[a", "[z-a]", "[a-\\d]",
            "[\\D]", "[[a]]",
            "\\", "\\b", "\\p", "\\1", "a^b", "a$b", "{", "a}", "]", "((a{200}){200}){200}", "a{200}{200}",
            String(repeating: "(", count: 20) + String(repeating: ")", count: 20), String(repeating: "a", count: 3000),
        ])
    func errors(pattern: String) {
        #expect(throws: ChannelRegex.SyntaxError.self) { try ChannelRegex(pattern) }
    }

    @Test("An error says where")
    func errorText() {
        let error = #expect(throws: ChannelRegex.SyntaxError.self) { try ChannelRegex("ab[z-a]") }
        #expect(error?.description == "a range ends before it begins, at character 6")
    }

    @Test("No name keeps it busy", .timeLimit(.minutes(1)))
    func linear() throws {
        let name = String(repeating: "a", count: 254) + "!"
        for pattern in ["(a+)+", "(a|a)*", "(a|aa)+", "(.*)*x", "(a*)*b", "(a?){100}a{100}"] {
            #expect(!(try ChannelRegex(pattern).matches(name)))
        }
    }

    @Test("Two that are written alike are equal")
    func equality() throws {
        #expect(try ChannelRegex("a+") == ChannelRegex("a+"))
        #expect(try ChannelRegex("a+") != ChannelRegex("aa*"))
        #expect(Set([try ChannelRegex("a"), try ChannelRegex("a")]).count == 1)
    }

    @Test("Patterns: one star for a part, two for the rest")
    func patterns() throws {
        let table: [(String, [String], [String])] = [
            ("a:*", ["a:b", "a:b-c#1"], ["a:", "a:b:c", "a:b.c", "a:b/c", "b:x", "aa:b"]),
            ("a:*:c", ["a:b:c"], ["a::c", "a:b:d", "a:b:b:c"]),
            ("**", ["a", "a:b"], [""]),
            ("logs/**", ["logs/a", "logs/a/b.c"], ["logs/", "logs"]),
            ("*.*", ["a.b"], ["a", "a.b.c", ".b"]),
            ("plain", ["plain"], ["plain1"]),
            ("a+(b)", ["a+(b)"], ["aab"]),
        ]
        for (text, matching, others) in table {
            let pattern = try ChannelPattern(text)
            for name in matching { #expect(pattern.matches(name), "\(text) matches \(name)") }
            for name in others { #expect(!pattern.matches(name), "\(text) does not match \(name)") }
        }
        #expect(throws: ChannelRegex.SyntaxError.self) { try ChannelPattern("a***") }
        #expect(try ChannelPattern("a:*") == ChannelPattern("a:*"))
    }
}
