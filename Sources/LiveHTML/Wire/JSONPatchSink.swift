/// Patches and trees in JSON.
struct JSONPatchSink: PatchSink {
    private(set) var output: [UInt8]
    private var pending = PendingPlaces()

    /// `output` has the message up to what is written here.
    init(_ output: consuming [UInt8]) {
        self.output = output
    }

    /// A comma, unless this is the first of its array.
    private mutating func separate() {
        if let last = output.last, last != UInt8(ascii: "["), last != UInt8(ascii: ":") { output.append(UInt8(ascii: ",")) }
    }

    private mutating func number(_ number: Int) {
        separate()
        output.appendDecimal(number)
    }

    private mutating func flush() {
        guard !pending.isWritten else { return }
        for place in pending.flush() {
            number(place.number)
            output.append(",[")
        }
    }

    mutating func enter(_ number: Int, _ level: PatchLevel) { pending.enter(number, level) }

    mutating func leave() {
        if pending.leave() { output.append(UInt8(ascii: "]")) }
    }

    mutating func cell(_ number: Int) {
        flush()
        self.number(number)
    }

    mutating func row(_ index: Int) { cell(index) }

    mutating func scalar(_ scalar: Scalar) {
        separate()
        switch scalar {
        case .absent: output.append("false")
        case .present: output.append("true")
        case .integer(let number): append(number)
        case .text(let text): output.appendJSON(text)
        }
    }

    /// A number of JSON is read as a `Double` by a browser.
    private mutating func append(_ number: Int) {
        let isExact = number.magnitude <= 1 << 53
        if !isExact { output.append(UInt8(ascii: "\"")) }
        output.appendDecimal(number)
        if !isExact { output.append(UInt8(ascii: "\"")) }
    }

    /// Several of one cell are an array.
    mutating func scalars(_ scalars: [Scalar]) {
        if scalars.count == 1 { return scalar(scalars[0]) }
        separate()
        output.append(UInt8(ascii: "["))
        for scalar in scalars { self.scalar(scalar) }
        output.append(UInt8(ascii: "]"))
    }

    mutating func view(_ number: Int) { self.number(number) }

    mutating func nothing() {
        separate()
        output.append("null")
    }

    mutating func beginInstance(_ template: Int) {
        separate()
        output.append("{\"")
        output.appendDecimal(template)
        output.append("\":[")
    }

    mutating func endInstance() { output.append("]}") }

    private var lastTemplate: Int? = nil
    private var outerTemplates: [Int?] = []

    mutating func beginRows() {
        separate()
        output.append(UInt8(ascii: "["))
        outerTemplates.append(lastTemplate)
        lastTemplate = nil
    }

    mutating func beginRow(_ template: Int) {
        if lastTemplate != template { number(template) }
        lastTemplate = template
        separate()
        output.append(UInt8(ascii: "["))
    }

    mutating func endRow() { output.append(UInt8(ascii: "]")) }

    mutating func endRows() {
        lastTemplate = outerTemplates.popLast() ?? nil
        output.append(UInt8(ascii: "]"))
    }

    private mutating func operation(_ name: StaticString, _ numbers: Int...) {
        flush()
        separate()
        output.append(name)
        for number in numbers { self.number(number) }
    }

    mutating func remove(at index: Int, count: Int) { operation("\"-\"", index, count) }
    mutating func move(from index: Int, to target: Int, count: Int) { operation("\">\"", index, target, count) }
    mutating func insert(at index: Int) { operation("\"+\"", index) }

    mutating func order(_ order: [RowRun]) {
        operation("\"=\"")
        output.append(",[")
        for run in order {
            separate()
            if run.count == 1 {
                output.appendDecimal(run.first)
            } else {
                output.append(UInt8(ascii: "["))
                output.appendDecimal(run.first)
                number(run.count)
                output.append(UInt8(ascii: "]"))
            }
        }
        output.append(UInt8(ascii: "]"))
    }
}
