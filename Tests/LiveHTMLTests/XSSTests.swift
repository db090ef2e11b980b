// What a value must not do, whatever it is: payloads of the collections that testers use, in each place in which a value can be. Judged by the bytes
// that are painted; a browser has its say in BrowserTests.

import LiveHTML
import Testing

@Suite("Payloads in every place")
struct XSSTests {
    static let markup = [
        "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
        "<svg/onload=alert(1)>", "<body onload=alert(1)>", "<iframe src=javascript:alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "<math><mi xlink:href='javascript:alert(1)'>", "<a href=javascript:alert(1)>x</a>", "<details open ontoggle=alert(1)>",
        "<video><source onerror=alert(1)>", "<input autofocus onfocus=alert(1)>", "<marquee onstart=alert(1)>",
        "<object data=javascript:alert(1)>",
        "<embed src=javascript:alert(1)>", "<form action=javascript:alert(1)><input type=submit>", "<isindex action=javascript:alert(1)>",
        "<base href=javascript:alert(1)//>", "<link rel=stylesheet href=//evil.example/x.css>",
        "<meta http-equiv=refresh content=0;url=javascript:alert(1)>",
        "<style>@import'//evil.example/x.css'</style>", "<style>*{background:url(javascript:alert(1))}</style>",
        "<template><script>alert(1)</script></template>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<svg><style><img src=x onerror=alert(1)></style>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", "<x onclick=alert(1)>",
        "<<script>alert(1);//<</script>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>", "<img src=\"x\" onerror=\"alert(1)\"", "<!--><img src=x onerror=alert(1)>-->",
        "<![CDATA[<script>alert(1)</script>]]>", "<?xml version=\"1.0\"?><script>alert(1)</script>", "<svg><animate onbegin=alert(1)>",
        "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a>",
        "<svg><set attributeName=onmouseover to=alert(1)>",
        "<svg><foreignObject><iframe/onload=alert(1)></foreignObject></svg>",
    ]
    static let breakingOut = [
        "\"><script>alert(1)</script>", "'><script>alert(1)</script>", "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)",
        "\"onfocus=alert(1) autofocus=\"",
        "` onmouseover=alert(1)", "x onmouseover=alert(1)", "\"/><svg onload=alert(1)>", "--><script>alert(1)</script>",
        "--!><script>alert(1)</script>",
        "]]><script>alert(1)</script>", "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
        "</style><script>alert(1)</script>",
        "</script><script>alert(1)</script>", "</p></div></body></html><script>alert(1)</script>",
        "<!--]--><script>alert(1)</script><!--[-->",
        "<!--[--><img src=x onerror=alert(1)>", "\\\"><script>alert(1)</script>", "\u{0}\"><script>alert(1)</script>",
        "\r\n\"><script>alert(1)</script>",
        "\t'><img src=x onerror=alert(1)>", "&#34;><script>alert(1)</script>", "&quot; onload=alert(1)",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "\u{ff1c}script\u{ff1e}alert(1)\u{ff1c}/script\u{ff1e}", "\u{2028}<script>alert(1)</script>", "\u{feff}<script>alert(1)</script>",
        "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "<%= alert(1) %>", "\" data-h=\"0", "data-h=0",
    ]
    static let urls = [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "\tjavascript:alert(1)", "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "java\r\nscript:alert(1)", "\u{1}javascript:alert(1)", "\u{0}javascript:alert(1)", "\u{1f}\u{20}javascript:alert(1)",
        "javascript\t:alert(1)",
        "javascript\n:alert(1)", "javascript:/*--></title></style></textarea></script><svg onload=alert(1)>*/", "javascript://%0aalert(1)",
        "javascript://example.com/%0d%0aalert(1)", "vbscript:msgbox(1)", "VBSCRIPT:x", "livescript:x", "mocha:x",
        "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "DATA:text/html,x", "data:image/svg+xml,<svg onload=alert(1)>",
        "data:,x",
        "blob:https://example.com/x", "filesystem:https://example.com/x", "file:///etc/passwd", "view-source:javascript:alert(1)",
        "feed:javascript:alert(1)",
        "jar:http://x!/y", "about:blank", "intent://x#Intent;scheme=javascript;end", "ms-appx:x", "x-javascript:alert(1)",
        "j\u{0}avascript:alert(1)",
        "\u{a0}javascript:alert(1)", "javascript&colon;alert(1)", "&#106;avascript:alert(1)", "javascript:alert(1)//http://ok.example/",
        "ws://x",
    ]
    static let styles = [
        "red;background:url(//evil.example)", "url(javascript:alert(1))", "expression(alert(1))", "red}body{display:none", "red/*", "*/red",
        "\\75rl(//x)",
        "image-set('//evil.example' 1x)", "attr(title)", "-moz-binding:url(x)", "behavior:url(x)", "@import '//x'", "\"", "'", "<!--",
        "calc(url(x))",
        "u\\rl(x)", "element(#x)", "red;", "a:b", "(x)", "env(x)", "URL(x)", "image(x)", "red\nblue", "cross-fade(x)", "paint(x)", ")",
        "((", "a//b", "{",
    ]
    static let all = markup + breakingOut + urls + styles

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

    @Test("a URL that is not allowed leads nowhere, others are what they were", arguments: urls)
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

    @Test("styles that are not a plain value are not known to a browser", arguments: styles)
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
