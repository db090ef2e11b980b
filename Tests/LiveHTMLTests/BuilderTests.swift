import LiveHTML
import Testing

@Suite("Markup from statements")
struct BuilderTests {
    @Test("texts, numbers, markup and components")
    func expressions() {
        struct Badge: HTMLComponent {
            let count: Int
            var body: HTML { Tag.b(.class("badge")) { count } }
        }
        let html = Tag.p {
            "Tom & <Jerry>"
            3
            "<i>x</i>" as HTML
            nil as HTML?
            Badge(count: 4)
        }
        #expect(plain(html) == "<p>Tom &amp; &lt;Jerry&gt;3<i>x</i><b class=\"badge\">4</b></p>")
        #expect(plain(Tag.p()) == "<p></p>")
        #expect(plain(Tag("my-element") { "x" }) == "<my-element>x</my-element>")
        #expect(
            plain(
                HTML {
                    "a"; VoidTag.br(); "b"
                }) == "a<br>b")
    }

    @Test("attributes")
    func attributes() {
        let tip: String? = nil
        let html = VoidTag.input(
            .id("a\"b"), .type("text"), .name("n"), .value("v"), .title("t"), .attribute("lang", tip), .attribute("dir", "ltr"),
            .flag("disabled"),
            .flag("checked", false), .values("style", "width: \(3)%; color: \("url(x)" as String)"))
        #expect(
            plain(html)
                == "<input id=\"a&quot;b\" type=\"text\" name=\"n\" value=\"v\" title=\"t\" dir=\"ltr\" disabled style=\"width: 3%; color: blocked\">"
        )
        #expect(plain(Tag.a(.href("javascript:x"), .class("c")) { "x" }) == "<a href=\"about:invalid#blocked\" class=\"c\">x</a>")
        refuse(Tag.p(.attribute("onclick", "x")), .eventHandler)
        refuse(Tag("script") { "x" }, .rawText)
        refuse(Tag("p onclick")(), .unclosed)
        refuse(VoidTag.img(.values("alt", "\" onerror=\"\(1)")), .eventHandler)
    }

    @HTMLBuilder
    static func page(_ isOn: Bool, _ rows: [Int]) -> HTML {
        Tag.h1 { "Page" }
        if isOn { Tag.p { "on" } }
        if rows.isEmpty {
            Tag.p { "nothing" }
        } else {
            Tag.ul { HTML.each(rows, key: { $0 }) { row in Tag.li { "row \(row)" } } }
        }
        for row in rows { Tag.i { row } }
    }

    @Test("conditions, branches, loops and lists with keys", arguments: PatchFormat.allCases)
    func control(format: PatchFormat) throws {
        #expect(plain(Self.page(true, [])) == "<h1>Page</h1><p>on</p><p>nothing</p>")
        var pair = Pair(format)
        for rows in [[], [1], [1, 2, 3], [3, 1, 2], []] {
            for isOn in [true, false] { try pair.show(Self.page(isOn, rows)) }
        }
    }

    @Test("what is sent for a change is the value and the way to it")
    func patch() throws {
        func counter(_ count: Int) -> HTML {
            Tag.div {
                Tag.p {
                    "Count: "; count
                }
            }
        }
        var pair = Pair()
        try pair.show(counter(1))
        #expect(try pair.patch(counter(2)) == "[1,0,[0,[1,[0,2]]]]")
    }
}
