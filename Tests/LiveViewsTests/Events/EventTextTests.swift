import LiveViews
import RealtimeProtocol
import Testing

@Suite("The text of an event")
struct EventTextTests {
    enum Suit: String, Codable, CaseIterable { case hearts, spades }
    struct Point: Codable, Hashable {
        var x: Int
        var y: Double?
        var names: [String]
    }
    enum Event: LiveEvent, Hashable {
        case add
        case remove(Int)
        case rename(id: Int, to: String)
        case pair(String, Bool)
        case maybe(Int?)
        case both(first: Int?, second: String?)
        case optionals(Int?, String?)
        case point(Point)
        case points([Point], by: [String: Int])
        case suit(Suit)
        case small(UInt8), large(UInt64), precise(Double), single(Float)
        indirect case nested(Event)
    }

    static let events: [(Event, String)] = [
        (.add, "add"),
        (.remove(4), "remove:4"),
        (.remove(-1), "remove:-1"),
        (.remove(.min), "remove:-9223372036854775808"),
        (.rename(id: 7, to: "a"), #"rename?{"id":7,"to":"a"}"#),
        (.pair("x", true), #"pair:"x",true"#),
        (.pair("\",$:?{}\\\n\u{1}é😀", false), #"pair:"\",$:?{}\\\u000a\u0001é😀",false"#),
        (.maybe(3), "maybe:3"),
        (.maybe(nil), "maybe"),
        (.both(first: nil, second: "b"), #"both?{"second":"b"}"#),
        (.both(first: nil, second: nil), "both"),
        (.optionals(nil, "b"), #"optionals?{"_1":"b"}"#),
        (.optionals(1, nil), "optionals:1"),
        (.point(Point(x: 1, y: nil, names: [])), #"point:{"x":1,"names":[]}"#),
        (.point(Point(x: 1, y: 2.5, names: ["$", "$}"])), #"point:{"x":1,"y":2.5,"names":["$","$}"]}"#),
        (.points([], by: ["a": 1]), #"points?{"_0":[],"by":{"a":1}}"#),
        (.suit(.spades), #"suit:"spades""#),
        (.small(255), "small:255"),
        (.large(.max), "large:18446744073709551615"),
        (.precise(0.1), "precise:0.1"),
        (.precise(-1e300), "precise:-1e+300"),
        (.precise(5), "precise:5.0"),
        (.single(1.5), "single:1.5"),
        (.nested(.rename(id: 1, to: "x")), #"nested:{"rename":{"id":1,"to":"x"}}"#),
    ]

    @Test("is its name and its values, and leads back to it", arguments: events)
    func roundTrip(event: Event, text: String) throws {
        #expect(try EventText.of(event) == text)
        #expect(try EventText.event(text, input: nil) == event)
    }

    enum Raw: String, LiveEvent { case up, down = "go-down", odd = "a:b?{} $" }

    @Test("of an enumeration with raw texts is the raw text", arguments: [(Raw.up, "up"), (.down, "go-down"), (.odd, "a:b?{} $")])
    func raw(event: Raw, text: String) throws {
        #expect(try EventText.of(event) == text)
        #expect(try EventText.event(text, input: nil) == event)
    }

    @Test("with a raw text that there is not is refused")
    func unknownRaw() throws {
        for text in ["left", "down", "up:1", "up ", ""] {
            #expect(throws: EventError.self, "\(text)") { try EventText.event(text, input: nil, as: Raw.self) }
        }
    }

    // MARK: What the browser has

    struct Form: LiveInput, Hashable {
        var name = ""
        var age: Int?
        var weight = 0.5
        var isMember = false
        var tags: [String] = []
        var suit: Suit?
    }
    enum Input: LiveEvent, Hashable {
        case text(String), flag(Bool), number(Int), real(Double), texts([String]), optional(Int?)
        case labelled(id: Int, value: String)
        case second(Int, String)
        case form(Form), keyed(id: Int, Form), fields(FormFields), key(KeyPress), plain
    }

    @Test("has `$` for the browser's value")
    func dollar() throws {
        #expect(try EventText.of(Input.text) == "text:$")
        #expect(try EventText.of(Input.flag) == "flag:$")
        #expect(try EventText.of(Input.texts) == "texts:$")
        #expect(try EventText.of(Input.optional) == "optional:$")
        #expect(try EventText.of { Input.labelled(id: 4, value: $0) } == #"labelled?{"id":4,"value":$}"#)
        #expect(try EventText.of { Input.second(4, $0) } == "second:4,$")
        #expect(try EventText.of(Input.form) == "form:$")
        #expect(try EventText.of { Input.keyed(id: 1, $0) } == #"keyed?{"id":1,"_1":$}"#)
        #expect(throws: EventError.takesNoInput) { try EventText.of { (_: String) in Input.plain } }
    }

    static let inputs: [(String, String, Input)] = [
        ("text:$", #""a""#, .text("a")),
        ("text:$", #""$""#, .text("$")),
        ("flag:$", "true", .flag(true)),
        ("flag:$", #""on""#, .flag(true)),
        ("flag:$", #""""#, .flag(false)),
        ("number:$", #""42""#, .number(42)),
        ("number:$", "42", .number(42)),
        ("real:$", #""2.5""#, .real(2.5)),
        ("real:$", #""2""#, .real(2)),
        ("real:$", "2", .real(2)),
        ("texts:$", #"["a","b"]"#, .texts(["a", "b"])),
        ("texts:$", #""a""#, .texts(["a"])),
        ("optional:$", #""5""#, .optional(5)),
        ("optional:$", #""""#, .optional(nil)),
        ("optional:$", "null", .optional(nil)),
        (#"labelled?{"id":4,"value":$}"#, #""x""#, .labelled(id: 4, value: "x")),
        ("second:4,$", #""x""#, .second(4, "x")),
        ("form:$", #"{"name":"n"}"#, .form(Form(name: "n", weight: 0))),
        (
            "form:$", #"{"name":"n","age":"30","weight":"70.5","isMember":"on","tags":"a","suit":"hearts"}"#,
            .form(Form(name: "n", age: 30, weight: 70.5, isMember: true, tags: ["a"], suit: .hearts))
        ),
        (
            "form:$", #"{"name":"","age":"","weight":"1","tags":["a","b"],"suit":"","_target":"name","_unused":["age"]}"#,
            .form(Form(name: "", age: nil, weight: 1, isMember: false, tags: ["a", "b"], suit: nil))
        ),
        (#"keyed?{"id":1,"_1":$}"#, #"{"name":"n","weight":"2"}"#, .keyed(id: 1, Form(name: "n", weight: 2))),
        ("fields:$", #"{"a":"1","b":["2","3"]}"#, .fields(FormFields(["a": ["1"], "b": ["2", "3"]]))),
        ("key:$", #"{"key":"a","code":"KeyA","ctrl":true}"#, .key(KeyPress(key: "a", code: "KeyA", ctrl: true))),
        ("plain", #""ignored""#, .plain),
    ]

    @Test("takes what a browser says, in which everything is a text", arguments: inputs.filter { $0.1 != #"{"name":"n"}"# })
    func input(text: String, value: String, event: Input) throws {
        #expect(try EventText.event(text, input: json(value)) == event)
    }

    @Test("is refused if the browser's value is missing or of another type")
    func badInputs() throws {
        let bad = [
            ("number:$", #""4x""#), ("number:$", #""""#), ("number:$", "4.5"), ("number:$", "true"), ("number:$", "[4]"),
            ("number:$", #""99999999999999999999""#), ("real:$", #""nan""#), ("real:$", #""inf""#), ("real:$", #""1e999""#),
            ("real:$", "null"),
            ("flag:$", #""maybe""#), ("flag:$", "1"), ("text:$", "4"), ("text:$", "null"), ("text:$", "{}"), ("texts:$", "[4]"),
            ("optional:$", #""x""#), ("form:$", "[]"), ("form:$", #""""#), ("form:$", #"{"name":"n"}"#), ("form:$", #"{"weight":"1"}"#),
            ("form:$", #"{"name":["a","b"],"weight":"1"}"#), ("form:$", #"{"name":"","weight":"1","suit":"clubs"}"#), ("fields:$", "[]"),
            ("fields:$", #"{"a":{"b":"c"}}"#), ("fields:$", #"{"a":1}"#), ("key:$", "{}"), ("key:$", #""a""#),
        ]
        for (text, value) in bad {
            #expect(throws: (any Error).self, "\(text) \(value)") { try EventText.event(text, input: try json(value), as: Input.self) }
        }
        #expect(throws: EventError.badValue("text")) { try EventText.event("text:$", input: nil, as: Input.self) }
    }

    @Test("outside of the browser's value is what it says, and no text is a number")
    func strict() throws {
        for text in [
            #"remove:"4""#, "remove:4.0", "remove:true", "remove:null", #"pair:"x","on""#, #"pair:"x",1"#, #"precise:"1""#,
            #"suit:"clubs""#,
            "small:256", "small:-1", "point:{}", #"point:{"x":1,"names":"a"}"#, "precise:null", "precise:1e999", "single:1e300",
        ] {
            #expect(throws: (any Error).self, "\(text)") { try EventText.event(text, input: nil, as: Event.self) }
        }
    }

    // MARK: What is refused

    @Test(
        "that names no case is refused as unknown", arguments: ["nothing", "nothing:1", "Add", "_0", "add_", "hearts", #"nothing?{"a":1}"#])
    func unknown(text: String) throws {
        let name = String(text.prefix { $0 != ":" && $0 != "?" })
        #expect(throws: EventError.unknown(name)) { try EventText.event(text, input: nil, as: Event.self) }
    }

    @Test("with too many values, or others, is refused")
    func tooMany() throws {
        for text in [
            "add:1", "remove:1,2", #"rename?{"id":1,"to":"a","x":1}"#, #"remove?{"_0":1,"_1":2}"#, #"maybe?{"x":1}"#, "maybe:1,null",
        ] {
            let name = String(text.prefix { $0 != ":" && $0 != "?" })
            #expect(throws: EventError.unknownValues(name), "\(text)") { try EventText.event(text, input: nil, as: Event.self) }
        }
    }

    @Test("with too few values is refused")
    func tooFew() throws {
        for text in ["remove", "remove:", #"pair:"x""#, #"rename?{"id":1}"#, "rename?{}", #"rename:1,"a""#] {
            #expect(throws: EventError.self, "\(text)") { try EventText.event(text, input: nil, as: Event.self) }
        }
    }

    @Test("that is not written as one is refused")
    func syntax() throws {
        let texts = [
            "", ":", "?", "add,", "add ", " add", "add:,", "remove:1,", "remove:,1", "remove:[1", "remove:1]", "remove:1],[2",
            #"remove?{"_0":1"#,
            "remove?1", "remove?[1]", "remove?", "remove?{", "remove:1 2", "remove\u{301}:1", "remove:\u{301}1", "re move:1", "remove.4",
            "$",
            #"pair:"a"#, "remove:0x10", "remove:01", "remove:+1", "remove:.5", "remove:NaN",
        ]
        for text in texts { #expect(throws: (any Error).self, "\(text)") { try EventText.event(text, input: nil, as: Event.self) } }
    }

    @Test("has `$` as its last value alone, not in it")
    func dollarTricks() throws {
        let texts = [
            "text:$,$", "text:$$", "text:-$", "text:[$", "text:[$]", #"text:"$"#, "second:$,$", #"second:$,"a""#,
            #"labelled?{"id":$,"value":"a"}"#,
            #"labelled?{"id":1,"value":$"#, #"labelled?$"#, #"labelled?$}"#, #"labelled?{$}"#, #"labelled?{"id":1,"value":[$}"#,
            #"labelled?{"id":1,"value":{"a":$}"#, #"labelled?{"id":1,"value":{"a":$}}"#, #"labelled?{"id":1,"\"value":$}"#,
            #"labelled?{"id":1,"x":"value":$}"#, #"labelled?{"id":1,"value":"a","value":$}"#, #"labelled?{"id":1,"other":$}"#, "plain:$",
            "$:1", "text$",
        ]
        for text in texts {
            #expect(throws: (any Error).self, "\(text)") { try EventText.event(text, input: json(#""v""#), as: Input.self) }
        }
    }

    @Test("of more than 8 KiB, or too deep, is refused")
    func limits() throws {
        let longest = "pair:\"" + String(repeating: "x", count: 8_193 - 12) + "\",true"
        #expect(longest.utf8.count == 8_193)
        #expect(throws: EventError.tooLong) { try EventText.event(longest, input: nil, as: Event.self) }
        #expect(throws: Never.self) { try EventText.event(longest.replacing("xx\"", with: "x\""), input: nil, as: Event.self) }
        let deep = "nested:" + String(repeating: "{\"nested\":{\"_0\":", count: 100) + "{\"add\":{}}" + String(repeating: "}}", count: 100)
        #expect(throws: EventError.syntax) { try EventText.event(deep, input: nil, as: Event.self) }
        let brackets = "remove:" + String(repeating: "[", count: 8_000)
        #expect(throws: EventError.syntax) { try EventText.event(brackets, input: nil, as: Event.self) }
    }

    @Test("of a type that is no enumeration is not made")
    func notAnEvent() {
        struct Structure: LiveEvent { var x = 1, y = 2 }
        #expect(throws: EventError.notAnEvent) { try EventText.of(Structure()) }
        #expect(throws: (any Error).self) { try EventText.event("x:1", input: nil, as: Structure.self) }
        #expect(throws: (any Error).self) { try EventText.event("x", input: nil, as: Never.self) }
    }

    // MARK: Any event

    private func random(_ random: inout Seeded) -> Event {
        func text() -> String {
            let alphabet = Array("ab\"\\$:?{}[],\n\u{0}\u{7f}é😀 '<&")
            return String((0..<Int.random(in: 0...6, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
        }
        func number() -> Int {
            Bool.random(using: &random) ? Int.random(in: .min ... .max, using: &random) : Int.random(in: -3...3, using: &random)
        }
        func point() -> Point {
            Point(
                x: number(), y: Bool.random(using: &random) ? Double.random(in: -1e9...1e9, using: &random) : nil,
                names: (0..<Int.random(in: 0...3, using: &random)).map { _ in text() })
        }
        switch Int.random(in: 0...10, using: &random) {
        case 0: return .add
        case 1: return .remove(number())
        case 2: return .rename(id: number(), to: text())
        case 3: return .pair(text(), Bool.random(using: &random))
        case 4: return .maybe(Bool.random(using: &random) ? number() : nil)
        case 5: return .optionals(Bool.random(using: &random) ? number() : nil, Bool.random(using: &random) ? text() : nil)
        case 6: return .point(point())
        case 7: return .points([point(), point()], by: [text(): number()])
        case 8: return .precise(Double(bitPattern: UInt64.random(in: 0...0x7fef_ffff_ffff_ffff, using: &random)))
        case 9: return .large(UInt64.random(in: 0 ... .max, using: &random))
        default: return .nested(.suit(Suit.allCases.randomElement(using: &random) ?? .hearts))
        }
    }

    @Test("leads back to any event, and a damaged one to an event or an error")
    func anyEvent() throws {
        var generator = Seeded(state: 11)
        for _ in 0..<2_000 {
            let event = random(&generator)
            let text = try EventText.of(event)
            #expect(try EventText.event(text, input: nil) == event, "\(text)")
            var bytes = Array(text.utf8)
            bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            _ = try? EventText.event(String(decoding: bytes, as: UTF8.self), input: nil, as: Event.self)
        }
    }
}
