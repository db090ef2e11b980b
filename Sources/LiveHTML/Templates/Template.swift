/// What the author of a literal wrote between the values, and what was found out about it.
final class Template {
    /// Its place in the cache.
    let index: Int
    /// The literals and kinds by which it is known.
    private let identity: ContiguousArray<Identity>
    /// What is painted before each value, and behind the last.
    let statics: [[UInt8]]
    let cells: [Cell]
    /// What a render needs of the cells.
    let plan: ContiguousArray<Step>
    /// All cells are values.
    let isFlat: Bool
    /// It is one element, so a list needs no markers around it.
    let isOneElement: Bool
    let fingerprint: String
    /// `"html",[cells]`
    let definition: [UInt8]
    /// What was last in each cell, which is most often what comes next.
    var lastInCell: ContiguousArray<Template?>

    private struct Identity: Equatable {
        let literal: Literal
        let kind: Part.Kind
    }

    /// Trivial, so that going through them costs no reference counting.
    struct Step {
        enum Kind { case scalar, integer, group, markup, rows, view }
        let kind: Kind
        let part: Int
    }

    init(_ parts: Parts, index: Int) throws(TemplateError) {
        let parsed = try TemplateParser(parts.map { ($0.literal.bytes, $0.kind) })
        self.index = index
        identity = ContiguousArray(parts.map { Identity(literal: $0.literal, kind: $0.kind) })
        statics = parsed.statics
        cells = parsed.cells
        isOneElement = parsed.isOneElement
        plan = ContiguousArray(parsed.cells.map { Step($0, parts) })
        isFlat = plan.allSatisfy { $0.kind == .scalar || $0.kind == .integer || $0.kind == .group }
        definition = Self.definition(parsed)
        fingerprint = Fingerprint.text(of: definition)
        lastInCell = ContiguousArray(repeating: nil, count: parsed.cells.count)
    }

    /// Whether this markup was written at the same place, or at one that can't be told from it.
    func isOf(_ parts: Parts) -> Bool {
        guard parts.count == identity.count else { return false }
        return parts.withElements { parts in
            identity.indices.allSatisfy { identity[$0].literal == parts[$0].literal && identity[$0].kind == parts[$0].kind }
        }
    }

    /// What is remembered of a cell of values.
    @inline(__always)
    func word(of step: Step, _ parts: Parts, _ number: Int, _ hash: ValueHash) -> UInt64 {
        guard step.kind != .group else { return groupWord(number, parts, hash) }
        return parts.withElements { parts in
            if case .integer(let number) = parts[step.part].value, step.kind == .integer { return UInt64(bitPattern: Int64(number)) }
            return parts[step.part].value.word(hash)
        }
    }

    private func groupWord(_ number: Int, _ parts: Parts, _ hash: ValueHash) -> UInt64 {
        cells[number].parts.reduce(0) { state, part in parts[part].value.word(hash, after: state) }
    }

    /// Whether an instance with nothing but values in it, remembered at `offset`, is still the same.
    func isUnchanged(_ parts: Parts, _ old: Tape, at offset: Int, _ hash: ValueHash) -> Bool {
        for number in plan.indices where word(of: plan[number], parts, number, hash) != old[offset &+ 1 &+ number] { return false }
        return true
    }
}

extension Template.Step {
    init(_ cell: Cell, _ parts: Parts) {
        part = cell.parts.first ?? 0
        switch cell.kind {
        case .markup: kind = .markup
        case .rows: kind = .rows
        case .view: kind = .view
        case .text, .raw, .attribute, .wholeAttribute, .elementText:
            let isSimple = cell.parts.count == 1 && parts[part].kind != .markup
            kind = !isSimple ? .group : parts[part].kind == .integer ? .integer : .scalar
        }
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
