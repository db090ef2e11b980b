import Yams

extension TOMLReader {
    mutating func value(depth: Int) throws(SyntaxError) -> TOMLTable.Value {
        guard depth < Self.maxDepth else { throw error("it is nested more than \(Self.maxDepth) deep") }
        switch byte() {
        case UInt8(ascii: "["): return .node(try array(depth: depth))
        case UInt8(ascii: "{"): return .table(try inlineTable(depth: depth))
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .node(.scalar(.init(try string(), Tag(.implicit), .doubleQuoted)))
        default:
            return .node(.scalar(.init(try plain(), Tag(.implicit), .plain)))
        }
    }

    private mutating func array(depth: Int) throws(SyntaxError) -> Node {
        _ = take("[")
        var elements: [Node] = []
        while true {
            try skipLines()
            if take("]") { break }
            elements.append(try value(depth: depth + 1).node)
            try skipLines()
            if take("]") { break }
            guard take(",") else { throw error("a list has no end, or no comma") }
        }
        return .sequence(.init(elements))
    }

    private mutating func inlineTable(depth: Int) throws(SyntaxError) -> TOMLTable {
        let table = TOMLTable(.dots, line: line)
        _ = take("{")
        skipSpaces()
        if !take("}") {
            repeat {
                skipSpaces()
                try pair(in: table, depth: depth + 1)
                skipSpaces()
            } while take(",")
            guard take("}") else { throw error("a table in braces has no end on its line, or no comma") }
        }
        table.close()
        return table
    }

    // MARK: Numbers, flags, times

    private mutating func plain() throws(SyntaxError) -> String {
        let start = position
        while let byte = byte(), !Self.endsPlain(byte) { position += 1 }
        // A date and a time may have a space between them.
        if position - start == 10, byte() == 0x20, let next = byte(1), Self.isDigit(next), byte(3) == UInt8(ascii: ":") {
            position += 1
            while let byte = byte(), !Self.endsPlain(byte) { position += 1 }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if ["true", "false", "inf", "+inf", "-inf", "nan", "+nan", "-nan"].contains(text) { return text }
        if let number = TOMLNumber.text(text) ?? TOMLTime.text(text) { return number }
        throw error(text.isEmpty ? "there is no value" : "\(text.prefix(40)) is no value; text must be in quotes")
    }

    private static func endsPlain(_ byte: UInt8) -> Bool {
        [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "#")].contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    // MARK: Text

    private mutating func string() throws(SyntaxError) -> String {
        if take("\"\"\"") { return try multiLine(UInt8(ascii: "\"")) }
        if take("'''") { return try multiLine(UInt8(ascii: "'")) }
        return byte() == UInt8(ascii: "\"") ? try basicString() : try literalString()
    }

    mutating func basicString() throws(SyntaxError) -> String {
        position += 1
        var text: [UInt8] = []
        while !take("\"") {
            if take("\\") { text += try escape() } else { text.append(try character()) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    mutating func literalString() throws(SyntaxError) -> String {
        position += 1
        var text: [UInt8] = []
        while !take("'") { text.append(try character()) }
        return String(decoding: text, as: UTF8.self)
    }

    /// A byte of text: no line end and no other control character.
    private mutating func character() throws(SyntaxError) -> UInt8 {
        guard let byte = byte() else { throw error("a text has no end") }
        guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw error("a control character, or a line end, in a text") }
        position += 1
        return byte
    }

    private mutating func multiLine(_ quote: UInt8) throws(SyntaxError) -> String {
        let isBasic = quote == UInt8(ascii: "\"")
        _ = takeNewline()
        var text: [UInt8] = []
        while true {
            let quotes = (0..<6).prefix { byte($0) == quote }.count
            if quotes >= 3 {
                // Up to two of them are the text's own.
                guard quotes <= 5 else { throw error("too many quotes") }
                text += Array(repeating: quote, count: quotes - 3)
                position += quotes
                return String(decoding: text, as: UTF8.self)
            }
            let start = position
            if takeNewline() {
                text += bytes[start..<position]
            } else if isBasic, take("\\") {
                text += try continued() ? [] : escape()
            } else {
                text.append(try character())
            }
        }
    }

    /// A backslash at the end of a line: the white space that follows is not of the text.
    private mutating func continued() throws(SyntaxError) -> Bool {
        let (start, startLine) = (position, line)
        skipSpaces()
        guard takeNewline() else {
            position = start
            guard line == startLine else { throw error("a line end in an escape") }
            return false
        }
        repeat { skipSpaces() } while takeNewline()
        return true
    }

    private mutating func escape() throws(SyntaxError) -> [UInt8] {
        guard let byte = byte() else { throw error("a text has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte]
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default: throw error("there is no such escape")
        }
    }

    private mutating func scalar(digits: Int) throws(SyntaxError) -> [UInt8] {
        var code: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = byte(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("an escape needs \(digits) hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("an escape is no character of Unicode") }
        return Array(String(Character(scalar)).utf8)
    }
}
