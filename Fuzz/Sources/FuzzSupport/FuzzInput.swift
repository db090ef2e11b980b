/// What libFuzzer gives us, to be taken from the front: first the choices a target makes, then its data.
public struct FuzzInput {
    private var rest: ArraySlice<UInt8>

    /// Copies libFuzzer's bytes, so that a read beyond them is seen by the sanitizer and not by luck.
    public init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        self.rest = Array(UnsafeBufferPointer(start: start, count: count))[...]
    }

    /// Nothing is left.
    public var isEmpty: Bool { self.rest.isEmpty }

    /// The next byte, 0 at the end.
    public mutating func byte() -> UInt8 {
        self.rest.popFirst() ?? 0
    }

    /// A number in a range, made of the next byte.
    public mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(self.byte()) % range.count
    }

    /// True for an odd byte.
    public mutating func flag() -> Bool {
        self.byte() & 1 == 1
    }

    /// At most so many of the next bytes.
    public mutating func bytes(upTo count: Int) -> [UInt8] {
        defer { self.rest = self.rest.dropFirst(count) }
        return Array(self.rest.prefix(count))
    }

    /// All that is left.
    public mutating func remainder() -> [UInt8] {
        self.bytes(upTo: self.rest.count)
    }
}

/// Ends the run unless this is true: libFuzzer writes the input to a file.
public func require(_ isTrue: @autoclosure () throws -> Bool, _ what: @autoclosure () -> String) {
    do {
        guard try !isTrue() else { return }
        fatalError("does not hold: \(what())")
    } catch {
        fatalError("does not hold: \(what()): \(error)")
    }
}
