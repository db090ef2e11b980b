// Strategy: one pass over the literals with the states of the HTML standard's tokenizer (13.2.5), as far as well-formed markup needs them. Whatever that
// tokenizer, or the tree builder behind it, would repair is an error here instead. So the state in which a literal ends says for certain what the value
// behind it is, and the page's tree is the one that was written. It runs once for a template; the values of a render meet only what it decided.
//
// What is read goes to two outputs: `painted`, what stands between the values in a page, and `wire`, the markup with placeholders that a client gets.

/// Reads a template.
struct TemplateParser {
    enum State: Equatable {
        case content
        /// Behind `<`.
        case tagStart
        case startTagName, endTagName
        case beforeAttribute, attributeName, afterAttributeName, beforeValue
        case value(quote: UInt8)
        case unquotedValue
        case afterValue
        /// Behind `/` in a tag.
        case selfClosing
        /// Behind `<!`.
        case declaration
        case doctype, comment
        /// In an element in which there is no markup. It is the last that is open.
        case rawText, elementText
        /// Behind `<` in `elementText`.
        case elementTextEnd
    }

    var state = State.content
    /// Of the literal that is being read.
    var painted: [UInt8] = []
    /// Before each value, and behind the last.
    var statics: [[UInt8]] = []
    var wire: [UInt8] = []
    var cells: [Cell] = []
    /// All start tags.
    var elements: [Tag] = []
    var open = [OpenElement.top]
    var tag = Tag()
    var attribute = Attribute()
    var elementText = Attribute()
    /// What has been read of a name, a declaration or an end tag.
    var word: [UInt8] = []
    /// A newline that comes now is swallowed by a browser.
    var swallowsNewline = false
    /// For the error: what was read.
    private var source: [UInt8] = []

    /// The start tag that is being read.
    struct Tag {
        var name = ""
        var attributes: Set<String> = []
        /// Of the attributes without values.
        var values: [String: String] = [:]
        var dynamic: Set<String> = []
        var cells: [Int] = []
    }

    init(_ parts: some Sequence<(literal: [UInt8], kind: Part.Kind)>) throws(TemplateError) {
        do {
            for (index, part) in parts.enumerated() {
                for byte in part.literal {
                    source.append(byte)
                    try read(byte)
                }
                if part.kind == .joint || part.kind == .end { continue }
                source += Array("\\()".utf8)
                try value(part.kind, index)
            }
            try finish()
        } catch {
            throw TemplateError(error, at: String(decoding: source.suffix(80), as: UTF8.self))
        }
    }

    /// Of the whole template there is one element, and nothing beside it.
    var isOneElement: Bool { open.first?.isOneElement ?? false }

    private mutating func finish() throws(TemplateError.Rule) {
        guard state == .content else { throw .syntax }
        guard open.count == 1 else { throw .unclosed }
        statics.append(painted)
    }

    mutating func emit(_ byte: UInt8) {
        painted.append(byte)
        wire.append(byte)
    }

    mutating func emit(_ text: String) {
        painted += Array(text.utf8)
        wire += Array(text.utf8)
    }

    private mutating func read(_ byte: UInt8) throws(TemplateError.Rule) {
        switch state {
        case .content: try readContent(byte)
        case .tagStart: try readTagStart(byte)
        case .startTagName: try readStartTagName(byte)
        case .endTagName: try readEndTagName(byte)
        case .beforeAttribute: try readBeforeAttribute(byte)
        case .attributeName: try readAttributeName(byte)
        case .afterAttributeName: try readAfterAttributeName(byte)
        case .beforeValue: try readBeforeValue(byte)
        case .value(let quote): try readValue(byte, quote)
        case .unquotedValue: try readUnquotedValue(byte)
        case .afterValue: try readAfterValue(byte)
        case .selfClosing: try readSelfClosing(byte)
        case .declaration: try readDeclaration(byte)
        case .doctype: readDoctype(byte)
        case .comment: readComment(byte)
        case .rawText: try readRawText(byte)
        case .elementText: readElementText(byte)
        case .elementTextEnd: try readElementTextEnd(byte)
        }
    }
}

extension UInt8 {
    /// What HTML calls whitespace.
    var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0a || self == 0x0c || self == 0x0d }
    var isLetter: Bool { (0x61...0x7a).contains(self | 0x20) }
    var isDigit: Bool { (0x30...0x39).contains(self) }
}
