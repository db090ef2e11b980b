// Compares markup with the last render and writes what is different.
//
// What is the same is not written onto the tape: `copied` says how far the old one is on the new one, and what lies between there and the place that is
// looked at is copied in one piece when something comes that is longer or shorter. If nothing does, the few words that are others are put into the old one.
extension TreeWriter {
    /// An instance of the same template as it was; `offset` is where the old one is.
    mutating func update(_ html: HTML, _ template: Template, at offset: Int) throws(TemplateError) {
        try descend()
        let start = place(of: offset)
        var old = offset &+ 1
        let parts = html.parts
        for number in template.outline.steps.indices {
            let step = template.outline.steps[number]
            switch step.kind {
            case .text, .integer, .optional, .group:
                let word = template.word(of: step, parts, number, hash)
                if replace(word, at: old) { scalars(template.cells[number], parts, number) }
                old &+= 1
            case .markup:
                try markup(parts[step.part], template, number, at: old)
                old &+= self.old.markupWords(at: old)
            case .rows:
                try rows(parts[step.part], number, at: old)
                old &+= TapeHeader(self.old[old]).words
            case .stream:
                try stream(parts[step.part], number, at: old)
                old &+= TapeHeader(self.old[old]).words
            case .view:
                view(parts[step.part], number, at: old)
                old &+= 1
            }
        }
        finish(TapeHeader(self.old[offset]), from: start, upTo: old)
        ascend()
    }

    /// Where on the new tape this word of the old one will be.
    private func place(of offset: Int) -> Int { tape.count &+ offset &- copied }

    /// Whether it is another.
    @inline(__always)
    private mutating func replace(_ word: UInt64, at offset: Int) -> Bool {
        guard word != old[offset] else { return false }
        change(word, at: offset)
        return true
    }

    /// If what is inside has become longer or shorter, the header has to say so.
    private mutating func finish(_ header: TapeHeader, from start: Int, upTo end: Int) {
        let words = place(of: end) &- start
        guard words != header.words else { return }
        catchUp(to: end)
        tape[start] = TapeHeader(header.first, words: words).word
    }

    @inline(never)
    private mutating func scalars(_ cell: Cell, _ parts: Parts, _ number: Int) {
        sink.cell(number)
        write(cell, parts)
    }

    private mutating func view(_ part: Part, _ number: Int, at offset: Int) {
        guard case .integer(let view) = part.value, replace(UInt64(bitPattern: Int64(view)), at: offset) else { return }
        sink.cell(number)
        sink.view(view)
    }

    private mutating func markup(_ part: Part, _ outer: Template, _ number: Int, at offset: Int) throws(TemplateError) {
        let header = TapeHeader(old[offset])
        guard case .markup(let html) = part.value, !html.isEmpty else {
            guard header.word != 0 else { return }
            skip(header, at: offset)
            tape.append(0)
            sink.cell(number)
            return sink.nothing()
        }
        let template = try template(of: html, hint: outer.lastInCell[number])
        if outer.lastInCell[number] !== template { outer.lastInCell[number] = template }
        guard header.word != 0, header.first == template.index else {
            skip(header, at: offset)
            sink.cell(number)
            return try instance(html, template)
        }
        sink.enter(number, .markup)
        try update(html, template, at: offset)
        sink.leave()
    }

    /// Leaves out what something else takes the place of.
    private mutating func skip(_ header: TapeHeader, at offset: Int) {
        catchUp(to: offset)
        copied = offset &+ (header.word == 0 ? 1 : header.words)
    }

    private mutating func rows(_ part: Part, _ number: Int, at offset: Int) throws(TemplateError) {
        guard case .rows(let rows) = part.value else { return }
        sink.enter(number, .rows)
        let start = place(of: offset)
        let same = rows.count == TapeHeader(old[offset]).first ? try sameRows(rows, at: offset) : 0
        if same == rows.count && same == TapeHeader(old[offset]).first {
            finish(TapeHeader(old[offset]), from: start, upTo: offset &+ TapeHeader(old[offset]).words)
        } else {
            try otherRows(rows, behind: same, from: start, at: offset)
        }
        sink.leave()
    }

    /// Most often all keys are what they were. Returns how many of the first are.
    private mutating func sameRows(_ rows: HTMLRows, at offset: Int) throws(TemplateError) -> Int {
        let count = rows.count
        guard count > 0 else { return 0 }
        var next = offset &+ 1 &+ count
        var index = 0
        var outline = cache.templates[TapeHeader(old[next]).first].outline
        // Not asked of self for each row, which would count as a use each time.
        let (old, hash) = (old, hash)
        try rows.forEach(0) { key, html throws(TemplateError) in
            guard index < count, key == old[offset &+ 1 &+ index] else { return false }
            if !outline.isUnchanged(html.parts, old, at: next, hash) {
                if !outline.isOf(html.parts) { outline = try cache.template(of: html).outline }
                try row(html, outline, index, at: next)
            }
            next &+= TapeHeader(old[next]).words
            index &+= 1
            return true
        }
        return index
    }

    /// A row that was there.
    private mutating func row(_ html: HTML, _ outline: TemplateOutline, _ index: Int, at offset: Int) throws(TemplateError) {
        let header = TapeHeader(old[offset])
        guard header.first == outline.index else {
            skip(header, at: offset)
            sink.row(index)
            return try instance(html, cache.templates[outline.index])
        }
        sink.enter(index, .row)
        try update(html, cache.templates[outline.index], at: offset)
        sink.leave()
    }

    /// Rows of which some have come, gone or moved. The first ones, which have not, have been gone through; `start` is where the list began then.
    private mutating func otherRows(_ rows: HTMLRows, behind same: Int, from start: Int, at offset: Int) throws(TemplateError) {
        let offsets = old.rowOffsets(at: offset)
        let first = takeBack(offsets, same, from: start, at: offset)
        let keys = rows.keys()
        let plan = RowPlan(from: old[(offset &+ 1)..<(offset &+ 1 &+ offsets.count)], to: keys[...])
        plan.write(to: &sink)
        let start = beginRows(keys)
        tape += first
        var index = same
        var isInserting = false
        var hint: Template?
        try rows.forEach(same) { _, html throws(TemplateError) in
            guard index < keys.count else { throw TemplateError(.rows) }
            let template = try template(of: html, hint: hint)
            hint = template
            if let source = plan.sources[index] {
                if isInserting { sink.endRows() }
                isInserting = false
                copied = offsets[source]
                if !template.outline.isUnchanged(html.parts, old, at: copied, hash) {
                    try row(html, template.outline, index, at: copied)
                }
                catchUp(to: offsets[source] &+ TapeHeader(old[offsets[source]]).words)
            } else {
                if !isInserting { beginInsertion(at: index) }
                isInserting = true
                try newRow(html, template)
            }
            index &+= 1
            return true
        }
        if isInserting { sink.endRows() }
        try endRows(start, keys, index)
        copied = offset &+ TapeHeader(old[offset]).words
    }

    /// Takes the list from the new tape, as far as it is there. Returns the instances of its first rows.
    private mutating func takeBack(_ offsets: ContiguousArray<Int>, _ same: Int, from start: Int, at offset: Int) -> Tape {
        guard same > 0 else {
            catchUp(to: offset)
            return []
        }
        catchUp(to: same < offsets.count ? offsets[same] : offset &+ TapeHeader(old[offset]).words)
        let first = Tape(tape[(start &+ 1 &+ offsets.count)...])
        tape.removeSubrange(start...)
        return first
    }

    private mutating func beginInsertion(at index: Int) {
        sink.insert(at: index)
        sink.beginRows()
    }
}

extension RowPlan {
    /// What is done to rows that were there, before others come.
    func write(to sink: inout some PatchSink) {
        for removal in removals { sink.remove(at: removal.index, count: removal.count) }
        for move in moves { sink.move(from: move.from, to: move.to, count: move.count) }
        if let order { sink.order(order) }
    }
}
