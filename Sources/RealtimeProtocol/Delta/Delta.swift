public import NIOCore

/// Patches between publications (protocol §1.10): what `fossil` subscriptions get in the place of a publication that is like the one before.
///
/// The format is that of the Fossil version control system: `length of the target`, a newline, then commands, and a checksum of the target.
///
/// - `count@offset,` copies from the base,
/// - `count:bytes` inserts the bytes,
/// - `checksum;` ends it.
///
/// Numbers have 64 digits: `0`–`9`, `A`–`Z`, `_`, `a`–`z`, `~`.
public enum Delta {
    /// Where a patch may cut the text.
    public enum Cuts: Hashable, Sendable {
        /// Anywhere.
        case bytes
        /// Between the characters of UTF-8 alone, so that a patch is text: what a JSON connection needs. For a target that is no text there is none.
        case characters
    }

    /// A patch was refused.
    public enum Failure: Error, Hashable, Sendable {
        /// Not the grammar of patches.
        case malformed
        /// A copy from beyond the base, or an insertion from beyond the patch.
        case outOfRange
        /// The target is not as long as the patch says.
        case wrongLength
        /// The target is longer than allowed.
        case overLimit
        /// The base is another than the patch was made for.
        case wrongChecksum
    }

    /// A patch that makes `target` out of `base`; nil if it would not be smaller than `target`.
    public static func make(from base: ByteBuffer, to target: ByteBuffer, cuts: Cuts = .bytes) -> ByteBuffer? {
        base.withUnsafeReadableBytes { base in
            target.withUnsafeReadableBytes { target in
                DeltaMaker.patch(from: DeltaBytes(base), to: DeltaBytes(target), cuts: cuts).map { ByteBuffer(bytes: $0) }
            }
        }
    }

    /// A patch that makes `target` out of `base`; nil if it would not be smaller than `target`.
    public static func make(from base: [UInt8], to target: [UInt8], cuts: Cuts = .bytes) -> [UInt8]? {
        base.withUnsafeBytes { base in
            target.withUnsafeBytes { target in
                DeltaMaker.patch(from: DeltaBytes(base), to: DeltaBytes(target), cuts: cuts)
            }
        }
    }

    /// The target that the patch makes out of `base`. One that is longer than the limit is refused before anything is made.
    public static func apply(_ patch: ByteBuffer, to base: ByteBuffer, limit: Int) throws(Failure) -> ByteBuffer {
        var target = ByteBuffer()
        let failure = patch.withUnsafeReadableBytes { patch in
            base.withUnsafeReadableBytes { base in
                DeltaReader.apply(DeltaBytes(patch), to: DeltaBytes(base), limit: limit, into: &target)
            }
        }
        if let failure { throw failure }
        return target
    }
}

/// Bytes that somebody else holds. Beyond them there are zeros, and ranges that reach out of them are empty.
struct DeltaBytes {
    let memory: UnsafeRawBufferPointer

    init(_ memory: UnsafeRawBufferPointer) { self.memory = memory }

    var count: Int { memory.count }

    @inline(__always)
    subscript(index: Int) -> UInt8 { index >= 0 && index < memory.count ? memory[index] : 0 }

    @inline(__always)
    subscript(start: Int, count: Int) -> UnsafeRawBufferPointer {
        guard start >= 0, count >= 0, start <= memory.count, count <= memory.count &- start else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(rebasing: memory[start..<start &+ count])
    }

    /// Big-endian words, summed; what is missing of the last is zeros.
    var checksum: UInt32 {
        var sum: UInt32 = 0
        var index = 0
        while index &+ 4 <= count {
            sum &+= UInt32(bigEndian: memory.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            index &+= 4
        }
        for (place, byte) in self[index, count &- index].enumerated() { sum &+= UInt32(byte) << UInt32(24 &- 8 &* place) }
        return sum
    }
}
