// Strategy: a message is written into memory that does not grow meanwhile. What does not fit is left out but counted; then the memory is made
// that long, and all of it is written again. Most messages fit at once.

import NIOCore

/// Memory to write into, and how far it is written.
struct Output {
    private let base: UnsafeMutablePointer<UInt8>?
    private let capacity: Int
    /// What was written, or would have been.
    private(set) var count = 0

    /// Something did not fit: what is here is not to be used.
    var isOverfull: Bool { count > capacity }

    init(_ memory: UnsafeMutableRawBufferPointer) {
        base = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        capacity = memory.count
    }

    /// Where the next `length` bytes go, which count as written.
    @inline(__always)
    private mutating func take(_ length: Int) -> UnsafeMutablePointer<UInt8>? {
        let start = count
        count &+= length
        guard let base, count <= capacity else { return nil }
        return base + start
    }

    /// Moves what was written from `start` on by so many bytes.
    @inline(__always)
    mutating func makeRoom(_ length: Int, at start: Int) {
        guard length > 0 else { return }
        let end = count
        guard take(length) != nil, let base, start <= end else { return }
        UnsafeMutableRawPointer(base + start + length).copyMemory(from: base + start, byteCount: end &- start)
    }

    /// Writes something again that has the place for it.
    @inline(__always)
    mutating func rewrite(from start: Int, _ body: (inout Output) -> Void) {
        guard !isOverfull else { return }
        let end = count
        count = start
        body(&self)
        count = end
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        take(1)?.pointee = byte
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, let target = take(bytes.count) else { return }
        UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The name of a field of JSON, with quotes and colon.
    @inline(__always)
    mutating func append(name: StaticString) {
        let length = name.utf8CodeUnitCount
        guard let target = take(length &+ 3) else { return }
        target[0] = UInt8(ascii: "\"")
        (target + 1).update(from: name.utf8Start, count: length)
        target[length &+ 1] = UInt8(ascii: "\"")
        target[length &+ 2] = UInt8(ascii: ":")
    }

    /// The number in decimal.
    @inline(__always)
    mutating func decimal(magnitude: UInt64, isNegative: Bool) {
        if isNegative { append(UInt8(ascii: "-")) }
        var digits = 1
        var power: UInt64 = 10
        while digits < 20, magnitude >= power {
            digits &+= 1
            power = digits < 20 ? power &* 10 : .max
        }
        guard let target = take(digits) else { return }
        var rest = magnitude
        for index in stride(from: digits &- 1, through: 0, by: -1) {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            target[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
    }
}

extension ByteBuffer {
    /// Appends what `body` writes; nothing at all if it says no.
    @inline(__always)
    mutating func append(_ body: (inout Output) -> Bool) {
        var room = 256
        while room > 0 {
            writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
                var output = Output(memory)
                let isWanted = body(&output)
                room = isWanted && output.isOverfull ? output.count : 0
                return isWanted && !output.isOverfull ? output.count : 0
            }
        }
    }
}
