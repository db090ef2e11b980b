/// Patches and trees in bytes.
struct BinaryPatchSink: PatchSink {
    private(set) var output: [UInt8]
    private var pending = PendingPlaces()

    /// `output` has the message up to what is written here.
    init(_ output: consuming [UInt8]) {
        self.output = output
    }

    private mutating func flush() {
        guard !pending.isWritten else { return }
        for place in pending.flush() {
            switch place.level {
            case .markup:
                output.appendVarint(place.number &+ 1)
                output.append(1)
            case .rows:
                output.appendVarint(place.number &+ 1)
            case .row:
                output.appendVarint(place.number &+ 5)
                output.append(1)
            }
        }
    }

    mutating func enter(_ number: Int, _ level: PatchLevel) { pending.enter(number, level) }

    mutating func leave() {
        if pending.leave() { output.append(0) }
    }

    mutating func cell(_ number: Int) {
        flush()
        output.appendVarint(number &+ 1)
    }

    mutating func row(_ index: Int) {
        flush()
        output.appendVarint(index &+ 5)
    }

    mutating func scalar(_ scalar: Scalar) {
        switch scalar {
        case .absent: output.append(0)
        case .present: output.append(1)
        case .integer(let number):
            let start = output.count
            output.append(0)
            output.appendDecimal(number)
            output[start] = UInt8(truncatingIfNeeded: output.count &- start &+ 1)
        case .text(let text):
            output.appendVarint(text.utf8.count &+ 2)
            output.append(contentsOf: text.utf8)
        }
    }

    mutating func scalars(_ scalars: [Scalar]) {
        for scalar in scalars { self.scalar(scalar) }
    }

    mutating func view(_ number: Int) { output.appendVarint(number) }
    mutating func nothing() { output.append(0) }

    mutating func beginInstance(_ template: Int) { output.appendVarint(template &+ 2) }
    mutating func endInstance() {}
    mutating func beginRows() {}
    mutating func beginRow(_ template: Int) { output.appendVarint(template &+ 1) }
    mutating func endRow() {}
    mutating func endRows() { output.append(0) }

    private mutating func operation(_ code: UInt8, _ numbers: Int...) {
        flush()
        output.append(code)
        for number in numbers { output.appendVarint(number) }
    }

    mutating func remove(at index: Int, count: Int) { operation(1, index, count) }
    mutating func move(from index: Int, to target: Int, count: Int) { operation(2, index, target, count) }
    mutating func insert(at index: Int) { operation(4, index) }

    mutating func order(_ order: [RowRun]) {
        operation(3, order.count)
        for run in order {
            output.appendVarint(run.first)
            output.appendVarint(run.count << 1 ^ run.count >> (Int.bitWidth - 1))
        }
    }
}
