// Start tags and end tags.
extension TemplateParser {
    mutating func readTagStart(_ byte: UInt8) throws(TemplateError.Rule) {
        word = []
        switch byte {
        case UInt8(ascii: "/"): state = .endTagName
        case UInt8(ascii: "!"): state = .declaration
        case _ where byte.isLetter:
            tag = Tag()
            emit(UInt8(ascii: "<"))
            state = .startTagName
            try readStartTagName(byte)
        default: throw .syntax
        }
    }

    mutating func readStartTagName(_ byte: UInt8) throws(TemplateError.Rule) {
        switch byte {
        case _ where byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-"):
            emit(byte)
            word.append(byte)
        case _ where byte.isSpace || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">"):
            tag.name = String(decoding: word, as: UTF8.self).lowercased()
            state = .beforeAttribute
            try readBeforeAttribute(byte)
        default: throw .syntax
        }
    }

    mutating func readSelfClosing(_ byte: UInt8) throws(TemplateError.Rule) {
        guard byte == UInt8(ascii: ">") else { throw .syntax }
        try finishStartTag(isSelfClosing: true)
    }

    mutating func finishStartTag(isSelfClosing: Bool = false) throws(TemplateError.Rule) {
        guard let parent = open.last else { throw .syntax }
        if let rule = ElementRules.refusal(of: tag.name, in: open) { throw rule }
        if tag.name == "meta" && tag.attributes.contains("http-equiv") && !tag.dynamic.isEmpty { throw .attribute }
        let element = OpenElement(name: tag.name, inside: parent)
        let isForeign = parent.namespace != .html || tag.name == "svg" || tag.name == "math"
        let isVoid = !isForeign && ElementRules.void.contains(tag.name)
        guard !isSelfClosing || isForeign || isVoid else { throw .selfClosing }
        let hasText = ElementRules.escapableText.contains(tag.name) && !isSelfClosing
        open.modifyLast { $0.addElement() }
        elements.append(tag)
        if !hasText { markTag() }
        emit(isSelfClosing && isForeign ? "/>" : ">")
        state = .content
        guard !isVoid && !isSelfClosing else { return }
        open.append(element)
        swallowsNewline = !isForeign && ElementRules.swallowingNewline.contains(tag.name)
        if ElementRules.rawText.contains(tag.name) {
            word = []
            state = tag.name == "noscript" ? .content : .rawText
        } else if hasText {
            startElementText()
        }
    }

    /// Tells the client of the cells in this tag. `end` is behind the tag, if it has already been written.
    mutating func markTag(at end: Int? = nil) {
        guard !tag.cells.isEmpty else { return }
        let mark = Array(" data-h=\"\(tag.cells.map(String.init).joined(separator: " "))\"".utf8)
        wire.insert(contentsOf: mark, at: end.map { $0 - 1 } ?? wire.count)
    }

    mutating func readEndTagName(_ byte: UInt8) throws(TemplateError.Rule) {
        switch byte {
        case UInt8(ascii: ">"): try closeElement()
        case _ where byte.isSpace && !word.isEmpty: break
        case _ where byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-"): word.append(byte)
        default: throw .syntax
        }
    }

    private mutating func closeElement() throws(TemplateError.Rule) {
        let name = String(decoding: word, as: UTF8.self)
        guard open.count > 1, let element = open.popLast(), element.name == name.lowercased() else { throw .unclosed }
        if let number = element.onlyCell, cells.indices.contains(number) {
            cells[number].isSole = true
            cells[number].losesNewline = ElementRules.swallowingNewline.contains(element.name) && element.namespace == .html
        }
        emit("</\(name)>")
        swallowsNewline = false
        state = .content
    }
}
