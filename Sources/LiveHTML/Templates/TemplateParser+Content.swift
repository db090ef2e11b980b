// Text, comments, and elements in which there is only text.
extension TemplateParser {
    mutating func readContent(_ byte: UInt8) throws(TemplateError.Rule) {
        let isSwallowed = swallowsNewline && byte == UInt8(ascii: "\n")
        swallowsNewline = false
        if byte == UInt8(ascii: "<") {
            state = .tagStart
        } else if !isSwallowed {
            try text(byte)
        }
    }

    private mutating func text(_ byte: UInt8) throws(TemplateError.Rule) {
        if !byte.isSpace, let parent = open.last, ElementRules.movesText(parent.name) { throw .table }
        open.modifyLast { $0.addText() }
        emit(byte)
    }

    /// `<!`: a comment or the document type. Comments are left out.
    mutating func readDeclaration(_ byte: UInt8) throws(TemplateError.Rule) {
        word.append(byte | 0x20)
        switch String(decoding: word, as: UTF8.self) {
        case "--":
            state = .comment
        case "doctype":
            emit("<!DOCTYPE")
            state = .doctype
        case let start:
            guard "doctype".hasPrefix(start) || start == "-" else { throw .syntax }
        }
    }

    mutating func readDoctype(_ byte: UInt8) {
        emit(byte)
        if byte == UInt8(ascii: ">") { state = .content }
    }

    /// It ends with `-->`, of which the hyphens can be those of its start, and as the standard has it with `--!>`.
    mutating func readComment(_ byte: UInt8) {
        word.append(byte)
        guard byte == UInt8(ascii: ">") else { return }
        let end = word.suffix(4)
        if end.suffix(3).elementsEqual("-->".utf8) || end.elementsEqual("--!>".utf8) { state = .content }
    }

    /// Up to the end tag of the element. A script can hide its end tag behind `<!--`, so there is none of those.
    mutating func readRawText(_ byte: UInt8) throws(TemplateError.Rule) {
        emit(byte)
        word.append(byte)
        let name = open.last?.name ?? ""
        guard !word.suffix(4).elementsEqual("<!--".utf8) else { throw .syntax }
        guard byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") || byte.isSpace else { return }
        guard String(decoding: word.dropLast().suffix(name.utf8.count + 2), as: UTF8.self).lowercased() == "</\(name)" else { return }
        guard byte == UInt8(ascii: ">") else { throw .syntax }
        open.removeLast()
        state = .content
    }

    mutating func startElementText() {
        elementText = Attribute(paintedStart: painted.count, wireStart: wire.count)
        state = .elementText
    }

    mutating func readElementText(_ byte: UInt8) {
        let isSwallowed = swallowsNewline && byte == UInt8(ascii: "\n")
        swallowsNewline = false
        if byte == UInt8(ascii: "<") {
            word = []
            state = .elementTextEnd
        } else if !isSwallowed {
            painted.append(byte)
            elementText.piece.append(byte)
            if !elementText.isDynamic { wire.append(byte) }
        }
    }

    /// The element's own end tag is the only one.
    mutating func readElementTextEnd(_ byte: UInt8) throws(TemplateError.Rule) {
        guard byte == UInt8(ascii: ">") else {
            word.append(byte)
            return
        }
        let name = open.last?.name ?? ""
        guard String(decoding: word, as: UTF8.self).lowercased() == "/\(name)" else { throw .syntax }
        if elementText.isDynamic {
            var cell = try elementText.finished(.elementText)
            cell.losesNewline = name == "textarea" && cell.pieces.first == ""
            tag.cells.append(cells.count)
            cells.append(cell)
        }
        markTag(at: elementText.wireStart)
        emit("</\(name)>")
        open.removeLast()
        state = .content
    }
}

extension Array {
    mutating func modifyLast(_ change: (inout Element) -> Void) {
        guard var last = popLast() else { return }
        change(&last)
        append(last)
    }
}
