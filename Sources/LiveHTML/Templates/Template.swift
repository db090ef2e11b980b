/// What the author of a literal wrote between the values, and what was found out about it.
final class Template {
    /// Its place in the cache.
    let index: Int
    /// What is painted before each value, and behind the last.
    let statics: [[UInt8]]
    let cells: [Cell]
    /// What a render needs of it.
    let outline: TemplateOutline
    /// It is one element, so a list needs no markers around it.
    let isOneElement: Bool
    /// Nothing in it has a length of its own.
    let hasOnlyScalars: Bool
    let fingerprint: String
    /// `"html",[cells]`
    let definition: [UInt8]
    /// What was last in each cell, which is most often what comes next.
    var lastInCell: ContiguousArray<Template?>

    init(_ parts: Parts, index: Int) throws(TemplateError) {
        let parsed = try TemplateParser(parts.map { ($0.literal.bytes, $0.kind) })
        self.index = index
        statics = parsed.statics
        cells = parsed.cells
        isOneElement = parsed.isOneElement
        hasOnlyScalars = parsed.cells.allSatisfy { $0.kind.isText || $0.kind == .raw }
        outline = TemplateOutline(index: index, parts: parts, cells: parsed.cells)
        definition = Self.definition(parsed)
        fingerprint = Fingerprint.text(of: definition)
        lastInCell = ContiguousArray(repeating: nil, count: parsed.cells.count)
    }

    deinit { outline.deallocate() }

    /// What is remembered of a cell of values.
    @inline(__always)
    func word(of step: TemplateOutline.Step, _ parts: Parts, _ number: Int, _ hash: ValueHash) -> UInt64 {
        step.kind == .group ? groupWord(number, parts, hash) : outline.word(of: step, parts, hash)
    }

    private func groupWord(_ number: Int, _ parts: Parts, _ hash: ValueHash) -> UInt64 {
        cells[number].parts.reduce(0) { state, part in parts[part].word(hash, after: state) }
    }
}

/// A number made of the content of a template, the same in every process, so that a browser can keep templates.
enum Fingerprint {
    private static let hash = KeyedHash(key: (0x6c69_7665_6874_6d6c, 1))
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// 64 bits in base64url.
    static func text(of content: [UInt8]) -> String {
        text(content.withUnsafeBytes { hash.hash($0) })
    }

    static func text(_ number: UInt64) -> String {
        let digits = (0..<11).map { digit in
            let shift = 58 - digit * 6
            let bits = shift >= 0 ? number >> UInt64(shift) : number << UInt64(-shift)
            return alphabet[Int(bits & 63)]
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
