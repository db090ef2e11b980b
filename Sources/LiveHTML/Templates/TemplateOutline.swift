/// What a render needs of a template, in memory that is not counted: it is looked at for each row, and counting who looks would cost more than looking.
///
/// The template owns the memory. Who uses an outline holds the cache, and with it the template.
struct TemplateOutline {
    let index: Int
    /// All cells are single values.
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
        isFlat = steps.allSatisfy { $0.kind == .text || $0.kind == .integer || $0.kind == .optional }
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
        parts.withElements { parts in
            let part = parts + step.part
            switch step.kind {
            case .text: return hash.hash(part.pointee.text)
            case .optional: return part.pointee.number == 0 ? 0 : hash.hash(part.pointee.text)
            case .integer, .group, .markup, .rows, .stream, .view: return UInt64(bitPattern: Int64(part.pointee.number))
            }
        }
    }

    /// Whether an instance that is flat, remembered at `offset`, is still the same.
    @inline(__always)
    func isUnchanged(_ parts: Parts, _ old: Tape, at offset: Int, _ hash: ValueHash) -> Bool {
        for number in steps.indices where word(of: steps[number], parts, hash) != old[offset &+ 1 &+ number] { return false }
        return true
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
