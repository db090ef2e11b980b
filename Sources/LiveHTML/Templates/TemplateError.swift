/// Why markup is refused: a value would stand where it can't be made harmless, or the markup is not what a browser would make of it.
///
/// It is a mistake in the program, never in a value, so it shows at the first render of the template, and in tests (``HTML/problems()``).
public struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was broken.
    public let rule: Rule
    /// The markup up to where it happened; `\()` stands for a value.
    public let markup: String

    init(_ rule: Rule, at markup: String = "") {
        self.rule = rule
        self.markup = markup
    }

    public var description: String {
        markup.isEmpty ? rule.description : "\(rule): \(markup) ◀"
    }

    /// A rule of templates, in words.
    public struct Rule: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        init(_ description: String) {
            self.description = description
        }
    }
}

extension TemplateError.Rule {
    /// `<\(name)>`
    public static let elementName = Self("a value can't be the name of an element")
    /// `<p \(name)>`
    public static let attributeName = Self("a value can't be the name of an attribute")
    /// `<p class=\(name)>`, except for a `Bool` and an optional.
    public static let unquoted = Self("a value in an attribute needs quotes around it")
    /// `<p onclick="f(\(name))">`
    public static let eventHandler = Self("a value can't be in a script, as which the value of this attribute is run")
    /// `<iframe srcdoc="\(text)">` and others.
    public static let attribute = Self("a value can't be in this attribute, whose meaning can't be made harmless")
    /// `<script>\(text)</script>`
    public static let rawText = Self("a value can't be inside this element, where nothing can be escaped")
    /// `<!-- \(text) -->`, `<!DOCTYPE \(text)>`
    public static let comment = Self("a value can't be in a comment or a declaration")
    /// `<template>\(text)</template>`
    public static let inert = Self("a value can't be inside this element, where a browser would not show it")
    /// `<script src="\(address)">`
    public static let code = Self("the address of what is run needs a fixed origin before the value: /folder/ or https://host/")
    /// `<a href="javascript:f(\(name))">`
    public static let scheme = Self("a value can't be in a URL of this scheme")
    /// `<p style="\(name): red">`
    public static let style = Self("a value in a style must be the value of a property, outside of quotes, comments and url()")
    /// `<input disabled="\(flag)">`, which is disabled when the flag is false too.
    public static let quotedFlag = Self("a Bool decides whether this attribute is there, so it has no quotes: name=\\(flag)")
    /// `<p aria-hidden=\(flag)>`, whose absence is not `false`.
    public static let wordFlag = Self(
        "the values of this attribute are the words true and false, so a Bool needs quotes: name=\"\\(flag)\"")
    /// `<p class="\(rows)">`
    public static let markupInText = Self("only texts can be here, and markup that consists of text")
    /// `<table>\(rows)</table>`
    public static let table = Self("a browser would move this out of the table: write <tbody>, <tr> or <td> around it")
    /// `<div>` without `</div>`
    public static let unclosed = Self("each element is closed by its own end tag in the same template")
    /// `<p><div></div></p>`
    public static let nesting = Self("a browser would not leave this element inside that one")
    /// `<p class="a" class="b">`
    public static let duplicateAttribute = Self("this element has the attribute twice")
    /// `<p data-h="1">`
    public static let reserved = Self("this name is the protocol's own")
    /// `<div/>`
    public static let selfClosing = Self("only void elements and those of SVG and MathML can end with />")
    /// `a < b`, `<?`, `<![CDATA[`
    public static let syntax = Self("this is not well-formed markup; a character is written &lt; &gt; &amp; &quot;")
    /// `<p title="&hearts; \(name)">`
    public static let reference = Self(
        "beside a value write the character itself, or one of &amp; &lt; &gt; &quot; &apos; &nbsp; or a number")
    /// `\(each: …)` over a collection that is not the same when it is gone through again.
    public static let rows = Self("the elements of a list were others when they were gone through for the second time")
    /// Markup inside markup, without an end.
    public static let depth = Self("markup is nested deeper than 200")
}
