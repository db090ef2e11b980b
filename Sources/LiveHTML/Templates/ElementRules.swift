// What a browser's parser does with elements, as far as it can make something else of a template than what was written (HTML standard, 13.2.6). Wherever
// it would, the template is refused, so that nobody has to know.

/// Rules about elements by their name in lower case.
enum ElementRules {
    static let void: Set<String> = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    ]
    /// Nothing is escaped in them (13.1.2).
    static let rawText: Set<String> = ["script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"]
    /// Nothing but text is in them, and it is escaped.
    static let escapableText: Set<String> = ["title", "textarea"]
    /// The parser swallows a newline at their start.
    static let swallowingNewline: Set<String> = ["pre", "listing", "textarea"]

    private static let tableParts: [String: Set<String>] = [
        "table": ["caption", "colgroup", "thead", "tbody", "tfoot", "tr"],
        "thead": ["tr"], "tbody": ["tr"], "tfoot": ["tr"],
        "tr": ["td", "th"],
        "colgroup": ["col"],
    ]
    private static let onlyInTables: Set<String> = ["caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"]
    private static let inSelect: Set<String> = ["option", "optgroup", "hr"]
    private static let anywhere: Set<String> = ["script", "style", "template"]

    /// These end an open `p`.
    private static let block: Set<String> = [
        "address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset",
        "figcaption", "figure",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "li", "listing", "main", "menu", "nav", "ol", "p",
        "plaintext",
        "pre", "search", "section", "summary", "table", "ul", "xmp",
    ]
    /// Behind these an open element of the same kind is out of scope.
    private static let scope: Set<String> = [
        "applet", "button", "caption", "html", "marquee", "object", "select", "table", "td", "template", "th", "foreignobject", "desc",
    ]
    /// None of these can be inside one of its own, however deep.
    private static let notInsideItself: Set<String> = ["a", "button", "form", "nobr", "p"]
    /// None of these can be directly inside one of the group.
    private static let siblings: [Set<String>] = [
        ["li"], ["dd", "dt"], ["option", "optgroup"], ["h1", "h2", "h3", "h4", "h5", "h6"], ["rb", "rp", "rt", "rtc"],
    ]
    /// Where the parser leaves SVG and MathML.
    private static let breakingOut: Set<String> =
        block.union([
            "b", "big", "body", "br", "code", "em", "embed", "font", "head", "i", "img", "meta", "nobr", "ruby", "s", "small", "span",
            "strong", "strike",
            "sub", "sup", "tt", "u", "var",
        ])

    /// Whether text and values that become text would be moved out of it.
    static func movesText(_ name: String) -> Bool { tableParts[name] != nil }

    /// Whether values of any kind would be moved out of it.
    static func movesAll(_ name: String) -> Bool { name == "table" }

    /// Nil if the parser puts the element where it was written; `ancestors` are the open elements, the innermost last.
    static func refusal(of child: String, in ancestors: [OpenElement]) -> TemplateError.Rule? {
        guard let parent = ancestors.last, !parent.isTop else { return nil }
        if parent.namespace != .html { return breakingOut.contains(child) ? .nesting : nil }
        if anywhere.contains(child) { return nil }
        if let parts = tableParts[parent.name] { return parts.contains(child) ? nil : .table }
        if onlyInTables.contains(child) { return .nesting }
        if parent.name == "select" || parent.name == "optgroup" {
            return inSelect.contains(child) ? refusalBeside(child, parent) : .nesting
        }
        return refusalBeside(child, parent) ?? refusalInScope(child, ancestors)
    }

    private static func refusalBeside(_ child: String, _ parent: OpenElement) -> TemplateError.Rule? {
        if child == "option" && parent.name == "optgroup" { return nil }
        if parent.name == "option" { return .nesting }
        return siblings.contains { $0.contains(child) && $0.contains(parent.name) } ? .nesting : nil
    }

    private static func refusalInScope(_ child: String, _ ancestors: [OpenElement]) -> TemplateError.Rule? {
        let isBlock = block.contains(child), isAlone = notInsideItself.contains(child)
        guard isBlock || isAlone else { return nil }
        for ancestor in ancestors.reversed() {
            if isBlock && ancestor.name == "p" || isAlone && ancestor.name == child { return .nesting }
            if scope.contains(ancestor.name) && child != "form" { return nil }
        }
        return nil
    }
}

/// An element whose end tag is still to come.
struct OpenElement {
    enum Namespace { case html, svg, math }

    let name: String
    /// Of what is inside it.
    let namespace: Namespace
    /// A browser keeps what is inside away from the page.
    var isInert = false
    private(set) var children = 0
    private(set) var onlyCell: Int?
    private var endsWithText = false
    private(set) var isOneElement = false

    /// Where a template begins: around it may be anything.
    static let top = OpenElement(name: "", namespace: .html)
    var isTop: Bool { name.isEmpty }

    init(name: String, namespace: Namespace) {
        self.name = name
        self.namespace = namespace
    }

    init(name: String, inside parent: OpenElement) {
        let isHTMLAgain: Set<String> = ["foreignobject", "desc", "mi", "mo", "mn", "ms", "mtext", "annotation-xml"]
        let namespace: Namespace =
            switch name {
            case "svg": .svg
            case "math": .math
            default: isHTMLAgain.contains(name) ? .html : parent.namespace
            }
        self.init(name: name, namespace: namespace)
        isInert = parent.isInert || name == "template" || name == "noscript"
    }

    /// Texts with nothing between them are one node.
    mutating func addText() {
        if !endsWithText { add() }
        endsWithText = true
    }

    mutating func addElement() {
        add()
        isOneElement = children == 1
    }

    mutating func addCell(_ number: Int) {
        add()
        onlyCell = children == 1 ? number : nil
    }

    private mutating func add() {
        children &+= 1
        endsWithText = false
        isOneElement = false
        onlyCell = nil
    }
}
