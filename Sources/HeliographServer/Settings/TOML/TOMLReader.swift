// Strategy: one pass over the bytes. Tables are objects that headers find again; values are made as nodes of YAML, so that all that reads a
// configuration reads TOML too. Arrays and inline tables nest at most 32 deep, so the recursion over them is bounded.

import Yams

/// Reads TOML 1.0, strictly.
struct TOMLReader {
    let bytes: [UInt8]
    var position = 0
    private(set) var line = 1
    static let maxDepth = 32
    /// Of a key with dots: each part is a table within a table.
    private static let maxParts = 32

    struct SyntaxError: Error, Hashable {
        let line: Int
        let text: String
    }

    /// - Returns: the document, and the lines of what is in it, by its path as in `channel.namespaces[0].name`.
    /// - Throws: ``SyntaxError`` if the text is no TOML.
    static func read(_ text: String) throws(SyntaxError) -> (node: Node, lines: [String: Int]) {
        var reader = TOMLReader(bytes: Array(text.utf8))
        let root = try reader.document()
        var lines: [String: Int] = [:]
        let node = root.node(at: "", &lines)
        return (node, lines)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Bytes

    /// The byte here, or some way on; nil behind the end.
    func byte(_ distance: Int = 0) -> UInt8? {
        bytes.indices.contains(position + distance) ? bytes[position + distance] : nil
    }

    func error(_ text: String) -> SyntaxError { SyntaxError(line: line, text: text) }

    mutating func take(_ text: StaticString) -> Bool {
        for index in 0..<text.utf8CodeUnitCount where byte(index) != text.utf8Start[index] { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    mutating func takeNewline() -> Bool {
        guard take("\n") || take("\r\n") else { return false }
        line += 1
        return true
    }

    mutating func skipSpaces() {
        while byte() == 0x20 || byte() == 0x09 { position += 1 }
    }

    private mutating func skipComment() throws(SyntaxError) {
        guard byte() == UInt8(ascii: "#") else { return }
        while let byte = byte(), byte != 0x0A, !(byte == 0x0D && self.byte(1) == 0x0A) {
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw error("a control character in a comment") }
            position += 1
        }
    }

    /// Spaces, comments and line ends.
    mutating func skipLines() throws(SyntaxError) {
        repeat {
            skipSpaces()
            try skipComment()
        } while takeNewline()
    }

    private mutating func endLine() throws(SyntaxError) {
        skipSpaces()
        try skipComment()
        guard byte() == nil || takeNewline() else { throw error("there is more behind the value") }
    }

    // MARK: The document

    private mutating func document() throws(SyntaxError) -> TOMLTable {
        _ = take("\u{FEFF}")
        let root = TOMLTable(.header, line: line)
        var current = root
        while true {
            try skipLines()
            guard let byte = byte() else { return root }
            if byte == UInt8(ascii: "[") { current = try header(root) } else { try pair(in: current) }
            try endLine()
        }
    }

    private mutating func header(_ root: TOMLTable) throws(SyntaxError) -> TOMLTable {
        let isElement = take("[[")
        if !isElement { _ = take("[") }
        skipSpaces()
        let path = try key()
        guard isElement ? take("]]") : take("]") else { throw error("a header has no end") }
        guard let last = path.last else { throw error("a header has no name") }
        var table = root
        for part in path.dropLast() { table = try step(into: part, of: table) }
        let new = TOMLTable(.header, line: line)
        switch (table[last], isElement) {
        case (nil, false): table.set(last, .table(new), line: line)
        case (nil, true): table.set(last, .tables(.init(new)), line: line)
        case (.tables(let tables), true): tables.list.append(new)
        case (.table(let table), false) where table.origin == .path:
            table.origin = .header
            return table
        default: throw error("\(last) is there already")
        }
        return new
    }

    /// On the way that a header names.
    private func step(into name: String, of table: TOMLTable) throws(SyntaxError) -> TOMLTable {
        switch table[name] {
        case nil:
            let new = TOMLTable(.path, line: line)
            table.set(name, .table(new), line: line)
            return new
        case .table(let table) where table.origin != .inline: return table
        case .tables(let tables):
            guard let last = tables.list.last else { throw error("\(name) is empty") }
            return last
        default: throw error("\(name) is no table, or is complete")
        }
    }

    /// `key = value`.
    mutating func pair(in table: TOMLTable, depth: Int = 0) throws(SyntaxError) {
        let path = try key()
        let start = line
        skipSpaces()
        guard take("=") else { throw error("there is no = behind the key") }
        skipSpaces()
        let value = try value(depth: depth + path.count - 1)
        guard let last = path.last else { throw error("there is no key") }
        var table = table
        for part in path.dropLast() {
            switch table[part] {
            case nil:
                let new = TOMLTable(.dots, line: start)
                table.set(part, .table(new), line: start)
                table = new
            case .table(let next) where next.origin == .dots: table = next
            default: throw error("\(part) is there already")
            }
        }
        guard table[last] == nil else { throw error("a key is given twice: \(last)") }
        table.set(last, value, line: start)
    }

    // MARK: Keys

    /// `a.b."c d"`, and the spaces behind it.
    private mutating func key() throws(SyntaxError) -> [String] {
        var parts: [String] = []
        repeat {
            skipSpaces()
            guard parts.count < Self.maxParts else { throw error("a key has more than \(Self.maxParts) parts") }
            parts.append(try simpleKey())
            skipSpaces()
        } while take(".")
        return parts
    }

    private mutating func simpleKey() throws(SyntaxError) -> String {
        if byte() == UInt8(ascii: "\"") { return try basicString() }
        if byte() == UInt8(ascii: "'") { return try literalString() }
        let start = position
        while let byte = byte(), Self.isBare(byte) { position += 1 }
        guard position > start else { throw error("there must be a key here") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
