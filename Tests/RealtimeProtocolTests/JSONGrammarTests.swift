// RFC 8259, by what a payload may be, and what a hostile one may try (A1, A2).

import NIOCore
import RealtimeProtocol
import Testing
import WebSocketTesting

@Suite("JSON: RFC 8259")
struct JSONGrammarTests {
    private static func compact(_ text: String, maxDepth: Int = 32) throws(Wire.DecodingError) -> String {
        String(buffer: try JSONText.compact(.text(text), maxDepth: maxDepth))
    }

    private static func expectRefused(_ text: String, _ words: String, at location: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: Wire.DecodingError.self, sourceLocation: location) { try compact(text) }
        #expect(error?.rule.contains(words) == true, "\(text.prefix(60)): \(String(describing: error))", sourceLocation: location)
        // The same as the payload of a command.
        #expect(throws: Wire.DecodingError.self, sourceLocation: location) { try commands(#"{"id":1,"send":{"data":"# + text + "}}") }
    }

    static let values = [
        "0", "-0", "7", "-12.50", "1e400", "1E-7", "2.5e+10", "123456789012345678901234567890", "true", "false", "null", #""""#,
        #""a\"\\\/\b\f\n\r\tz""#, #""\u0000\u00e9\uD83D\ude00""#, #""grüße 😀 \#u{7f}""#, "[]", "{}", #"[[],{},"",0]"#,
        #"{"a":{"a":[1,{"b":null}]},"a":2}"#, #"{"":""}"#,
    ]

    @Test("what is JSON is passed on as it was", arguments: values)
    func accepts(text: String) throws {
        #expect(try Self.compact(text) == text)
        let buffer = ByteBuffer(string: text)
        #expect(try JSONText.compact(buffer) == buffer)
        let read = try commands(#"{"send":{"data":"# + text + "}}")
        #expect(read == [Wire.Command(body: .send(Wire.SendRequest(data: buffer)))])
    }

    @Test("whitespace is taken out, of values and not of strings", arguments: values)
    func compacts(text: String) throws {
        var spaced = ""
        var isInString = false, isEscaped = false
        for scalar in text.unicodeScalars {
            let isToken = !isInString && "[]{},:".unicodeScalars.contains(scalar)
            spaced += isToken ? " \t\(scalar)\r\n " : String(scalar)
            if isEscaped {
                isEscaped = false
            } else if isInString, scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isInString.toggle()
            }
        }
        #expect(try Self.compact("\n " + spaced + " \r\n") == text)
        #expect(try Self.compact(" \(text)") == text)
        #expect(try Self.compact("\(text)\n") == text)
        #expect(try JSONText.compact(.text("[\" a \\\" \\\\\" ,\n1]")) == .text("[\" a \\\" \\\\\",1]"))
    }

    @Test("no beginning of a text is read as another", arguments: values)
    func everyPrefix(text: String) {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            let prefix = bytes.prefix(count)
            guard let verdict = try? JSONText.compact(ByteBuffer(bytes: prefix)) else { continue }
            // Only a number can be cut and still be one.
            #expect(prefix.allSatisfy { "-+.eE0123456789".utf8.contains($0) })
            #expect(Array(verdict.readableBytesView) == Array(prefix))
        }
    }

    @Test("numbers: the grammar alone decides (§6)")
    func numbers() {
        for text in ["-", "+1", "01", "-01", "00", "1.", ".5", "1.e5", "1e", "1e+", "--1", "0x1"] { Self.expectRefused(text, "") }
        for text in ["-", "01", "1.", "1e", "1e+", "-a"] { Self.expectRefused(text, "§6") }
        for text in [
            "NaN", "Infinity", "nul", "tru", "True", "'a'", "undefined", "[1,]", "[,1]", "{1:2}", "{,}", #"{"a"}"#, #"{"a":}"#,
            #"{"a":1,}"#, "]", "}",
        ] {
            Self.expectRefused(text, "§2")
        }
    }

    @Test(
        "brackets must be closed by their own kind",
        arguments: ["[}", "{]", #"{"a":1]"#, "[1}", "[[1]", #"{"a":{}"#, "[1 2]", #"{"a" 1}"#, #"{"a":1 "b":2}"#])
    func brackets(text: String) {
        #expect(throws: Wire.DecodingError.self) { try Self.compact(text) }
    }

    @Test("strings: control characters, escapes, an end (§7)")
    func strings() {
        for control in UInt8(0)..<0x20 {
            let text = "\"ab\(Unicode.Scalar(control))cdefghijkl\""
            Self.expectRefused(text, "§7")
        }
        for text in [#""\a""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, #""\'""#] { Self.expectRefused(text, "escape") }
        for text in ["\"", "\"abc", #""abc\""#, "\"abcdefgh"] {
            #expect(throws: Wire.DecodingError.self) { try Self.compact(text) }
        }
    }

    @Test(
        "surrogates come in pairs (§8.2)",
        arguments: [
            #"\ud800"#, #"\udc00"#, #"\ud800x"#, #"\ud800\u0041"#, #"\ud800\ud800"#, #"\udbff\udbff"#, #"\udc00\ud800"#, #"\ud83d\n"#,
        ])
    func surrogates(text: String) {
        Self.expectRefused("\"\(text)\"", "§8.2")
        expectFault(#"{"id":1,"publish":{"channel":""# + text + #""}}"#, "§8.2")
    }

    @Test("text must be UTF-8: every pair of bytes, as the standard library judges", arguments: [0, 7, 8])
    func everyPairOfBytes(before: Int) {
        var wrong: [[UInt8]] = []
        for first in UInt8(0x80)...(.max) {
            for second in UInt8.min...(.max) {
                for rest: [UInt8] in [[], [0x80], [0x80, 0xbf], [0x41, 0x80]] {
                    let text = [UInt8](repeating: 0x61, count: before) + [first, second] + rest
                    if text.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c }) { continue }
                    let isJSON = (try? JSONText.compact(ByteBuffer(bytes: [0x22] + text + [0x22]))) != nil
                    if isJSON != (String(validating: text, as: UTF8.self) != nil) { wrong.append(text) }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("nested as deep as allowed, and no deeper (A1)", arguments: [1, 2, 31, 32, 33, 63, 64])
    func depth(allowed: Int) throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            #expect(try Self.compact(nested(allowed, open, close), maxDepth: allowed) == nested(allowed, open, close))
            let error = #expect(throws: Wire.DecodingError.self) { try Self.compact(nested(allowed + 1, open, close), maxDepth: allowed) }
            #expect(error?.kind == .overLimit)
        }
        // More than 64 is never allowed.
        #expect(throws: Wire.DecodingError.self) { try Self.compact(nested(65, "[", "]"), maxDepth: .max) }
    }

    @Test("a million brackets are refused at the limit", arguments: ["[", #"{"a":"#, "[{\"a\":[", "{", "[[[[]],"])
    func bombs(unit: String) {
        let bomb = String(repeating: unit, count: 1_000_000)
        for text in [
            bomb, #"{"id":1,"publish":{"channel":"a","data":"# + bomb, #"{"unknown":"# + bomb, #"{"subscribe":{"tf":{"nodes":["# + bomb,
        ] {
            let error = #expect(throws: Wire.DecodingError.self) { try commands(text) }
            #expect((error?.offset ?? .max) < 1_000)
        }
        #expect(throws: Wire.DecodingError.self) { try JSONText.compact(.text(bomb)) }
    }

    @Test("one value, and nothing after it")
    func trailing() {
        for text in ["1 1", "{}{}", "[]x", "\"\"\"\"", "1,", "null\u{0}"] {
            #expect(throws: Wire.DecodingError.self) { try Self.compact(text) }
        }
        for text in ["", " ", "\n"] { #expect(throws: Wire.DecodingError.self) { try Self.compact(text) } }
    }

    @Test("text as a string: every character back")
    func string() throws {
        let text = String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init))) + "😀\u{2028}\"\\"
        let string = try #require(JSONText.string(.text(text)))
        let read = try commands(#"{"rpc":{"method":"# + String(buffer: string) + "}}")
        #expect(read == [Wire.Command(body: .rpc(Wire.RPCRequest(method: text)))])
        #expect(JSONText.string(.text("")) == .text("\"\""))
        #expect(JSONText.string(.text("a\nb")) == .text(#""a\nb""#))
        #expect(JSONText.string(.text("\u{1}\u{1f}")) == .text(#""\u0001\u001f""#))
        #expect(JSONText.string(ByteBuffer(bytes: [0xff])) == nil)
        #expect(try JSONText.compact(string) == string)
    }
}
