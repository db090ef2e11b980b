// Values: what the state says about the place in which one stands.
extension TemplateParser {
    mutating func value(_ kind: Part.Kind, _ part: Int) throws(TemplateError.Rule) {
        switch state {
        case .content: try contentValue(kind, part)
        case .value: try attributeValue(kind, part)
        case .beforeValue: try wholeAttribute(kind, part)
        case .elementText: try elementTextValue(kind, part)
        case .tagStart, .startTagName, .endTagName: throw .elementName
        case .beforeAttribute, .attributeName, .afterAttributeName, .afterValue, .selfClosing: throw .attributeName
        case .unquotedValue: throw .unquoted
        case .declaration, .doctype, .comment: throw .comment
        case .rawText, .elementTextEnd: throw .rawText
        }
    }

    private mutating func contentValue(_ kind: Part.Kind, _ part: Int) throws(TemplateError.Rule) {
        guard let parent = open.last, !parent.isInert else { throw .inert }
        let cell = Cell(Self.contentKind(kind), parts: [part])
        if ElementRules.movesAll(parent.name) || cell.kind == .text && ElementRules.movesText(parent.name) { throw .table }
        swallowsNewline = false
        wire += Array("<!--\(cells.count)-->".utf8)
        let number = cells.count
        open.modifyLast { $0.addCell(number) }
        cells.append(cell)
        endPiece()
    }

    private static func contentKind(_ kind: Part.Kind) -> Cell.Kind {
        switch kind {
        case .markup: .markup
        case .rows, .changes: .rows
        case .raw: .raw
        case .view: .view
        case .joint, .end, .text, .integer, .optional, .flag: .text
        }
    }

    private mutating func endPiece() {
        statics.append(painted)
        painted = []
    }

    private static func isText(_ kind: Part.Kind) -> Bool { contentKind(kind) == .text || kind == .markup }

    private mutating func attributeValue(_ kind: Part.Kind, _ part: Int) throws(TemplateError.Rule) {
        guard Self.isText(kind) else { throw .markupInText }
        let name = attribute.lowercased
        if kind == .flag && AttributeRules.isFlag(name) { throw .quotedFlag }
        let isFirst = !attribute.isDynamic
        try attribute.take(part)
        if isFirst {
            try startDynamic(name, prefix: attribute.pieces.first ?? "")
        } else if attribute.context == .style {
            // Text stands for the values so far: none of them can lead out of where it is.
            guard StyleContext(attribute.pieces.joined(separator: "0")).isInValue else { throw .style }
        }
        endPiece()
    }

    /// An attribute with a value has no place in what the client parses.
    private mutating func startDynamic(_ name: String, prefix: String) throws(TemplateError.Rule) {
        attribute.context = try AttributeRules.context(tag.name, name, prefix: prefix)
        tag.dynamic.insert(name)
        wire.removeSubrange(attribute.wireStart...)
    }

    /// `name=\(value)`: only a value that may be absent needs no quotes, for it is more than a value.
    private mutating func wholeAttribute(_ kind: Part.Kind, _ part: Int) throws(TemplateError.Rule) {
        guard kind == .flag || kind == .optional else { throw .unquoted }
        let name = attribute.lowercased
        if kind == .flag && AttributeRules.isWord(name) { throw .wordFlag }
        try attribute.take(part)
        try startDynamic(name, prefix: "")
        painted.removeSubrange(attribute.paintedStart...)
        tag.cells.append(cells.count)
        cells.append(try attribute.finished(.wholeAttribute))
        endPiece()
        state = .afterValue
    }

    private mutating func elementTextValue(_ kind: Part.Kind, _ part: Int) throws(TemplateError.Rule) {
        guard let parent = open.last, !parent.isInert else { throw .inert }
        guard Self.isText(kind) else { throw .markupInText }
        swallowsNewline = false
        if !elementText.isDynamic { wire.removeSubrange(elementText.wireStart...) }
        try elementText.take(part)
        endPiece()
    }
}
