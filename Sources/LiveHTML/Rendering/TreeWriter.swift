// Writes whole instances: into the sink what the client needs, onto the tape what is remembered.

/// Goes through markup, against what is remembered of the last render or without.
struct TreeWriter<Sink: PatchSink> {
    let cache: TemplateCache
    let hash: KeyedHash
    /// Of the last render; empty if there was none.
    let old: Tape
    var tape: Tape
    var sink: Sink
    var known: KnownTemplates
    private var depth = 0

    init(cache: TemplateCache, old: Tape, tape: Tape, sink: Sink, known: KnownTemplates) {
        self.cache = cache
        self.hash = cache.hash
        self.old = old
        self.tape = tape
        self.sink = sink
        self.known = known
    }

    /// The template of markup, which most often is the one that was at this place before.
    @inline(__always)
    func template(of html: HTML, hint: Template?) throws(TemplateError) -> Template {
        if let hint, hint.isOf(html.parts) { return hint }
        return try cache.template(of: html)
    }

    mutating func descend() throws(TemplateError) {
        guard depth < Depth.max else { throw TemplateError(.depth) }
        depth &+= 1
    }

    mutating func ascend() { depth &-= 1 }

    mutating func instance(_ html: HTML, _ template: Template) throws(TemplateError) {
        sink.beginInstance(known.number(of: template))
        try values(html.parts, template)
        sink.endInstance()
    }

    /// All cells of an instance.
    mutating func values(_ parts: Parts, _ template: Template) throws(TemplateError) {
        try descend()
        let start = tape.count
        tape.append(0)
        for (number, step) in template.plan.enumerated() {
            switch step.kind {
            case .scalar, .integer, .group:
                tape.append(word(of: step, parts, template, number))
                sink.scalars(template.cells[number].scalars(in: parts))
            case .markup: try markup(parts[step.part], template, number)
            case .rows: try rows(parts[step.part])
            case .view: sink.view(view(parts[step.part]))
            }
        }
        tape[start] = TapeHeader(template.index, words: tape.count &- start).word
        ascend()
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
        try rows.forEach { html throws(TemplateError) in
            index &+= 1
            hint = try row(html, hint)
        }
        sink.endRows()
        try endRows(start, keys, index)
    }

    mutating func row(_ html: HTML, _ hint: Template?) throws(TemplateError) -> Template {
        let template = try template(of: html, hint: hint)
        sink.beginRow(known.number(of: template))
        try values(html.parts, template)
        sink.endRow()
        return template
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

    /// What is remembered of a cell of values.
    @inline(__always)
    func word(of step: Template.Step, _ parts: Parts, _ template: Template, _ number: Int) -> UInt64 {
        switch step.kind {
        case .integer:
            if case .integer(let number) = parts[step.part].value { return UInt64(bitPattern: Int64(number)) }
            return 0
        case .group: return groupWord(template.cells[number].parts, parts)
        case .scalar, .markup, .rows, .view: return parts[step.part].word(hash)
        }
    }

    private func groupWord(_ places: [Int], _ parts: Parts) -> UInt64 {
        var state = hash.start()
        for place in places { parts[place].hash(into: &state) }
        return state.finish()
    }
}

extension Part {
    @inline(__always)
    func word(_ hash: KeyedHash) -> UInt64 {
        switch value {
        case .text(let text): hash.hash(text)
        case .integer(let number): hash.hash(number)
        case .flag(let flag): flag ? 1 : 2
        case .none, .rows, .markup: 3
        }
    }

    func hash(into state: inout KeyedHash.State) {
        switch value {
        case .text(let text): state.append(text)
        case .integer(let number): state.append(UInt64(bitPattern: Int64(number)))
        case .flag(let flag): state.append(flag ? 1 : 2)
        case .markup(let html): state.append(html.writtenText)
        case .none, .rows: state.append(3)
        }
    }
}

/// What a view calls its templates, in the order in which it first needed them.
struct KnownTemplates {
    private(set) var indices: ContiguousArray<Int32> = []
    private var last: (index: Int32, number: Int) = (-1, 0)

    mutating func number(of template: Template) -> Int {
        let index = Int32(truncatingIfNeeded: template.index)
        if last.index == index { return last.number }
        let number = indices.firstIndex(of: index) ?? indices.count
        if number == indices.count { indices.append(index) }
        last = (index, number)
        return number
    }
}
