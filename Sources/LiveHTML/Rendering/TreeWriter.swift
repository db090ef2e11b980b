// Writes whole instances: into the sink what the client needs, onto the tape what is remembered.

/// Goes through markup, against what is remembered of the last render or without.
struct TreeWriter<Sink: PatchSink> {
    let cache: TemplateCache
    let hash: ValueHash
    /// Of the last render; empty if there was none.
    let old: Tape
    /// Of this one. It is begun when something has become longer or shorter; up to `copied` the old one is on it.
    var tape: Tape = []
    var copied = 0
    /// Words that are others and not on the tape yet, in their order.
    private var changes: [(offset: Int, word: UInt64)] = []
    var sink: Sink
    var known: KnownTemplates
    var streams = StreamRecord()
    private var depth = 0

    init(cache: TemplateCache, old: Tape, sink: Sink, known: KnownTemplates) {
        self.cache = cache
        self.hash = cache.hash
        self.old = old
        self.sink = sink
        self.known = known
    }

    /// When all has been gone through.
    mutating func finished() -> TapeChange {
        if copied == 0 && tape.isEmpty && !old.isEmpty { return .words(changes) }
        catchUp(to: old.count)
        return .whole(tape)
    }

    mutating func change(_ word: UInt64, at offset: Int) {
        changes.append((offset, word))
    }

    /// What is as it was, and single words that are not, up to here.
    @inline(__always)
    mutating func catchUp(to offset: Int) {
        if !changes.isEmpty { takeChanges() }
        tape.append(contentsOf: old[copied..<offset])
        copied = offset
    }

    private mutating func takeChanges() {
        for change in changes {
            tape.append(contentsOf: old[copied..<change.offset])
            tape.append(change.word)
            copied = change.offset &+ 1
        }
        changes = []
    }

    /// The template of markup, which most often is the one that was at this place before.
    @inline(__always)
    func template(of html: HTML, hint: Template?) throws(TemplateError) -> Template {
        if let hint, hint.outline.isOf(html.parts) { return hint }
        return try cache.template(of: html)
    }

    mutating func descend() throws(TemplateError) {
        guard depth < Depth.max else { throw TemplateError(.depth) }
        depth &+= 1
    }

    mutating func ascend() { depth &-= 1 }

    mutating func instance(_ html: HTML, _ template: Template) throws(TemplateError) {
        sink.beginInstance(known.number(of: template))
        // Of a view without lists and conditions that is all.
        if tape.isEmpty { tape.reserveCapacity(template.outline.steps.count &+ 1) }
        try values(html.parts, template)
        sink.endInstance()
    }

    /// All cells of an instance.
    mutating func values(_ parts: Parts, _ template: Template) throws(TemplateError) {
        try descend()
        let start = tape.count
        tape.append(0)
        for (number, step) in template.outline.steps.enumerated() {
            switch step.kind {
            case .text, .integer, .optional, .group:
                tape.append(template.word(of: step, parts, number, hash))
                write(template.cells[number], parts)
            case .markup: try markup(parts[step.part], template, number)
            case .rows: try rows(parts[step.part])
            case .stream: try stream(parts[step.part])
            case .view: sink.view(view(parts[step.part]))
            }
        }
        tape[start] = TapeHeader(template.index, words: tape.count &- start).word
        ascend()
    }

    /// The value of a cell; most often it is one, and a text.
    mutating func write(_ cell: Cell, _ parts: Parts) {
        if cell.parts.count == 1 && cell.context == .plain && cell.kind != .wholeAttribute {
            sink.scalar(parts[cell.parts[0]].asText)
        } else {
            sink.scalars(cell.scalars(in: parts))
        }
    }

    private mutating func markup(_ part: Part, _ template: Template, _ number: Int) throws(TemplateError) {
        guard case .markup(let html) = part.value, !html.isEmpty else {
            tape.append(0)
            return sink.nothing()
        }
        let inner = try self.template(of: html, hint: template.lastInCell[number])
        template.lastInCell[number] = inner
        try instance(html, inner)
    }

    /// Onto the tape too.
    mutating func view(_ part: Part) -> Int {
        guard case .integer(let number) = part.value else { return 0 }
        tape.append(UInt64(bitPattern: Int64(number)))
        return number
    }

    private mutating func rows(_ part: Part) throws(TemplateError) {
        guard case .rows(let rows) = part.value else { return }
        let keys = rows.keys()
        let start = beginRows(keys)
        sink.beginRows()
        var index = 0
        var hint: Template?
        try rows.forEach(0) { _, html throws(TemplateError) in
            let template = try template(of: html, hint: hint)
            hint = template
            try newRow(html, template)
            index &+= 1
            return true
        }
        sink.endRows()
        try endRows(start, keys, index)
    }

    mutating func newRow(_ html: HTML, _ template: Template) throws(TemplateError) {
        sink.beginRow(known.number(of: template))
        try values(html.parts, template)
        sink.endRow()
    }

    mutating func beginRows(_ keys: ContiguousArray<UInt64>) -> Int {
        tape.append(0)
        tape.append(contentsOf: keys)
        return tape.count &- keys.count &- 1
    }

    mutating func endRows(_ start: Int, _ keys: ContiguousArray<UInt64>, _ visited: Int) throws(TemplateError) {
        guard visited == keys.count else { throw TemplateError(.rows) }
        tape[start] = TapeHeader(keys.count, words: tape.count &- start).word
    }
}

/// What a view calls its templates, in the order in which it first needed them.
struct KnownTemplates {
    /// Most often it is the only one, for which there need be no array.
    private var first: Int32?
    private var others: ContiguousArray<Int32> = []
    private var last: (index: Int32, number: Int32) = (-1, 0)

    var count: Int { first == nil ? 0 : others.count &+ 1 }
    var indices: [Int32] { first.map { [$0] + others } ?? [] }

    mutating func number(of template: Template) -> Int {
        let index = Int32(truncatingIfNeeded: template.index)
        if last.index == index { return Int(last.number) }
        let number = find(index)
        last = (index, Int32(truncatingIfNeeded: number))
        return number
    }

    private mutating func find(_ index: Int32) -> Int {
        guard let first else {
            first = index
            return 0
        }
        if index == first { return 0 }
        let place = others.firstIndex(of: index) ?? others.count
        if place == others.count { others.append(index) }
        return place &+ 1
    }
}
