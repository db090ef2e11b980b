import Testing

@testable import heliograph

@Suite("JSON laid out (RFC 8259)")
struct JSONPrettyPrinterTests {
    @Test(
        "containers on lines of their own",
        arguments: [
            (#"{}"#, "{}"), (#"[]"#, "[]"), (" { } ", "{}"), ("[[],{}]", "[\n  [],\n  {}\n]"),
            (#"{"a":1,"b":[true,false,null]}"#, "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    false,\n    null\n  ]\n}"),
            (" [ 1 , 2 ]\r\n", "[\n  1,\n  2\n]"),
            (#"{"a":{"b":{}}}"#, "{\n  \"a\": {\n    \"b\": {}\n  }\n}"),
        ])
    func layout(text: String, laidOut: String) {
        #expect(JSONPrettyPrinter.format(text.utf8) == laidOut)
    }

    @Test(
        "numbers, keys and escapes stay as they were written",
        arguments: [
            "1.0", "-0", "1e400", "1E+2", "0.10000000000000000000000001", "123456789012345678901234567890", #""\u00e9\/\n""#, #""é👍""#,
            #""""#,
        ])
    func verbatim(token: String) {
        #expect(JSONPrettyPrinter.format("[\(token)]".utf8) == "[\n  \(token)\n]")
    }

    @Test("keys keep their order and their repetitions")
    func keys() {
        #expect(JSONPrettyPrinter.format(#"{"b":1,"a":2,"b":3}"#.utf8) == "{\n  \"b\": 1,\n  \"a\": 2,\n  \"b\": 3\n}")
    }

    @Test(
        "what is not JSON, or needs no layout, is left alone",
        arguments: [
            "", " ", "hello", "1", "\"a\"", "null", "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
            "{\"a\":1,}", "{a:1}", "{1:2}",
            "[01]", "[+1]", "[1.]", "[.5]", "[1e]", "[-]", "[1e+]", "[0x1]", "[tru]", "[True]", "[nul]", "[NaN]", "['a']", "[\"a]",
            "[\"\\x\"]", "[\"\\u12\"]",
            "[\"\\u12g4\"]", "[\"a\nb\"]", "[]]", "[] []", "{}x", "[1}", "{\"a\":1]", "/* */[]", "[1]//",
        ])
    func notJSON(text: String) {
        #expect(JSONPrettyPrinter.format(text.utf8) == nil)
    }

    @Test("nesting has a limit, and does not exhaust the stack")
    func depth() {
        let deep =
            String(repeating: "[", count: JSONPrettyPrinter.maxDepth) + "1" + String(repeating: "]", count: JSONPrettyPrinter.maxDepth)
        #expect(JSONPrettyPrinter.format(deep.utf8) != nil)
        #expect(JSONPrettyPrinter.format("[\(deep)]".utf8) == nil)
        #expect(JSONPrettyPrinter.format(String(repeating: "[", count: 1_000_000).utf8) == nil)
        #expect(JSONPrettyPrinter.format(String(repeating: "{\"a\":", count: 1_000_000).utf8) == nil)
    }

    @Test("every prefix of a document is refused without a trap")
    func prefixes() {
        let document = Array(#"{"a": [1.5e-3, "x\u00e9\"", true, {}, []], "b": null}"#.utf8)
        for length in 0..<document.count { #expect(JSONPrettyPrinter.format(document[..<length]) == nil) }
        #expect(JSONPrettyPrinter.format(document) != nil)
    }

    @Test("colours are put around tokens; text of others gets no control characters through")
    func colours() {
        #expect(JSONPrettyPrinter.format(#"{"a":1}"#.utf8, isColored: true) == "{\n  \u{1B}[36m\"a\"\u{1B}[0m: \u{1B}[33m1\u{1B}[0m\n}")
        #expect(JSONPrettyPrinter.format("[\"\u{9B}31m\"]".utf8) == "[\n  \"\\u{9b}31m\"\n]")
    }
}
