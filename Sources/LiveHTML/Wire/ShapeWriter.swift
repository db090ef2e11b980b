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
            case .stream: next = stream(at: next, into: &output)
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

    private mutating func rows(at offset: Int, into output: inout [UInt8]) -> Int {
        var runs = Runs(&output)
        for row in tape.rowOffsets(at: offset) {
            var shape: [UInt8] = []
            instance(at: row, into: &shape)
            runs.add(shape, &output)
        }
        runs.end(&output)
        return offset &+ TapeHeader(tape[offset]).words
    }

    /// Rows of which there is the template alone.
    private mutating func stream(at offset: Int, into output: inout [UInt8]) -> Int {
        let header = TapeHeader(tape[offset])
        var runs = Runs(&output)
        for row in 0..<header.first {
            let template = templates[Int(truncatingIfNeeded: tape[offset &+ 4 &+ 2 &* row])]
            runs.add(Array("[\(known.number(of: template))]".utf8), &output)
        }
        runs.end(&output)
        return offset &+ header.words
    }

    /// Rows that look alike are counted.
    private struct Runs {
        private let start: Int
        private var last: [UInt8] = []
        private var count = 0

        init(_ output: inout [UInt8]) {
            output.append(",[")
            start = output.count
        }

        mutating func add(_ shape: [UInt8], _ output: inout [UInt8]) {
            if shape != last {
                write(&output)
                last = shape
                count = 0
            }
            count &+= 1
        }

        func end(_ output: inout [UInt8]) {
            write(&output)
            output.append(UInt8(ascii: "]"))
        }

        private func write(_ output: inout [UInt8]) {
            guard count > 0 else { return }
            if output.count > start { output.append(UInt8(ascii: ",")) }
            output.appendDecimal(count)
            output.append(UInt8(ascii: ","))
            output += last
        }
    }
}
