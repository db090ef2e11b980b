// What a value must not do, whatever it is: payloads of the collections that testers use, in each place in which a value can be. Judged by the bytes
// that are painted; a browser has its say in BrowserTests.

import LiveHTML
import ServerTestSupport
import Testing

@Suite("Payloads in every place")
struct XSSTests {
    private static let all = XSSPayloads.all

    /// In all places at once. What is behind each payload shows that it did not lead out.
    static func page(_ value: String) -> HTML {
        let optional: String? = value
        return """
            <section><p>\(value)</p><p>a \(value) b</p><p title="\(value)" class="a \(value) b" data-x="\(value)\(value)" id=\(optional)>c</p>
            <a href="\(value)">d</a><a href="/\(value)">e</a><a href="/x?q=\(value)">f</a><img src="\(value)" alt="\(value)" srcset="\(value) 1x">
            <form action="\(value)"><button formaction="\(value)">g</button></form><p style="color: \(value); width: 1px">h</p>
            <title>\(value)</title><textarea>\(value)</textarea><a href=\(optional)>i</a><svg><a xlink:href="\(value)"><title>\(value)</title></a></svg>
            <select><option value="\(value)">\(value)</option></select><table><tbody><tr><td>\(value)</td></tr></tbody></table>
            <ul>\(each: [value], key: { $0 }, { "<li title=\"\($0)\">\($0)</li>" })</ul><iframe src="\(value)"></iframe></section>
            """
    }

    @Test("there are more than a hundred")
    func count() { #expect(Set(Self.all).count > 140) }

    @Test("the page has the elements and attributes that were written, and no other", arguments: all)
    func structure(payload: String) throws {
        let expected = Skeleton(try Self.page("x").painted(with: TemplateCache()))
        let skeleton = Skeleton(try Self.page(payload).painted(with: TemplateCache()))
        #expect(skeleton.tags == expected.tags)
        #expect(skeleton.attributes.map(\.name) == expected.attributes.map(\.name))
    }

    @Test("single quotes are quotes", arguments: all)
    func singleQuotes(payload: String) {
        let skeleton = Skeleton(plain("<p class='a \(payload)' title='\(payload)'>x</p>"))
        #expect(skeleton.tags == ["p", "/p"])
        #expect(skeleton.attributes.map(\.name) == ["class", "title"])
    }

    @Test("no URL has a scheme that runs", arguments: all)
    func schemes(payload: String) throws {
        let skeleton = Skeleton(try Self.page(payload).painted(with: TemplateCache()))
        let urls = skeleton.attributes.filter { ["href", "xlink:href", "src", "action", "formaction"].contains($0.name) }
        #expect(urls.count == 9)
        for url in urls {
            let value = url.decoded.unicodeScalars.filter { $0.value > 0x20 }.map(String.init).joined().lowercased()
            let scheme = value.split(separator: ":", omittingEmptySubsequences: false).first.map(String.init) ?? ""
            let hasScheme = value.contains(":") && !scheme.contains { "/?#\\".contains($0) }
            #expect(!hasScheme || ["about", "http", "https", "mailto", "tel"].contains(scheme), "\(url)")
            #expect(!value.hasPrefix("about:") || value == "about:invalid#blocked")
        }
    }

    @Test("a URL that is not allowed leads nowhere, others are what they were", arguments: XSSPayloads.urls)
    func blocked(payload: String) throws {
        let isText = ["javascript&colon;alert(1)", "&#106;avascript:alert(1)"].contains(payload)
        let href = Skeleton(plain("<a href=\"\(payload)\">x</a>")).attributes[0].decoded
        #expect(href == (isText && payload.hasPrefix("&") ? payload : isText ? payload : "about:invalid#blocked"))
    }

    @Test(
        "a URL can have no scheme, or one of the list",
        arguments: ["", "/a", "a/b:c", "?a:b", "#a:b", "http://a", "HTTPS://a", "mailto:a@b", "tel:1", "//a/b", "a b"])
    func allowed(url: String) throws {
        #expect(Skeleton(plain("<a href=\"\(url)\">x</a>")).attributes[0].decoded == url)
    }

    @Test("values together are one URL")
    func joined() {
        func href(_ html: HTML) -> String { Skeleton(plain(html)).attributes[0].decoded }
        let a = "java", b = "script:alert(1)", path = "/evil.example", empty = ""
        #expect(href("<a href=\"\(a)\(b)\">x</a>") == "about:invalid#blocked")
        #expect(href("<a href=\"java\(b)\">x</a>") == "javaabout:invalid#blocked")
        #expect(href("<a href=\"\(empty)\(b)?x\">x</a>") == "about:invalid#blocked?x")
        #expect(href("<a href=\"/\(path)\">x</a>") == "/about:invalid#blocked")
        #expect(href("<a href=\"/\(empty)\(path)\">x</a>") == "/about:invalid#blocked")
        #expect(href("<a href=\"/\("\\evil.example" as String)\">x</a>") == "/about:invalid#blocked")
        #expect(href("<a href=\"/\("\t/evil.example" as String)\">x</a>") == "/about:invalid#blocked")
        #expect(href("<a href=\"/\(a)/\(path)\">x</a>") == "/java//evil.example")
        #expect(href("<a href=\"https://a.example/\(b)\">x</a>") == "https://a.example/script:alert(1)")
        #expect(href("<img srcset=\"/a.png 1x, \(b) 2x\">") == "/a.png 1x, about:invalid#blocked 2x")
        #expect(href("<img srcset=\"\(path) 1x, \(a) 2x\">") == "/evil.example 1x, java 2x")
    }

    @Test("styles that are not a plain value are not known to a browser", arguments: XSSPayloads.styles)
    func styleBlocked(payload: String) {
        #expect(Skeleton(plain("<p style=\"color: \(payload)\">x</p>")).attributes[0].decoded == "color: blocked")
    }

    @Test(
        "plain values of styles",
        arguments: [
            "red", "#fff", "12.5%", "-3px", "rgb(1, 2, 3)", "hsl(120deg 50% 50% / 0.5)", "calc(100% - (2px + 1em))", "var(--main-color)",
            "1fr 2fr",
            "translate(1px, 2px) rotate(45deg)", "linear-gradient(to right, red, blue)", "red !important", "", "日本",
        ])
    func styleAllowed(value: String) {
        #expect(Skeleton(plain("<p style=\"color: \(value)\">x</p>")).attributes[0].decoded == "color: \(value)")
    }

    @Test("what is sent is as harmless as what is painted", arguments: PatchFormat.allCases)
    func sent(format: PatchFormat) throws {
        var pair = Pair(format)
        try pair.show(Self.page("x"))
        for payload in Self.all {
            try pair.show(Self.page(payload))
            let painted = Skeleton(try Self.page(payload).painted(with: pair.cache))
            let built = Skeleton(pair.client.html)
            #expect(painted.tags == built.tags)
            #expect(painted.attributes.sorted() == built.attributes.sorted())
        }
    }
}
