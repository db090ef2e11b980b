// Rows that are written and forgotten. On the tape there are, behind the header with their number,
//
//     which rows these are, the number of the last change that was written, and for each row its key and its template
//
// so that all that is said of a row later is said of all of it.
extension TreeWriter {
    /// All of them, for a client that has none.
    mutating func stream(_ part: Part) throws(TemplateError) {
        guard case .changes(let changes) = part.value else { return }
        let rows = changes.rows
        var words: ContiguousArray<UInt64> = []
        sink.beginRows()
        for row in rows { words.append(try self.row(row)) }
        sink.endRows()
        remember(changes, rows.map(\.key), words)
    }

    /// What is new about them.
    mutating func stream(_ part: Part, _ number: Int, at offset: Int) throws(TemplateError) {
        guard case .changes(let changes) = part.value else { return }
        let header = TapeHeader(old[offset])
        let isSame = old[offset &+ 1] == changes.identity
        let applied = isSame ? Int(truncatingIfNeeded: old[offset &+ 2]) : 0
        streams.isUsed = true
        guard !isSame || changes.last > applied else { return }
        catchUp(to: offset)
        copied = offset &+ header.words
        var keys = (0..<header.first).map { old[offset &+ 3 &+ 2 &* $0] }
        var words = ContiguousArray((0..<header.first).map { old[offset &+ 4 &+ 2 &* $0] })
        sink.enter(number, .rows)
        let outdated = isSame ? [] : RowChanges.Change.removeAll.steps(&keys)
        try apply(outdated, &words)
        for (index, change) in changes.changes.enumerated() where changes.first &+ index > applied {
            try apply(change.steps(&keys), &words)
        }
        sink.leave()
        remember(changes, keys, words)
    }

    private mutating func apply(_ steps: [RowChanges.Step], _ words: inout ContiguousArray<UInt64>) throws(TemplateError) {
        for step in steps {
            switch step {
            case .replace(let index, let row): words[index] = try replace(index, row, words[index])
            case .remove(let range):
                sink.remove(at: range.lowerBound, count: range.count)
                words.removeSubrange(range)
            case .insert(let index, let rows):
                sink.insert(at: index)
                sink.beginRows()
                var new: ContiguousArray<UInt64> = []
                for row in rows { new.append(try self.row(row)) }
                sink.endRows()
                words.insert(contentsOf: new, at: index)
            }
        }
    }

    /// - Returns: the index of its template.
    private mutating func row(_ row: RowChanges.Row) throws(TemplateError) -> UInt64 {
        let html = row.html(), length = tape.count
        let template = try cache.template(of: html)
        try newRow(html, template)
        return forget(template, from: length)
    }

    /// Elements stay what they are where nothing but values can be others.
    private mutating func replace(_ index: Int, _ row: RowChanges.Row, _ word: UInt64) throws(TemplateError) -> UInt64 {
        let html = row.html(), length = tape.count
        let template = try cache.template(of: html)
        guard word == UInt64(template.index), template.hasOnlyScalars else {
            sink.row(index)
            try instance(html, template)
            return forget(template, from: length)
        }
        sink.enter(index, .row)
        for number in template.cells.indices {
            sink.cell(number)
            write(template.cells[number], html.parts)
        }
        sink.leave()
        return word
    }

    private mutating func forget(_ template: Template, from length: Int) -> UInt64 {
        if !template.hasOnlyScalars {
            streams.isDeep = true
            var finder = ViewFinder(cache.templates)
            finder.instance(at: length, on: tape)
            streams.views.formUnion(finder.found)
        }
        tape.removeSubrange(length...)
        return UInt64(template.index)
    }

    private mutating func remember(_ changes: RowChanges, _ keys: [UInt64], _ words: ContiguousArray<UInt64>) {
        tape.append(TapeHeader(keys.count, words: 3 &+ 2 &* keys.count).word)
        tape.append(changes.identity)
        tape.append(UInt64(truncatingIfNeeded: changes.last))
        for (key, word) in zip(keys, words) {
            tape.append(key)
            tape.append(word)
        }
        streams.isUsed = true
        streams.written.append(changes.owner)
    }
}

/// What a render had to do with rows that are forgotten.
struct StreamRecord {
    /// There are such rows.
    var isUsed = false
    /// Some have in them what a shape would have to tell.
    var isDeep = false
    /// Views that are in some.
    var views: Set<Int> = []
    /// Whose changes have been written.
    var written: [any Sendable] = []
}
