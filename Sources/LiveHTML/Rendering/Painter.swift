extension HTML {
    /// The page's text, with the markers by which a client finds the cells.
    ///
    /// - Parameters:
    ///   - cache: The templates of this event loop or actor.
    ///   - markers: Whether there will be a client. Without them it is a page like any other.
    ///   - view: What another view of the page paints, by its number.
    public func painted(
        with cache: TemplateCache, markers: Bool = true, view: (Int) throws(TemplateError) -> HTML = { _ in HTML() }
    ) throws(TemplateError) -> String {
        String(decoding: try paintedPage(with: cache, markers: markers, view: view).text, as: UTF8.self)
    }

    /// The page's text, and where in it other views are; see ``painted(with:markers:view:)``.
    public func paintedPage(
        with cache: TemplateCache, markers: Bool = true, view: (Int) throws(TemplateError) -> HTML = { _ in HTML() }
    ) throws(TemplateError) -> PaintedPage {
        var painter = Painter(cache: cache, hasMarkers: markers, output: [])
        try painter.paint(self, view)
        return PaintedPage(text: painter.output, views: painter.views)
    }

    /// Appends the page's text; see ``painted(with:markers:view:)``.
    public func paint(
        into output: inout [UInt8], with cache: TemplateCache, markers: Bool = true,
        view: (Int) throws(TemplateError) -> HTML = { _ in HTML() }
    ) throws(TemplateError) {
        var painter = Painter(cache: cache, hasMarkers: markers, output: output)
        output = []
        try painter.paint(self, view)
        output = painter.output
    }
}

/// A page as text.
public struct PaintedPage: Sendable {
    /// In UTF-8.
    public let text: [UInt8]
    /// The other views, in their order. What is in another view comes before it.
    public let views: [PaintedView]
}

/// What another view has painted.
public struct PaintedView: Hashable, Sendable {
    /// Its number.
    public let number: Int
    /// Where in the text.
    public fileprivate(set) var range: Range<Int>
}

/// Writes instances as HTML.
private struct Painter {
    typealias View = (Int) throws(TemplateError) -> HTML

    let cache: TemplateCache
    let hasMarkers: Bool
    var output: [UInt8]
    var views: [PaintedView] = []
    var depth = 0

    mutating func paint(_ html: HTML, _ view: View) throws(TemplateError) {
        guard depth < Depth.max else { throw TemplateError(.depth) }
        depth += 1
        try paint(html, try cache.template(of: html), view)
        depth -= 1
    }

    private mutating func paint(_ html: HTML, _ template: Template, _ view: View) throws(TemplateError) {
        var statics = template.statics[...]
        for cell in template.cells {
            if cell.kind.isText && cell.kind != .text {
                paintText(of: cell, html.parts, &statics)
            } else {
                output += statics.popFirst() ?? []
                try paintContent(of: cell, html.parts, view)
            }
        }
        output += statics.popFirst() ?? []
    }

    /// An attribute, or the text of an element. The pieces around its values are in the statics.
    private mutating func paintText(of cell: Cell, _ parts: Parts, _ statics: inout ArraySlice<[UInt8]>) {
        for (number, scalar) in cell.scalars(in: parts).enumerated() {
            output += statics.popFirst() ?? []
            if cell.kind == .wholeAttribute {
                paintAttribute(cell.name, scalar)
            } else {
                let start = output.count
                paint(scalar)
                if number == 0 && cell.losesNewline { keepNewline(at: start) }
            }
        }
    }

    private mutating func paintAttribute(_ name: String, _ scalar: Scalar) {
        guard scalar != .absent else { return }
        output += Array(" \(name)".utf8)
        guard scalar != .present else { return }
        output.append("=\"")
        paint(scalar)
        output.append("\"")
    }

    private mutating func paintContent(of cell: Cell, _ parts: Parts, _ view: View) throws(TemplateError) {
        let isMarked = hasMarkers && !cell.isSole
        if isMarked { output.append("<!--[-->") }
        let start = output.count
        for part in cell.parts.map({ parts[$0] }) {
            switch (part.kind, part.value) {
            case (.raw, .text(let markup)): output += Array(markup.utf8)
            case (.view, .integer(let number)) where number != 0:
                let start = output.count
                try paint(try view(number), view)
                views.append(PaintedView(number: number, range: start..<output.count))
            case (.view, _): break
            case (_, .markup(let html)) where !html.isEmpty: try paint(html, view)
            case (_, .rows(let rows)): try paint(rows, view)
            case (_, .changes(let changes)): for row in changes.rows { try paintRow(row.html(), view) }
            default: paint(part.asText)
            }
        }
        if cell.losesNewline { keepNewline(at: start) }
        if isMarked { output.append("<!--]-->") }
    }

    private mutating func paint(_ rows: HTMLRows, _ view: View) throws(TemplateError) {
        try rows.forEach(0) { _, row throws(TemplateError) in
            try paintRow(row, view)
            return true
        }
    }

    private mutating func paintRow(_ row: HTML, _ view: View) throws(TemplateError) {
        let isOneElement = try cache.template(of: row).isOneElement
        let isMarked = hasMarkers && !isOneElement
        if isMarked { output.append("<!--[-->") }
        try paint(row, view)
        if isMarked { output.append("<!--]-->") }
    }

    /// A browser swallows the first.
    private mutating func keepNewline(at start: Int) {
        guard output.dropFirst(start).first == 0x0a else { return }
        output.insert(0x0a, at: start)
        for index in views.indices where views[index].range.lowerBound >= start {
            views[index].range = views[index].range.lowerBound &+ 1..<views[index].range.upperBound &+ 1
        }
    }

    private mutating func paint(_ scalar: Scalar) {
        switch scalar {
        case .absent, .present: break
        case .integer(let number): output.appendDecimal(number)
        case .text(let text): output.appendEscaped(text)
        }
    }
}

/// How deep markup can be inside markup. A stack is not endless, and a list of answers to answers may be long.
enum Depth {
    static let max = 200
}
