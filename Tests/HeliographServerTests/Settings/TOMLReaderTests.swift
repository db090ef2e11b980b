// TOML 1.0, clause by clause (https://toml.io/en/v1.0.0).

import Testing
import WebSocketTesting
import Yams

@testable import HeliographServer

@Suite("TOML", .timeLimit(.minutes(1)))
struct TOMLReaderTests {
    /// As compact text, with the keys in their order.
    private func read(_ toml: String) throws -> String { text(try TOMLReader.read(toml).node) }

    private func text(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.style == .doubleQuoted ? "'\(scalar.string)'" : scalar.string
        case .sequence(let nodes): "[\(nodes.map(text).joined(separator: ","))]"
        case .mapping(let pairs): "{\(pairs.map { "\($0.key.string ?? "?"):\(text($0.value))" }.joined(separator: ","))}"
        case .alias: "?"
        }
    }

    @Test(
        "values",
        arguments: [
            // Keys
            ("a = 1", "{a:1}"), ("bare_key-1 = 1", "{bare_key-1:1}"), ("1234 = 1", "{1234:1}"), (#""a b" = 1"#, "{a b:1}"),
            ("'a\"b' = 1", "{a\"b:1}"),
            ("a.b.c = 1\na.b.d = 2\na . e = 3", "{a:{b:{c:1,d:2},e:3}}"), ("3.14 = 'pi'", "{3:{14:'pi'}}"), (#""" = 1"#, "{:1}"),
            // Comments, white space, ends of lines
            ("# nothing", "{}"), ("", "{}"), ("a=1#b\r\n\t b\t=\t2  \r\n", "{a:1,b:2}"), ("\u{FEFF}a = 1", "{a:1}"),
            ("a = '#' # b", "{a:'#'}"),
            // Text
            (#"a = "x\t\"\\\u00e9\U0001F600""#, "{a:'x\t\"\\é😀'}"), (#"a = 'C:\x'"#, #"{a:'C:\x'}"#), ("a = ''", "{a:''}"),
            ("a = \"\"\"\nx\ny\"\"\"", "{a:'x\ny'}"), ("a = \"\"\"x \\\n\n   y\"\"\"", "{a:'x y'}"),
            ("a = '''\nx\\n'y''\n'''", "{a:'x\\n'y''\n'}"),
            (#"a = """"x"""""#, #"{a:'"x"'}"#), ("a = '''x'''''", "{a:'x'''}"),
            // Numbers
            ("a = +99", "{a:99}"), ("a = -0", "{a:0}"), ("a = 1_000", "{a:1000}"), ("a = 0xDEAD_beef", "{a:3735928559}"),
            ("a = 0o755", "{a:493}"),
            ("a = 0b1101", "{a:13}"), ("a = 9223372036854775807", "{a:9223372036854775807}"), ("a = 3.14", "{a:3.14}"),
            ("a = -2E-2", "{a:-2e-2}"),
            ("a = 6.626e+34", "{a:6.626e34}"), ("a = [inf, -nan]", "{a:[inf,-nan]}"), ("a = [true, false]", "{a:[true,false]}"),
            // Times
            ("a = 1979-05-27T07:32:00Z", "{a:1979-05-27T07:32:00Z}"),
            ("a = 1979-05-27 07:32:00.5-07:00", "{a:1979-05-27 07:32:00.5-07:00}"),
            ("a = 1979-05-27", "{a:1979-05-27}"), ("a = 07:32:00", "{a:07:32:00}"), ("a = [1979-05-27, 1]", "{a:[1979-05-27,1]}"),
            // Lists
            ("a = []", "{a:[]}"), ("a = [1, [2, 'x'], {b = 3}]", "{a:[1,[2,'x'],{b:3}]}"),
            ("a = [ # one\n 1,\n\n 2, # two\n]", "{a:[1,2]}"),
            // Tables
            ("[a]\nb = 1\n[c]", "{a:{b:1},c:{}}"), ("[a.b.c]\nx = 1\n[a]\ny = 2", "{a:{b:{c:{x:1}},y:2}}"),
            ("[ a . 'b.c' ]", "{a:{b.c:{}}}"),
            ("a = { b = 1, c.d = 2 }", "{a:{b:1,c:{d:2}}}"), ("a = {}", "{a:{}}"), ("a.b = 1\n[c]\na.b = 2", "{a:{b:1},c:{a:{b:2}}}"),
            ("[[a]]\nb = 1\n[a.c]\nd = 2\n[[a]]\n[[a.e]]\n[[a.e]]", "{a:[{b:1,c:{d:2}},{e:[{},{}]}]}"),
            ("[a]\nb.c = 1\n[a.b2]", "{a:{b:{c:1},b2:{}}}"),
        ])
    func values(toml: String, result: String) throws {
        let node = try read(toml)
        #expect(node == result)
    }

    @Test(
        "what is none",
        arguments: [
            // Keys
            "a", "a =", "= 1", "a = 1 b = 2", "a\n= 1", "a b = 1", "a. = 1", ".a = 1", "a..b = 1", "é = 1", "\"\"\"a\"\"\" = 1",
            "a = 1\na = 2",
            "a = 1\na.b = 2", "a.b = 1\na.b.c = 2", "a = 1\n\"a\" = 2",
            // Text
            "a = \"x", "a = 'x", "a = \"x\ny\"", "a = 'x\ny'", #"a = "\x""#, #"a = "\u12""#, #"a = "\uD800""#, #"a = "\U00110000""#,
            "a = \"\u{1}\"",
            "a = \"\u{7F}\"", "a = \"\"\"x\"\"", "a = '''x''''''", "a = x", "# \u{1}", "a = 1 \r b = 2", "a = \"\"\"\\ x\"\"\"",
            // Numbers
            "a = 01", "a = 1__0", "a = _1", "a = 1_", "a = 0xG", "a = +0x1", "a = 0X1", "a = 9223372036854775808", "a = .5", "a = 5.",
            "a = 5.e1", "a = 1e",
            "a = 1.2.3", "a = 1e2e3", "a = --1", "a = True", "a = Inf", "a = 03.14", "a = 1e+_1",
            // Times
            "a = 1979-13-27", "a = 1979-05-32", "a = 79-05-27", "a = 1979-05-27T25:00:00", "a = 07:32", "a = 1979-05-27T",
            "a = 1979-05-27T07:32:00+25:00",
            "a = 1979-05-27T07:32:00.", "a = 1979-05-2707:32:00",
            // Lists and tables
            "a = [1", "a = [1 2]", "a = [,]", "a = [1,,2]", "a = {b = 1", "a = {b = 1,}", "a = {b = 1\n}", "a = {b}", "a = {b = 1, b = 2}",
            "[a", "[a]]", "[[a]",
            "[]", "[a.]", "[a] b = 1", "[a]\n[a]", "[a]\nb = 1\n[a.b]", "a = 1\n[a]", "a = {}\n[a.b]", "a = {b.c = 1}\n[a.b.d]",
            "a.b = 1\n[a]", "a = []\n[[a]]",
            "[a]\n[[a]]", "[[a]]\n[a]", "[a.b.c]\n[a]\nb.d = 1", "[a.b]\n[a]\nb.c = 1", "a = {b = {}}\na.b.c = 1", "a = {b = 1}\na.c = 2",
            "[ [a] ]",
        ])
    func refused(toml: String) {
        #expect(throws: TOMLReader.SyntaxError.self) { try TOMLReader.read(toml) }
    }

    @Test("an error has its line, and so has a value")
    func lines() throws {
        let error = #expect(throws: TOMLReader.SyntaxError.self) { try TOMLReader.read("a = 1\n\nb = '''\n\n'''\r\nc = [\n1,\n x]\n") }
        #expect(error == TOMLReader.SyntaxError(line: 8, text: "x is no value; text must be in quotes"))
        let lines = try TOMLReader.read("# one\n[a]\nb = [\n 1,\n 2]\n[[c]]\nd = 'x'\n").lines
        #expect((lines["a"], lines["a.b"], lines["c[0]"], lines["c[0].d"]) == (2, 3, 6, 7))
    }

    @Test(
        "built to take long or to go deep",
        arguments: [
            "a = " + String(repeating: "[", count: 100_000), "a = " + String(repeating: "{a = ", count: 50_000),
            String(repeating: "a.", count: 50_000) + "a = 1", "[" + String(repeating: "a.", count: 50_000) + "a]",
            "a = {" + String(repeating: "b.", count: 31) + "c = [[[[[[]]]]]]}",
        ])
    func deep(toml: String) {
        #expect(throws: TOMLReader.SyntaxError.self) { try TOMLReader.read(toml) }
    }

    @Test("a file full of tables is read in a moment")
    func large() throws {
        let start = ContinuousClock.now
        let node = try TOMLReader.read(String(repeating: "[[a]]\n", count: 100_000)).node
        #expect(node["a"]?.sequence?.count == 100_000)
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test("whatever is in it, it is read or refused")
    func mutations() {
        var random = SeededRandom(seed: 11)
        let good = "# a\n[a.b]\nc = \"x\\u00e9\" # d\ne = [1, 2.5, {f = '''\ny'''}]\n[[g]]\nh = 1979-05-27 07:32:00Z\ni.j = 0x1F\n"
        for _ in 0..<5_000 {
            var bytes = Array(good.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) { bytes[at] = UInt8.random(in: 0...0x7F, using: &random) } else { bytes.remove(at: at) }
            }
            _ = try? TOMLReader.read(String(decoding: bytes, as: UTF8.self))
        }
    }
}
