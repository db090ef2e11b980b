// Strategy: a message is written into memory of one length, with no growth in between. What does not fit is left out and noted; then all of it is
// written again into twice the memory. The first length is measured, so that happens to JSON with many escapes alone.

import NIOCore

/// Memory to write into, and how far it is written.
struct Output {
    private let base: UnsafeMutablePointer<UInt8>?
    private let capacity: Int
    private(set) var count = 0
    /// Something did not fit: what is here is not to be used.
    private(set) var isOverfull = false

    init(_ memory: UnsafeMutableRawBufferPointer) {
        base = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        capacity = memory.count
    }

    /// Where the next `length` bytes go, which count as written.
    @inline(__always)
    private mutating func take(_ length: Int) -> UnsafeMutablePointer<UInt8>? {
        guard let base, length <= capacity &- count else {
            isOverfull = true
            return nil
        }
        defer { count &+= length }
        return base + count
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
    /// Appends what `body` writes; nothing at all if it throws. `estimate` is how long that may be.
    @inline(__always)
    mutating func append<Failure: Error>(estimate: Int, _ body: (inout Output) throws(Failure) -> Void) throws(Failure) {
        var room = max(estimate, 16)
        var failure: Failure?
        var isDone = false
        while !isDone {
            writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
                var output = Output(memory)
                do throws(Failure) {
                    try body(&output)
                } catch {
                    failure = error
                }
                isDone = failure != nil || !output.isOverfull
                return failure == nil && isDone ? output.count : 0
            }
            room = max(room, room &* 2)
        }
        if let failure { throw failure }
    }
}
