// Attributes, up to their values.
extension TemplateParser {
    /// An attribute that is being read, or the text of an element.
    struct Attribute {
        var name: [UInt8] = []
        /// Where it begins, to take it back when it has a value.
        var paintedStart = 0
        var wireStart = 0
        var context = AttributeContext.plain
        var parts: [Int] = []
        var pieces: [String] = []
        /// The static text behind the last value.
        var piece: [UInt8] = []

        var isDynamic: Bool { !parts.isEmpty }
        var lowercased: String { String(decoding: name, as: UTF8.self).lowercased() }

        /// The static text before a value, which begins a new one.
        mutating func take(_ part: Int) throws(TemplateError.Rule) {
            guard let text = CharacterReferences.decoded(piece) else { throw .reference }
            pieces.append(text)
            piece = []
            parts.append(part)
        }

        func finished(_ kind: Cell.Kind) throws(TemplateError.Rule) -> Cell {
            guard let text = CharacterReferences.decoded(piece) else { throw .reference }
            if context == .style && (pieces.dropFirst() + [text]).contains(where: { $0.hasPrefix("(") }) { throw .style }
            var cell = Cell(kind, parts: parts)
            cell.name = String(decoding: name, as: UTF8.self)
            cell.pieces = kind == .wholeAttribute ? [] : pieces + [text]
            cell.context = context
            return cell
        }
    }

    /// Whitespace in a tag becomes one space before each attribute.
    mutating func readBeforeAttribute(_ byte: UInt8) throws(TemplateError.Rule) {
        switch byte {
        case _ where byte.isSpace: break
        case UInt8(ascii: "/"): state = .selfClosing
        case UInt8(ascii: ">"): try finishStartTag()
        default:
            attribute = Attribute(paintedStart: painted.count, wireStart: wire.count)
            emit(UInt8(ascii: " "))
            state = .attributeName
            try readAttributeName(byte)
        }
    }

    mutating func readAttributeName(_ byte: UInt8) throws(TemplateError.Rule) {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "/"), UInt8(ascii: ">"):
            try finishAttributeName()
            state = .afterAttributeName
            try readAfterAttributeName(byte)
        case _ where byte.isSpace:
            try finishAttributeName()
            state = .afterAttributeName
        case _ where byte.isLetter || byte.isDigit || "-_:.@".utf8.contains(byte):
            attribute.name.append(byte)
            emit(byte)
        default: throw .syntax
        }
    }

    private mutating func finishAttributeName() throws(TemplateError.Rule) {
        guard !attribute.name.isEmpty else { throw .syntax }
        guard attribute.lowercased != "data-h" else { throw .reserved }
        guard tag.attributes.insert(attribute.lowercased).inserted else { throw .duplicateAttribute }
    }

    mutating func readAfterAttributeName(_ byte: UInt8) throws(TemplateError.Rule) {
        switch byte {
        case _ where byte.isSpace: break
        case UInt8(ascii: "="):
            emit(byte)
            state = .beforeValue
        default:
            state = .beforeAttribute
            try readBeforeAttribute(byte)
        }
    }

    mutating func readBeforeValue(_ byte: UInt8) throws(TemplateError.Rule) {
        switch byte {
        case _ where byte.isSpace: break
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            emit(byte)
            state = .value(quote: byte)
        default:
            state = .unquotedValue
            guard byte != UInt8(ascii: ">") else { throw .syntax }
            try readUnquotedValue(byte)
        }
    }

    mutating func readValue(_ byte: UInt8, _ quote: UInt8) throws(TemplateError.Rule) {
        guard byte == quote else {
            attribute.piece.append(byte)
            painted.append(byte)
            if !attribute.isDynamic { wire.append(byte) }
            return
        }
        painted.append(byte)
        if attribute.isDynamic {
            tag.cells.append(cells.count)
            cells.append(try attribute.finished(.attribute))
        } else {
            wire.append(byte)
            tag.values[attribute.lowercased] = String(decoding: attribute.piece, as: UTF8.self)
        }
        state = .afterValue
    }

    /// Written by the author, who may leave the quotes out; they are put in, so that what follows is not taken for a part of it.
    mutating func readUnquotedValue(_ byte: UInt8) throws(TemplateError.Rule) {
        switch byte {
        case _ where byte.isSpace || byte == UInt8(ascii: ">"):
            emit("\"\(String(decoding: attribute.piece, as: UTF8.self))\"")
            tag.values[attribute.lowercased] = String(decoding: attribute.piece, as: UTF8.self)
            state = .afterValue
            try readAfterValue(byte)
        case _ where "\"'<=`".utf8.contains(byte): throw .syntax
        default: attribute.piece.append(byte)
        }
    }

    mutating func readAfterValue(_ byte: UInt8) throws(TemplateError.Rule) {
        guard byte.isSpace || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">") else { throw .syntax }
        state = .beforeAttribute
        try readBeforeAttribute(byte)
    }
}
