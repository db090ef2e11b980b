import NIOCore
import Testing

@testable import RealtimeProtocol

/// JSON that is looked into: claims of tokens, calls of the HTTP API.
@Suite("JSON values")
struct JSONValueTests {
    private func value(_ text: String) throws -> JSONValue { try JSONValue(ByteBuffer(string: text)) }

    private func text(_ value: JSONValue?) -> String? { value.map { String(buffer: $0.text) } }

    @Test("the members of an object, each as it was written but for whitespace")
    func members() throws {
        let members = try value("  {\"a\" : 1.50, \"b\\u0063\":[ 1 , {} ],\n\"\": {\"x\":\" \"} } ").members()
        #expect(Set(members.keys) == ["a", "bc", ""])
        #expect(text(members["a"]) == "1.50")
        #expect(text(members["bc"]) == "[1,{}]")
        #expect(text(members[""]) == #"{"x":" "}"#)
        #expect(try members[""]?.members()["x"]?.string() == " ")
        #expect(try value("{}").members().isEmpty)
    }

    @Test("the elements of an array")
    func elements() throws {
        #expect(try value(#"[1,"a",[],{"b":[2]},null]"#).elements().map { text($0) } == ["1", #""a""#, "[]", #"{"b":[2]}"#, "null"])
        #expect(try value("[]").elements().isEmpty)
    }

    @Test(
        "strings with their escapes resolved",
        arguments: [
            (#""""#, ""), (#""a""#, "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""x\u00e9y""#, "xéy"),
            (#""\ud83d\ude00!""#, "😀!"),
            (#""é😀""#, "é😀"), (#""a\n""#, "a\n"), (#""\u0000""#, "\0"),
        ])
    func strings(json: String, expected: String) throws {
        #expect(try value(json).string() == expected)
        #expect(try value("{\(json):\(json)}").members()[expected]?.string() == expected)
    }

    @Test("integers that fit")
    func integers() throws {
        #expect(try value("18446744073709551615").integer(UInt64.self) == .max)
        #expect(try value("-9223372036854775807").integer(Int64.self) == -.max)
        #expect(try value("-9223372036854775808").integer(Int64.self) == .min)
        #expect(throws: Wire.DecodingError.self) { try value("-9223372036854775809").integer(Int64.self) }
        #expect(try value("-1").integer(Int.self) == -1)
        #expect(try value("255").integer(UInt8.self) == 255)
        for (json, _) in [("256", 0), ("-1", 0), ("1.0", 0), ("1e2", 0), (#""1""#, 0), ("true", 0)] {
            #expect(throws: Wire.DecodingError.self) { try value(json).integer(UInt8.self) }
        }
    }

    @Test("booleans and null")
    func literals() throws {
        #expect(try value("true").bool())
        #expect(try !value("false").bool())
        #expect(try value("null").isNull)
        #expect(throws: Wire.DecodingError.self) { try value("1").bool() }
    }

    @Test("a name that is given twice is an error, however it is written", arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#])
    func duplicates(json: String) throws {
        let error = #expect(throws: Wire.DecodingError.self) { try value(json).members() }
        #expect(error?.rule.contains("twice") == true)
    }

    @Test("another type than was asked for", arguments: ["1", #""a""#, "[1]", "null", "true"])
    func otherTypes(json: String) throws {
        #expect(throws: Wire.DecodingError.self) { try value(json).members() }
        if json != "[1]" { #expect(throws: Wire.DecodingError.self) { try value(json).elements() } }
        if json != #""a""# { #expect(throws: Wire.DecodingError.self) { try value(json).string() } }
    }

    @Test(
        "what is no JSON, or nested too deeply, is refused at once",
        arguments: [
            "", " ", "{", "{}{}", #"{"a"}"#, #"{"a":}"#, "[1,]", #""\ud800""#, "01", "nul", #"{"a":{"b":[}}"#,
            String(repeating: "[", count: 33) + String(repeating: "]", count: 33),
        ])
    func refused(json: String) {
        #expect(throws: Wire.DecodingError.self) { try value(json) }
    }
}
