// Where a value can't be, and what is not the markup that a browser would make of it.

import LiveHTML
import Testing

@Suite("Templates that are refused")
struct TemplateRulesTests {
    let text = "x", isOn = true, tip: String? = "t"

    @Test("values in tags")
    func tags() {
        refuse("<\(text)>", .elementName)
        refuse("<p\(text)>", .elementName)
        refuse("</\(text)>", .elementName)
        refuse("<p></p\(text)>", .elementName)
        refuse("<p \(text)></p>", .attributeName)
        refuse("<p cl\(text)=\"\"></p>", .attributeName)
        refuse("<p class \(text)></p>", .attributeName)
        refuse("<p class=\"\"\(text)></p>", .attributeName)
        refuse("<br/\(text)>", .attributeName)
    }

    @Test("values without quotes, except for a flag and what may be absent")
    func unquoted() {
        refuse("<p class=\(text)></p>", .unquoted)
        refuse("<p class=a\(text)></p>", .unquoted)
        refuse("<p class=\(3)></p>", .unquoted)
        refuse("<p class=\(isOn ? "a" : "b")></p>", .unquoted)
        refuse("<p class=\(tip)x></p>", .syntax)
        refuse("<p class=\(tip)\(tip)></p>", .attributeName)
    }

    @Test("flags: whether it is there, or a word")
    func flags() {
        refuse("<input disabled=\"\(isOn)\">", .quotedFlag)
        refuse("<input CHECKED='\(isOn)'>", .quotedFlag)
        refuse("<p aria-hidden=\(isOn)></p>", .wordFlag)
        refuse("<p draggable=\(isOn)></p>", .wordFlag)
    }

    @Test(
        "values that would be run",
        arguments: [
            "<p onclick=\"\(1)\"></p>", "<p onclick=\"f(\(1))\"></p>", "<p ONfocus='\(1)'></p>", "<svg onload=\"\(1)\"></svg>",
            "<p onx=\(true)></p>",
            "<p onclick=\(nil as String?)></p>", "<p foo:onclick=\"\(1)\"></p>",
        ] as [HTML])
    func handlers(html: HTML) { refuse(html, .eventHandler) }

    @Test(
        "attributes that can't be made harmless",
        arguments: [
            "<iframe srcdoc=\"\(1)\"></iframe>", "<meta http-equiv=\"\(1)\">", "<meta http-equiv=\"refresh\" content=\"\(1)\">",
            "<meta content=\"\(1)\" http-equiv=\"refresh\">", "<svg><set to=\"\(1)\"/></svg>", "<svg><animate values=\"\(1)\"/></svg>",
            "<svg><animate attributeName=\"\(1)\"/></svg>", "<svg><animate from=\"\(1)\"/></svg>", "<script type=\"\(1)\"></script>",
            "<p is=\"\(1)\"></p>", "<svg xmlns=\"\(1)\"></svg>", "<svg xmlns:xlink=\"\(1)\"></svg>",
        ] as [HTML])
    func attributes(html: HTML) { refuse(html, .attribute) }

    @Test(
        "places where nothing can be escaped",
        arguments: [
            "<script>\(1)</script>", "<script>let a = \"\(1)\"</script>", "<style>p { color: \(1) }</style>", "<xmp>\(1)</xmp>",
            "<iframe>\(1)</iframe>", "<noembed>\(1)</noembed>", "<noframes>\(1)</noframes>", "<plaintext>\(1)",
            "<svg><style>\(1)</style></svg>",
            "<svg><script>\(1)</script></svg>", "<SCRIPT>\(1)</SCRIPT>", "<script></script \(1)",
        ] as [HTML])
    func rawText(html: HTML) {
        do {
            _ = try html.painted(with: TemplateCache())
            Issue.record("was accepted")
        } catch {
            #expect(error.rule == .rawText || error.rule == .syntax)
        }
    }

    @Test("comments, declarations, elements that are not shown")
    func hidden() {
        refuse("<!-- \(text) -->", .comment)
        refuse("<!DOCTYPE \(text)>", .comment)
        refuse("<!\(text)>", .comment)
        refuse("<template>\(text)</template>", .inert)
        refuse("<noscript><p>\(text)</p></noscript>", .inert)
        refuse("<template><title>\(text)</title></template>", .inert)
    }

    @Test(
        "addresses of what is run",
        arguments: [
            "<script src=\"\("x")\"></script>", "<script src=\"/\("x")\"></script>", "<script src=\"//\("x")\"></script>",
            "<script src=\"/\\\("x")\"></script>", "<script src=\"https://\("x")\"></script>", "<script src=\"https://a\("x")/\"></script>",
            "<link rel=\"stylesheet\" href=\"\("x")\">", "<embed src=\"\("x")\">", "<object data=\"\("x")\"></object>",
            "<base href=\"\("x")\">",
            "<script src=\"http://example.com/\("x")\"></script>", "<svg><use href=\"\("x")\"/></svg>",
            "<svg><use xlink:href=\"\("x")\"/></svg>",
        ] as [HTML])
    func code(html: HTML) { refuse(html, .code) }

    @Test("addresses of what is run, behind a fixed origin")
    func codeBehindOrigin() {
        #expect(
            plain("<script src=\"/assets/\("x").js\" nonce=\"\("n")\"></script>") == "<script src=\"/assets/x.js\" nonce=\"n\"></script>")
        #expect(plain("<link href=\"https://cdn.example/\("x").css\">") == "<link href=\"https://cdn.example/x.css\">")
        #expect(plain("<svg><use href=\"#\("x")\"/></svg>") == "<svg><use href=\"#x\"/></svg>")
    }

    @Test("URLs of a scheme that runs")
    func schemes() {
        refuse("<a href=\"javascript:f('\(text)')\"></a>", .scheme)
        refuse("<a href=\" java\nscript:\(text)\"></a>", .scheme)
        refuse("<a href=\"&#106;avascript:\(text)\"></a>", .scheme)
        refuse("<img src=\"data:\(text)\">", .scheme)
        refuse("<img src=\"data:image/svg+xml;base64,\(text)\">", .scheme)
        #expect(plain("<img src=\"data:image/png;base64,\("AAAA")\">") == "<img src=\"data:image/png;base64,AAAA\">")
    }

    @Test(
        "values in a style that are not the value of a property",
        arguments: [
            "<p style=\"\("x")\"></p>", "<p style=\"\("x"): red\"></p>", "<p style=\"color: red; \("x")\"></p>",
            "<p style=\"background: url(\("x"))\"></p>",
            "<p style=\"content: '\("x")'\"></p>", "<p style='content: \"\("x")\"'></p>", "<p style=\"color: /* \("x") */ red\"></p>",
            "<p style=\"color: \\\("x")\"></p>", "<p style=\"width: \("x")(1)\"></p>", "<p style=\"width: expression(\("x"))\"></p>",
            "<p style=\"width: \("x"); \("y")\"></p>", "<p style=\(nil as String?)></p>", "<p style=\"color: /\("x")\"></p>",
        ] as [HTML])
    func style(html: HTML) { refuse(html, .style) }

    @Test("rows, raw markup and views are no text")
    func markupInText() {
        refuse("<p class=\"\(each: [1], key: { $0 }, { "\($0)" })\"></p>", .markupInText)
        refuse("<p class=\"\(unsafeRaw: "a")\"></p>", .markupInText)
        refuse("<title>\(view: 1)</title>", .markupInText)
    }

    @Test(
        "what a browser would move out of a table",
        arguments: [
            "<table>\("x")</table>", "<table>\(each: [1], key: { $0 }, { _ in "<tr></tr>" })</table>", "<table><tbody>\(1)</tbody></table>",
            "<table><tr>\(1)</tr></table>", "<table>x</table>", "<table><tbody><tr>x</tr></tbody></table>", "<table><div></div></table>",
            "<table><tbody><td></td></tbody></table>", "<table><tr><p></p></tr></table>", "<table><colgroup><tr></tr></colgroup></table>",
        ] as [HTML])
    func tables(html: HTML) { refuse(html, .table) }

    @Test("rows where they belong")
    func rows() {
        let row: HTML = "<tr><td>\(text)</td><th>\(text)</th></tr>"
        #expect(plain("<table><tbody>\n \(row)</tbody></table>") == "<table><tbody>\n <tr><td>x</td><th>x</th></tr></tbody></table>")
    }

    @Test(
        "elements that are not closed in their template",
        arguments: ["<p>", "</p>", "<p></b>", "<p><b></p></b>", "<ul><li>a</ul>", "<p>\(1)", "\(1)</p>", "<br></br>", "<title>"] as [HTML])
    func unclosed(html: HTML) {
        do {
            _ = try html.painted(with: TemplateCache())
            Issue.record("was accepted")
        } catch {
            #expect([.unclosed, .syntax].contains(error.rule))
        }
    }

    @Test(
        "elements that a browser would not leave inside that one",
        arguments: [
            "<p><div></div></p>", "<p><b><ul></ul></b></p>", "<p><p></p></p>", "<a><b><a></a></b></a>",
            "<button><button></button></button>",
            "<form><div><form></form></div></form>", "<li><li></li></li>", "<dl><dt><dd></dd></dt></dl>", "<h1><h2></h2></h1>",
            "<div><tr></tr></div>",
            "<select><div></div></select>", "<option><b></b></option>", "<svg><div></div></svg>", "<option><option></option></option>",
            "<div><td></td></div>", "<svg><g><p></p></g></svg>",
        ] as [HTML])
    func nesting(html: HTML) { refuse(html, .nesting) }

    @Test(
        "elements that a browser leaves",
        arguments: [
            "<p><button><div></div></button></p>", "<li><ul><li></li></ul></li>", "<svg><foreignObject><div></div></foreignObject></svg>",
            "<select><optgroup><option>a</option></optgroup><hr></select>",
            "<table><tr><td><table><tr><td></td></tr></table></td></tr></table>",
            "<svg viewBox=\"0 0 1 1\"><circle r=\"1\"/><g><path d=\"M0 0\"/></g></svg>", "<math><mi>x</mi></math>",
            "<dl><dt>a</dt><dd>b</dd></dl>",
            "<div><p>a</p><p>b</p></div>", "<script>if (a < b) { f('</p>') }</script>", "<style>p > a { color: red }</style>",
            "<p title=\"a > b\">x</p>", "<h1>a</h1><h2>b</h2>", "<a>a</a><a>b</a>",
        ] as [HTML])
    func nestingAllowed(html: HTML) {
        #expect(plain(html).count > 10)
    }

    @Test(
        "what is not well-formed",
        arguments: [
            "a < b", "<", "<p", "<p class", "<p class=", "<p class=>", "<p class=\"", "<p class=\"a\"b></p>", "<?xml?>", "<![CDATA[x]]>",
            "<!-- a", "<!x>",
            "<p =a></p>", "<p a\"b></p>", "<p a=b\"c></p>", "<1>", "<p <b></p>", "<script><!-- </script>", "<script></script >", "<p$></p>",
            "</p id=\"a\">",
        ] as [HTML])
    func syntax(html: HTML) { refuse(html, .syntax) }

    @Test("the rest")
    func rest() {
        refuse("<p class=\"a\" CLASS=\"b\"></p>", .duplicateAttribute)
        refuse("<p class=\"\(text)\" class=\"b\"></p>", .duplicateAttribute)
        refuse("<p data-h=\"1\"></p>", .reserved)
        refuse("<div/>", .selfClosing)
        refuse("<p title=\"&hearts; \(text)\"></p>", .reference)
        refuse("<title>&hearts; \(text)</title>", .reference)
        refuse("<p title=\"\(text) &amp\"></p>", .reference)
    }

    @Test("an error says where")
    func message() {
        do {
            _ = try ("<p class=\"\(text)\"><b \(text)></b></p>" as HTML).painted(with: TemplateCache())
            Issue.record("was accepted")
        } catch {
            #expect("\(error)" == "a value can't be the name of an attribute: <p class=\"\\()\"><b \\() ◀")
        }
    }
}
