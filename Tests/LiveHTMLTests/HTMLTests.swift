import LiveHTML
import Synchronization
import Testing

@Suite("Markup in literals")
struct HTMLTests {
    let less = "<", isOn = true, newline = "\na"

    @Test("a literal is markup, in an interpolation too; a value is text")
    func text() {
        let controls = "\r\u{0}"
        let name = "<Ann & 'Bob'>\""
        #expect(plain("<p>Hello</p>") == "<p>Hello</p>")
        #expect(plain("<p>\(name)!</p>") == "<p>&lt;Ann &amp; &#39;Bob&#39;&gt;&quot;!</p>")
        #expect(plain("\(name.count)\(-3)\(2.5)\(true)\(UInt8(7))\(Character("x"))") == "14-32.5true7x")
        #expect(plain("") == "")
        #expect(plain(HTML()) == "")
        #expect(plain("a\("b")c") == "abc")
        #expect(plain("<p>\(controls)\("<b>x</b>")</p>") == "<p>&#13;\u{fffd}<b>x</b></p>")
    }

    @Test("an optional is nothing without a value")
    func optional() {
        let none: String? = nil, some: String? = "<x>", number: Int? = 4, missing: Int? = nil, double: Double? = 0.5
        #expect(plain("<p>\(none)|\(some)|\(number)|\(missing)|\(double)</p>") == "<p>|&lt;x&gt;|4||0.5</p>")
    }

    @Test("markup in markup, under a condition or not")
    func nested() {
        let inner: HTML = "<b>\(less)</b>", missing: HTML? = nil
        #expect(plain("<p>\(inner)\(missing)</p>") == "<p><b>&lt;</b></p>")
        #expect(plain("<p>\(isOn ? "<b>yes</b>" : nil)\(isOn ? nil : "<b>no</b>")</p>") == "<p><b>yes</b></p>")
        #expect(plain("<p>\(if: isOn, "<b>yes</b>", else: "<b>no</b>")\(if: !isOn, "<i></i>")</p>") == "<p><b>yes</b></p>")
    }

    @Test("what is not wanted is not made")
    func lazy() {
        func fail() -> HTML {
            Issue.record("was made")
            return ""
        }
        #expect(plain("\(if: false, fail(), else: "x")\(if: true, "y", else: fail())") == "xy")
    }

    @Test("a component is its body")
    func component() {
        struct Badge: HTMLComponent {
            let count: Int
            var body: HTML { "<b>\(count)</b>" }
        }
        #expect(plain("<p>\(Badge(count: 3))</p>") == "<p><b>3</b></p>")
    }

    @Test("lists")
    func lists() {
        struct Person: Identifiable, Sendable { let id: String, name: String }
        let people = [Person(id: "a", name: "Ann"), Person(id: "b", name: "<Bob>")]
        #expect(plain("<ul>\(each: people, { "<li>\($0.name)</li>" })</ul>") == "<ul><li>Ann</li><li>&lt;Bob&gt;</li></ul>")
        #expect(plain("<ul>\(each: people, key: \.name, { "<li>\($0.id)</li>" })</ul>") == "<ul><li>a</li><li>b</li></ul>")
        #expect(plain("<ul>\(each: 1...3, key: { $0 }, { "<li>\($0)</li>" })</ul>") == "<ul><li>1</li><li>2</li><li>3</li></ul>")
        #expect(plain("<ul>\(people.map { "<li>\($0.id)</li>" })</ul>") == "<ul><li>a</li><li>b</li></ul>")
    }

    @Test("a row that somebody keeps stays what it is, though rows take turns in using the same memory")
    func kept() {
        let names = (0..<10).map { "person number \($0)" }
        let rows = Mutex<[HTML]>([])
        @Sendable func row(_ name: String) -> HTML {
            let row: HTML = "<li>\(name)<b>\(name.count)</b></li>"
            if name.hasSuffix("3") { rows.withLock { $0.append(row) } }
            return row
        }
        let list: HTML = "\(each: names, key: \.self, { row($0) })"
        let expected = names.map { "<li>\($0)<b>15</b></li>" }
        #expect(plain(list) == expected.joined())
        #expect(plain(list) == expected.joined())
        #expect(rows.withLock { $0 }.map { plain($0) } == [expected[3], expected[3]])
    }

    @Test("rows of many sizes, with others in them, don't get into each other's way")
    func sizes() {
        @Sendable func row(_ number: Int) -> HTML {
            if number.isMultiple(of: 3) { return "<p>\(number)</p>" }
            let many = (0..<number * 10).map { "\($0)" }
            return "<div>\(number) \(each: many, key: \.self, { "<i>\($0)</i>" }) \("<b>\(number)</b>" as HTML)</div>"
        }
        for _ in 0..<2 {
            #expect(plain("\(each: 0..<8, key: { $0 }, { row($0) })") == (0..<8).map { plain(row($0)) }.joined())
        }
    }

    @Test("raw markup is what it is")
    func raw() {
        #expect(plain("<p>\(unsafeRaw: "<b>x</b>")</p>") == "<p><b>x</b></p>")
        #expect(plain("<p>\(HTML(unsafeRaw: "<b>x</b>"))</p>") == "<p><b>x</b></p>")
    }

    @Test("attributes: in quotes, whole, and markup that is meant as a text")
    func attributes() {
        let tip: String? = "a\"b", none: String? = nil, number: Int? = 5
        #expect(plain("<p class=\"a \("\"<") b\" id='\("'")'></p>") == "<p class=\"a &quot;&lt; b\" id='&#39;'></p>")
        #expect(plain("<p class=\"\(isOn ? "on" : "off") \(isOn ? "a & \(1)" : nil)\"></p>") == "<p class=\"on a &amp; 1\"></p>")
        #expect(plain("<input disabled=\(isOn) checked=\(!isOn)>") == "<input disabled>")
        #expect(plain("<p title=\(tip) lang=\(none) tabindex=\(number)>x</p>") == "<p title=\"a&quot;b\" tabindex=\"5\">x</p>")
        #expect(plain("<p aria-hidden=\"\(isOn)\" data-n=\"\(3)\"></p>") == "<p aria-hidden=\"true\" data-n=\"3\"></p>")
    }

    @Test("the text of elements that contain nothing else")
    func elementText() {
        #expect(plain("<title>Inbox (\(3)) \("</title>")</title>") == "<title>Inbox (3) &lt;/title&gt;</title>")
        #expect(plain("<textarea>\(less)\(isOn ? "x" : "y")</textarea>") == "<textarea>&lt;x</textarea>")
    }

    @Test("a newline that a browser would swallow is there twice")
    func newlines() {
        #expect(plain("<pre>\(newline)</pre><pre>x\(newline)</pre>") == "<pre>\n\na</pre><pre>x\na</pre>")
        #expect(plain("<textarea>\(newline)</textarea>") == "<textarea>\n\na</textarea>")
        #expect(plain("<p>\(newline)</p>") == "<p>\na</p>")
        // The author's own is swallowed here, so that what is sent is what the page shows.
        #expect(plain("<pre>\n\(newline)</pre>") == "<pre>\n\na</pre>")
        #expect(plain("<pre>\(isOn ? "\nb" : nil)</pre>") == "<pre>\n\nb</pre>")
    }

    @Test("comments are left out, the document type is not")
    func comments() {
        #expect(plain("<!doctype html><p>a<!-- <b> \" -->b<!-->c<!--->d<!--x--!>e</p>") == "<!DOCTYPE html><p>abcde</p>")
    }

    @Test("markers stand where a client could not find a value")
    func markers() throws {
        func painted(_ html: HTML) throws -> String { try html.painted(with: TemplateCache()) }
        #expect(try painted("<p>\(1)</p>") == "<p>1</p>")
        #expect(try painted("<p>a\(1)b\(2)</p>") == "<p>a<!--[-->1<!--]-->b<!--[-->2<!--]--></p>")
        #expect(try painted("<p> \(1)</p>") == "<p> <!--[-->1<!--]--></p>")
        #expect(try painted("\(1)") == "<!--[-->1<!--]-->")
        #expect(try painted("<p><br>\(1)</p>") == "<p><br><!--[-->1<!--]--></p>")
        #expect(try painted("<p>\(isOn ? "<b>x</b>" : nil)</p><i>\(nil as HTML?)</i>") == "<p><b>x</b></p><i></i>")
        #expect(try painted("<ul>\(each: [1, 2], key: { $0 }, { "<li>\($0)</li>" })</ul>") == "<ul><li>1</li><li>2</li></ul>")
        #expect(
            try painted("<p>\(each: [1, 2], key: { $0 }, { $0 == 1 ? "<b>1</b>" : "two" })</p>") == "<p><b>1</b><!--[-->two<!--]--></p>")
        #expect(try painted("<title>a\(1)</title><p class=\"b\(2)\"></p>") == "<title>a1</title><p class=\"b2\"></p>")
    }

    @Test("another view is painted by who has it")
    func views() throws {
        let cache = TemplateCache()
        let page: HTML = "<main>\(view: 3)</main>\(view: 0)"
        #expect(
            try page.painted(with: cache, view: { number throws(TemplateError) in "<p>\(number)</p>" })
                == "<main><p>3</p></main><!--[--><!--]-->")
        #expect(try page.painted(with: cache) == "<main></main><!--[--><!--]-->")
    }

    @Test("markup without end is refused")
    func depth() {
        func nest(_ depth: Int) -> HTML { depth == 0 ? "x" : "<b>\(nest(depth - 1))</b>" }
        #expect(plain(nest(150)).count == 150 * 7 + 1)
        refuse(nest(250), .depth)
        #expect(throws: TemplateError.self) {
            var view = RenderedView(cache: TemplateCache())
            _ = try view.update(nest(250))
        }
    }

    @Test("interpolations of other modules are put together from these")
    func extended() throws {
        #expect(plain("<button \(on: "click", "a\"b")>x</button>") == "<button live-click=\"a&quot;b\">x</button>")
    }
}

extension HTML.StringInterpolation {
    mutating func appendInterpolation(on event: String, _ payload: String) {
        appendLiteral("live-click")
        appendLiteral("=\"")
        appendInterpolation(payload)
        appendLiteral("\"")
    }
}
