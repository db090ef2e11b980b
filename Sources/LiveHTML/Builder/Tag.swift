/// An element that contains something, by its name: `Tag.p(.class("note")) { "Hello" }`. Those that are missing are made: `Tag("my-element")`.
public struct Tag: Sendable {
    let name: StaticString

    /// An element of this name.
    public init(_ name: StaticString) {
        self.name = name
    }

    /// The element with what is in it.
    public func callAsFunction(_ attributes: HTMLAttribute..., @HTMLBuilder content: () -> HTML = { HTML() }) -> HTML {
        var interpolation = HTML.StringInterpolation(literalCapacity: 0, interpolationCount: 3 * attributes.count + 4)
        interpolation.appendStart(name, attributes)
        interpolation.appendInterpolation(content())
        interpolation.appendLiteral("</")
        interpolation.appendLiteral(name)
        interpolation.appendLiteral(">")
        return HTML(stringInterpolation: interpolation)
    }
}

/// An element that contains nothing and has no end: `VoidTag.br()`.
public struct VoidTag: Sendable {
    let name: StaticString

    /// An element of this name.
    public init(_ name: StaticString) {
        self.name = name
    }

    /// The element.
    public func callAsFunction(_ attributes: HTMLAttribute...) -> HTML {
        var interpolation = HTML.StringInterpolation(literalCapacity: 0, interpolationCount: 3 * attributes.count + 2)
        interpolation.appendStart(name, attributes)
        return HTML(stringInterpolation: interpolation)
    }
}

extension HTML.StringInterpolation {
    fileprivate mutating func appendStart(_ name: StaticString, _ attributes: [HTMLAttribute]) {
        appendLiteral("<")
        appendLiteral(name)
        for attribute in attributes { attribute.append(to: &self) }
        appendLiteral(">")
    }
}

// One line each, so that they can be looked through.
// swift-format-ignore
extension Tag {
    public static let a = Tag("a"), article = Tag("article"), aside = Tag("aside"), b = Tag("b"), body = Tag("body"), button = Tag("button")
    public static let caption = Tag("caption"), code = Tag("code"), dd = Tag("dd"), details = Tag("details"), dialog = Tag("dialog"), div = Tag("div")
    public static let dl = Tag("dl"), dt = Tag("dt"), em = Tag("em"), fieldset = Tag("fieldset"), figure = Tag("figure"), footer = Tag("footer")
    public static let form = Tag("form"), h1 = Tag("h1"), h2 = Tag("h2"), h3 = Tag("h3"), h4 = Tag("h4"), head = Tag("head"), header = Tag("header")
    public static let html = Tag("html"), i = Tag("i"), label = Tag("label"), legend = Tag("legend"), li = Tag("li"), main = Tag("main"), nav = Tag("nav")
    public static let ol = Tag("ol"), option = Tag("option"), output = Tag("output"), p = Tag("p"), pre = Tag("pre"), progress = Tag("progress")
    public static let section = Tag("section"), select = Tag("select"), small = Tag("small"), span = Tag("span"), strong = Tag("strong")
    public static let summary = Tag("summary"), table = Tag("table"), tbody = Tag("tbody"), td = Tag("td"), textarea = Tag("textarea"), tfoot = Tag("tfoot")
    public static let th = Tag("th"), thead = Tag("thead"), time = Tag("time"), title = Tag("title"), tr = Tag("tr"), ul = Tag("ul")
}

// swift-format-ignore
extension VoidTag {
    public static let br = VoidTag("br"), hr = VoidTag("hr"), img = VoidTag("img"), input = VoidTag("input"), link = VoidTag("link"), meta = VoidTag("meta")
}
