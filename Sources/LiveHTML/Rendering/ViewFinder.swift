/// Finds where other views are in what is remembered of a view.
struct ViewFinder {
    let templates: ContiguousArray<Template>
    private(set) var found: Set<Int> = []

    init(_ templates: ContiguousArray<Template>) {
        self.templates = templates
    }

    /// Returns where the instance ends.
    @discardableResult
    mutating func instance(at offset: Int, on tape: Tape) -> Int {
        let header = TapeHeader(tape[offset]), template = templates[header.first]
        guard !template.hasOnlyScalars else { return offset &+ header.words }
        var next = offset &+ 1
        for step in template.outline.steps {
            switch step.kind {
            case .text, .integer, .optional, .group: next &+= 1
            case .markup:
                if tape[next] != 0 { instance(at: next, on: tape) }
                next &+= tape.markupWords(at: next)
            case .rows:
                for row in tape.rowOffsets(at: next) { instance(at: row, on: tape) }
                next &+= TapeHeader(tape[next]).words
            case .stream: next &+= TapeHeader(tape[next]).words
            case .view:
                if tape[next] != 0 { found.insert(Int(truncatingIfNeeded: tape[next])) }
                next &+= 1
            }
        }
        return next
    }
}
