/// The markup of a template with the places of its cells, as a browser would find them in the parsed template.
struct ClientMarkup: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case text(String)
        case content(Int, isSole: Bool)
        /// The attributes of a tag that have values. What ends the tag follows, and then the text of the element if that is a cell.
        case attributes([Int])
    }

    private(set) var pieces: [Piece] = []
    /// It is one element, and nothing beside it.
    private(set) var isOneElement = true
    private var text: [UInt8] = []
    private var depth = 0
    private var elements = 0
    private var isBehindStartTag = false

    init(_ html: String) {
        var rest = Array(html.utf8)[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "<") {
                readTag(&rest)
            } else {
                add(rest.prefix { $0 != UInt8(ascii: "<") })
                rest = rest.drop { $0 != UInt8(ascii: "<") }
            }
        }
        end()
        isOneElement = isOneElement && elements == 1
    }

    /// Something that is no tag.
    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        if depth == 0 { isOneElement = false }
        text += bytes
        isBehindStartTag = false
    }

    private mutating func end() {
        if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
        text = []
    }

    private mutating func readTag(_ rest: inout ArraySlice<UInt8>) {
        let tag = Self.tag(rest)
        rest = rest.dropFirst(tag.count)
        if tag.starts(with: "<!--".utf8) {
            let isSole = isBehindStartTag && rest.starts(with: "</".utf8)
            add([])
            end()
            pieces.append(.content(Self.number(tag.dropFirst(4).dropLast(3)) ?? 0, isSole: isSole))
        } else if tag.starts(with: "</".utf8) {
            depth &-= 1
            text += tag
            isBehindStartTag = false
        } else {
            readStartTag(tag, &rest)
        }
    }

    private mutating func readStartTag(_ tag: ArraySlice<UInt8>, _ rest: inout ArraySlice<UInt8>) {
        if depth == 0 { elements &+= 1 }
        let name = String(decoding: tag.dropFirst().prefix { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }, as: UTF8.self)
            .lowercased()
        addTag(tag)
        let isEmpty = tag.suffix(2).elementsEqual("/>".utf8) || ElementRules.void.contains(name) || name.isEmpty
        isBehindStartTag = !isEmpty
        guard !isEmpty else { return }
        depth &+= 1
        guard ElementRules.rawText.contains(name) || ElementRules.escapableText.contains(name) else { return }
        // Nothing in it is a tag, up to its own end.
        while !rest.isEmpty, !rest.starts(with: "</".utf8) { text.append(rest.removeFirst()) }
    }

    /// The mark comes out, and the tag's cells come in.
    private mutating func addTag(_ tag: ArraySlice<UInt8>) {
        let mark = Array(" data-h=\"".utf8)
        guard let start = tag.indices.first(where: { tag[$0...].starts(with: mark) }) else {
            text += tag
            return
        }
        let numbers = tag[start...].dropFirst(mark.count).prefix { $0 != UInt8(ascii: "\"") }
        text += tag[..<start]
        end()
        pieces.append(.attributes(numbers.split(separator: UInt8(ascii: " ")).compactMap { Self.number($0) }))
        text += tag[numbers.endIndex...].dropFirst()
        end()
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? { Int(String(decoding: digits, as: UTF8.self)) }

    /// What begins here: a `>` in quotes is not its end.
    private static func tag(_ html: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var quote: UInt8?
        for index in html.indices {
            let byte = html[index]
            if quote == nil && byte == UInt8(ascii: ">") { return html[...index] }
            if byte == quote {
                quote = nil
            } else if quote == nil && (byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")) {
                quote = byte
            }
        }
        return html
    }
}
