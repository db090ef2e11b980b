// What a client gets of a template: Docs/live-protocol.md §1.

import LiveHTML
import Testing

@Suite("Templates on the wire: live protocol §1")
struct TemplateTests {
    /// The definitions of a view, without the fingerprints.
    static func definitions(_ html: HTML, at location: SourceLocation = #_sourceLocation) throws -> String {
        var view = RenderedView(cache: TemplateCache())
        _ = try view.update(html)
        _ = try view.tree(html)
        let message = String(decoding: view.templates(), as: UTF8.self)
        return withoutFingerprints(message)
    }

    /// `,"` and 11 characters and `",` behind a number.
    private static func withoutFingerprints(_ message: String) -> String {
        var result = ""
        var rest = message[...]
        while let character = rest.popFirst() {
            result.append(character)
            let next = rest.dropFirst(2)
            guard character.isNumber, rest.hasPrefix(",\""), next.dropFirst(11).hasPrefix("\""),
                next.prefix(11).allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
            else { continue }
            rest = next.dropFirst(12)
        }
        return result
    }

    let text = "t", isOn = true, tip: String? = nil, row: HTML = "<li>\(1)</li>"

    @Test("content: placeholders and kinds")
    func content() throws {
        #expect(try Self.definitions("<p>a</p>") == #"["t",0,[0,"<p>a</p>",[]]]"#)
        #expect(try Self.definitions("<p>\(text) \(3)</p>") == #"["t",0,[0,"<p><!--0--> <!--1--></p>",[0,0]]]"#)
        #expect(
            try Self.definitions("<p>\(nil as HTML?)</p>\([HTML]())\(unsafeRaw: "")\(view: 0)\(isOn)")
                == #"["t",0,[0,"<p><!--0--></p><!--1--><!--2--><!--3--><!--4-->",[1,2,3,4,0]]]"#)
    }

    @Test("attributes: pieces, whole ones, and the element's mark")
    func attributes() throws {
        #expect(
            try Self.definitions("<p id=\"x\" class=\"a \(text)\" title=\"\(text) & \(3)\" lang=\"en\">b</p>")
                == #"["t",0,[0,"<p id=\"x\" lang=\"en\" data-h=\"0 1\">b</p>",[["class","a ",""],["title",""," & ",""]]]]"#)
        #expect(
            try Self.definitions("<input disabled=\(isOn) value=\"\(text)\"  title=\(tip) >")
                == #"["t",0,[0,"<input data-h=\"0 1 2\">",[["disabled"],["value","",""],["title"]]]]"#)
        #expect(try Self.definitions("<br class=\"\(text)\"/>") == #"["t",0,[0,"<br data-h=\"0\">",[["class","",""]]]]"#)
        #expect(
            try Self.definitions("<svg><a xlink:href=\"\(text)\"/></svg>")
                == #"["t",0,[0,"<svg><a data-h=\"0\"/></svg>",[["xlink:href","",""]]]]"#)
    }

    @Test("the text of an element, whose attributes may have values too")
    func elementText() throws {
        #expect(
            try Self.definitions("<title>a \(text) b</title>") == #"["t",0,[0,"<title data-h=\"0\"></title>",[["","a "," b"]]]]"#)
        #expect(
            try Self.definitions("<textarea name=\"\(text)\">\(text)</textarea><i>\(text)</i>")
                == #"["t",0,[0,"<textarea data-h=\"0 1\"></textarea><i><!--2--></i>",[["name","",""],["","",""],0]]]"#)
        #expect(try Self.definitions("<title>a</title>") == #"["t",0,[0,"<title>a</title>",[]]]"#)
    }

    @Test("references beside a value are the characters")
    func references() throws {
        #expect(
            try Self.definitions("<p title=\"&lt;&#65;&#x42;&quot;&nbsp;&amp; & \(text)\">&lt;</p>")
                == "[\"t\",0,[0,\"<p data-h=\\\"0\\\">&lt;</p>\",[[\"title\",\"<AB\\\"\u{a0}& & \",\"\"]]]]")
        #expect(try Self.definitions("<a href=\"/x?a=1&b=\(text)&c=2\">x</a>").contains(#"["href","/x?a=1&b=","&c=2"]"#))
    }

    @Test("attributes of the author's are in quotes, and no comments are left")
    func normalized() throws {
        #expect(
            try Self.definitions("<p  id=a\n class='b'  hidden >x<!-- y --></p >")
                == #"["t",0,[0,"<p id=\"a\" class='b' hidden>x</p>",[]]]"#)
        #expect(try Self.definitions("<P ID=a>x</P>") == #"["t",0,[0,"<P ID=\"a\">x</P>",[]]]"#)
    }

    @Test("templates are numbered as they are needed, and sent once")
    func numbers() throws {
        var pair = Pair()
        func page(_ branch: Int) -> HTML { "<p>\(branch == 0 ? nil : branch == 1 ? "<b>one</b>" : "<i>\(branch)</i>" as HTML)</p>" }
        try pair.show(page(0))
        let first = try pair.view.update(page(1))
        #expect(String(decoding: first.templates, as: UTF8.self).hasPrefix("[\"t\",0,[1,"))
        #expect(String(decoding: first.patch, as: UTF8.self) == #"[1,0,{"1":[]}]"#)
        let second = try pair.view.update(page(2))
        #expect(String(decoding: second.templates, as: UTF8.self).hasPrefix("[\"t\",0,[2,"))
        #expect(String(decoding: second.patch, as: UTF8.self) == #"[2,0,{"2":[2]}]"#)
        #expect(try pair.view.update(page(1)).templates == [])
    }

    @Test("a client that has a template gets its fingerprint alone")
    func known() throws {
        var pair = Pair()
        try pair.show("<p>\(text)</p>")
        let fingerprints = pair.client.fingerprints
        #expect(fingerprints.count == 1)
        var next = RenderedView(cache: TemplateCache())
        let html: HTML = "<p>\(text)</p>"
        _ = try next.update(html)
        let message = next.templates(knownToClient: fingerprints)
        #expect(String(decoding: message, as: UTF8.self) == "[\"t\",0,[0,\"\(fingerprints.first ?? "")\"]]")
        var client = ClientView(keepingTemplatesOf: pair.client)
        try client.receive(message)
        try client.receive(try next.tree(html))
        #expect(client.html == "<p>t</p>")
        var stranger = ClientView()
        #expect(throws: ClientError.template) { try stranger.receive(message) }
    }

    @Test("the same content has the same fingerprint, other content another")
    func fingerprints() throws {
        func fingerprint(_ html: HTML) throws -> String? {
            var pair = Pair()
            try pair.show(html)
            return pair.client.fingerprints.first
        }
        let first = try fingerprint("<p>\(text)!</p>"), second = try fingerprint("<p>\(3)!</p>")
        #expect(first == second)
        #expect(first?.count == 11)
        #expect(try fingerprint("<p>\(text)?</p>") != first)
        #expect(try fingerprint("<p>\(row)!</p>") != first)
        #expect(try fingerprint("<p class=\"\(text)\"></p>") != fingerprint("<p class=\(tip)></p>"))
    }
}
