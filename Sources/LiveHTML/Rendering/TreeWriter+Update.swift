// Compares markup with the last render and writes what is different.
extension TreeWriter {
    /// An instance of the same template as it was; `offset` is where the old one is.
    mutating func update(_ html: HTML, _ template: Template, at offset: Int) throws(TemplateError) {
        try descend()
        let start = tape.count
        tape.append(0)
        var old = offset &+ 1
        let parts = html.parts
        for number in template.plan.indices {
            let step = template.plan[number]
            switch step.kind {
            case .scalar, .integer, .group:
                let word = word(of: step, parts, template, number)
                tape.append(word)
                if word != self.old[old] { scalars(template.cells[number], parts, number) }
                old &+= 1
            case .markup:
                try markup(parts[step.part], template, number, at: old)
                old &+= self.old.markupWords(at: old)
            case .rows:
                try rows(parts[step.part], number, at: old)
                old &+= TapeHeader(self.old[old]).words
            case .view:
                let view = view(parts[step.part])
                if UInt64(bitPattern: Int64(view)) != self.old[old] {
                    sink.cell(number)
                    sink.view(view)
                }
                old &+= 1
            }
        }
        tape[start] = TapeHeader(template.index, words: tape.count &- start).word
        ascend()
    }

    @inline(never)
    private mutating func scalars(_ cell: Cell, _ parts: Parts, _ number: Int) {
        sink.cell(number)
        sink.scalars(cell.scalars(in: parts))
    }

    private mutating func markup(_ part: Part, _ outer: Template, _ number: Int, at offset: Int) throws(TemplateError) {
        let header = TapeHeader(old[offset])
        guard case .markup(let html) = part.value, !html.isEmpty else {
            tape.append(0)
            guard header.word != 0 else { return }
            sink.cell(number)
            return sink.nothing()
        }
        let template = try template(of: html, hint: outer.lastInCell[number])
        outer.lastInCell[number] = template
        guard header.word != 0, header.first == template.index else {
            sink.cell(number)
            return try instance(html, template)
        }
        sink.enter(number, .markup)
        try update(html, template, at: offset)
        sink.leave()
    }

    private mutating func rows(_ part: Part, _ number: Int, at offset: Int) throws(TemplateError) {
        guard case .rows(let rows) = part.value else { return }
        let keys = rows.keys()
        let count = TapeHeader(old[offset]).first
        sink.enter(number, .rows)
        if keys.elementsEqual(old[(offset &+ 1)..<(offset &+ 1 &+ count)]) {
            try sameRows(rows, keys, at: offset)
        } else {
            try otherRows(rows, keys, at: offset)
        }
        sink.leave()
    }

    private mutating func sameRows(_ rows: HTMLRows, _ keys: ContiguousArray<UInt64>, at offset: Int) throws(TemplateError) {
        let start = beginRows(keys)
        var old = offset &+ 1 &+ keys.count
        var index = 0
        var hint: Template?
        try rows.forEach { html throws(TemplateError) in
            guard index < keys.count else { throw TemplateError(.rows) }
            hint = try row(html, hint, index, at: old)
            old &+= TapeHeader(self.old[old]).words
            index &+= 1
        }
        try endRows(start, keys, index)
    }

    /// A row that was there.
    private mutating func row(_ html: HTML, _ hint: Template?, _ index: Int, at offset: Int) throws(TemplateError) -> Template {
        let template = try template(of: html, hint: hint)
        if TapeHeader(old[offset]).first == template.index {
            sink.enter(index, .row)
            try update(html, template, at: offset)
            sink.leave()
        } else {
            sink.row(index)
            try instance(html, template)
        }
        return template
    }

    private mutating func otherRows(_ rows: HTMLRows, _ keys: ContiguousArray<UInt64>, at offset: Int) throws(TemplateError) {
        let offsets = old.rowOffsets(at: offset)
        let plan = RowPlan(from: old[(offset &+ 1)..<(offset &+ 1 &+ offsets.count)], to: keys[...])
        plan.write(to: &sink)
        let start = beginRows(keys)
        var index = 0
        var isInserting = false
        var hint: Template?
        try rows.forEach { html throws(TemplateError) in
            guard index < keys.count else { throw TemplateError(.rows) }
            if let source = plan.sources[index] {
                if isInserting { sink.endRows() }
                isInserting = false
                hint = try row(html, hint, index, at: offsets[source])
            } else {
                if !isInserting { beginInsertion(at: index) }
                isInserting = true
                hint = try row(html, hint)
            }
            index &+= 1
        }
        if isInserting { sink.endRows() }
        try endRows(start, keys, index)
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
