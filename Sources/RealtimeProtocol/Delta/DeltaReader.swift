import NIOCore

/// Carries out a patch that came from the network.
struct DeltaReader {
    private let patch: DeltaBytes
    private var position = 0

    /// Nil if `target` is what the patch says.
    static func apply(_ patch: DeltaBytes, to base: DeltaBytes, limit: Int, into target: inout ByteBuffer) -> Delta.Failure? {
        var reader = DeltaReader(patch: patch)
        do throws(Delta.Failure) {
            try reader.read(base, limit: limit, into: &target)
            return nil
        } catch {
            return error
        }
    }

    private init(patch: DeltaBytes) { self.patch = patch }

    private mutating func read(_ base: DeltaBytes, limit: Int, into target: inout ByteBuffer) throws(Delta.Failure) {
        let length = try number()
        guard length <= limit else { throw .overLimit }
        guard try command() == UInt8(ascii: "\n") else { throw .malformed }
        while true {
            let number = try number()
            switch try command() {
            case UInt8(ascii: "@"):
                let offset = try self.number()
                guard try command() == UInt8(ascii: ",") else { throw .malformed }
                try copy(base, offset, number, into: &target, length)
            case UInt8(ascii: ":"):
                try copy(patch, position, number, into: &target, length)
                position &+= number
            case UInt8(ascii: ";"):
                return try check(target, length, checksum: number)
            default:
                throw .malformed
            }
        }
    }

    private func copy(
        _ source: DeltaBytes, _ start: Int, _ count: Int, into target: inout ByteBuffer, _ length: Int
    ) throws(Delta.Failure) {
        guard count <= length &- target.readableBytes else { throw .wrongLength }
        guard start <= source.count, count <= source.count &- start else { throw .outOfRange }
        target.writeBytes(source[start, count])
    }

    private func check(_ target: ByteBuffer, _ length: Int, checksum: Int) throws(Delta.Failure) {
        guard position == patch.count else { throw .malformed }
        guard target.readableBytes == length else { throw .wrongLength }
        let actual = target.withUnsafeReadableBytes { DeltaBytes($0).checksum }
        guard actual == UInt32(truncatingIfNeeded: checksum) else { throw .wrongChecksum }
    }

    /// At least one digit, and no more than 32 bits.
    private mutating func number() throws(Delta.Failure) -> Int {
        guard var number = DeltaDigits.value(patch[position]) else { throw .malformed }
        position &+= 1
        while let digit = DeltaDigits.value(patch[position]) {
            number = number << 6 | digit
            guard number <= UInt64(UInt32.max) else { throw .malformed }
            position &+= 1
        }
        return Int(truncatingIfNeeded: number)
    }

    private mutating func command() throws(Delta.Failure) -> UInt8 {
        guard position < patch.count else { throw .malformed }
        defer { position &+= 1 }
        return patch[position]
    }
}
