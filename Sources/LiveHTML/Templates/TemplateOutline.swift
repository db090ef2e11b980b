/// What a render needs of a template, in memory that is not counted: it is looked at for each row, and counting who looks would cost more than looking.
///
/// The template owns the memory. Who uses an outline holds the cache, and with it the template.
struct TemplateOutline {
    let index: Int
    /// Each value is a cell by itself, and they are in the same order.
    let isFlat: Bool
    /// The literals and kinds by which markup of this template is known.
    private let identity: UnsafeMutableBufferPointer<Identity>
    let steps: UnsafeMutableBufferPointer<Step>

    private struct Identity {
        let address: UInt
        let form: UInt64
    }

    /// A cell.
    struct Step {
        enum Kind { case text, integer, optional, group, markup, rows, stream, view }
        let kind: Kind
        /// Of its first value.
        let part: Int
    }

    init(index: Int, parts: Parts, cells: [Cell]) {
        self.index = index
        identity = .allocate(capacity: parts.count)
        _ = identity.initialize(from: parts.map { Identity(address: $0.address, form: $0.form) })
        steps = .allocate(capacity: cells.count)
        _ = steps.initialize(from: cells.map { Step($0, parts) })
        isFlat =
            steps.allSatisfy { $0.kind == .text || $0.kind == .integer || $0.kind == .optional }
            && steps.map(\.part) == parts.indices.filter { parts[$0].hasValue }
    }

    func deallocate() {
        identity.deallocate()
        steps.deallocate()
    }

    /// Whether this markup was written at the same place, or at one that can't be told from it.
    @inline(__always)
    func isOf(_ parts: Parts) -> Bool {
        guard parts.count == identity.count, var known = identity.baseAddress else { return parts.count == identity.count }
        return parts.withElements { parts in
            var part = parts
            let end = part + identity.count
            while part < end {
                if part.pointee.address != known.pointee.address || part.pointee.form != known.pointee.form { return false }
                part += 1
                known += 1
            }
            return true
        }
    }

    /// What is remembered of a cell with one value.
    @inline(__always)
    func word(of step: Step, _ parts: Parts, _ hash: ValueHash) -> UInt64 {
        parts.withElements { Self.word(of: $0 + step.part, hash) }
    }

    /// Whether a flat instance of this template is at `offset`, and this markup would be the same. One look at each part: most rows of a list are what
    /// they were.
    @inline(__always)
    func isUnchanged(_ parts: Parts, _ old: Tape, at offset: Int, _ hash: ValueHash) -> Bool {
        guard isFlat, TapeHeader(old[offset]).first == index, parts.count == identity.count, var known = UnsafePointer(identity.baseAddress)
        else { return false }
        return parts.withElements { parts in
            var part = parts
            let end = part + identity.count
            var next = offset &+ 1
            while part < end {
                if part.pointee.address != known.pointee.address || part.pointee.form != known.pointee.form { return false }
                if part.pointee.hasValue {
                    if old[next] != Self.word(of: part, hash) { return false }
                    next &+= 1
                }
                part += 1
                known += 1
            }
            return true
        }
    }

    /// What is remembered of a cell that has this value alone.
    @inline(__always)
    private static func word(of part: UnsafePointer<Part>, _ hash: ValueHash) -> UInt64 {
        if part.pointee.isTrivial { return UInt64(bitPattern: Int64(part.pointee.number)) }
        if part.pointee.number == 0 && part.pointee.kind == .optional { return 0 }
        return hash.hash(part.pointee.text)
    }
}

extension TemplateOutline.Step {
    init(_ cell: Cell, _ parts: Parts) {
        part = cell.parts.first ?? 0
        switch cell.kind {
        case .markup: kind = .markup
        case .rows: kind = parts[part].kind == .changes ? .stream : .rows
        case .view: kind = .view
        case .text, .raw, .attribute, .wholeAttribute, .elementText:
            let first = parts[part].kind
            kind =
                switch cell.parts.count == 1 ? first : .markup {
                case .integer, .flag: .integer
                case .text, .raw: .text
                case .optional: .optional
                case .joint, .end, .view, .markup, .rows, .changes: .group
                }
        }
    }
}
