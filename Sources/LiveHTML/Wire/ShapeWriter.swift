/// Says which templates an instance is made of (Docs/live-protocol.md, 4), from what is remembered of it.
struct ShapeWriter {
    let tape: Tape
    let templates: ContiguousArray<Template>
    var known: KnownTemplates

    /// Returns where the instance ends.
    @discardableResult
    mutating func instance(at offset: Int, into output: inout [UInt8]) -> Int {
        let header = TapeHeader(tape[offset])
        let template = templates[header.first]
        output.append(UInt8(ascii: "["))
        output.appendDecimal(known.number(of: template))
        var next = offset &+ 1
        for step in template.outline.steps {
            switch step.kind {
            case .text, .integer, .optional, .group: next &+= 1
            case .markup: next = markup(at: next, into: &output)
            case .rows: next = rows(at: next, into: &output)
            case .view:
                output.append(UInt8(ascii: ","))
                output.appendDecimal(Int(truncatingIfNeeded: tape[next]))
                next &+= 1
            }
        }
        output.append(UInt8(ascii: "]"))
        return next
    }

    private mutating func markup(at offset: Int, into output: inout [UInt8]) -> Int {
        output.append(UInt8(ascii: ","))
        if tape[offset] != 0 { return instance(at: offset, into: &output) }
        output.append(UInt8(ascii: "0"))
        return offset &+ 1
    }

    /// Rows that look alike are counted.
    private mutating func rows(at offset: Int, into output: inout [UInt8]) -> Int {
        output.append(",[")
        let start = output.count
        var last: [UInt8] = []
        var count = 0
        func end(_ output: inout [UInt8]) {
            guard count > 0 else { return }
            if output.count > start { output.append(UInt8(ascii: ",")) }
            output.appendDecimal(count)
            output.append(UInt8(ascii: ","))
            output += last
        }
        for row in tape.rowOffsets(at: offset) {
            var shape: [UInt8] = []
            instance(at: row, into: &shape)
            if shape != last {
                end(&output)
                last = shape
                count = 0
            }
            count &+= 1
        }
        end(&output)
        output.append(UInt8(ascii: "]"))
        return offset &+ TapeHeader(tape[offset]).words
    }
}
