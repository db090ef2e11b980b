import CZlib
package import NIOCore

/// How a part of the queue is written.
///
///     file    "HGEVENT1" number of its first event (8 bytes) records…
///     record  length (4) CRC-32 of the length and the payload (4) payload
///
/// Numbers are big-endian. A record that is not as it should be is passed over if its length leads to one that is; otherwise nothing after it is looked at: a process that
/// dies leaves half a record behind, and a disk that loses blocks anything.
package enum SegmentText {
    static let magic: StaticString = "HGEVENT1"
    package static let headerBytes = 16
    static let recordHeaderBytes = 8
    /// No event is larger.
    package static let maxPayloadBytes = 256 << 10

    package static func header(first: UInt64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString(magic)
        buffer.writeInteger(first)
        return buffer
    }

    /// The number of the first event of a file; nil if it is no such file.
    package static func first(_ buffer: inout ByteBuffer) -> UInt64? {
        guard let text = buffer.readBytes(length: 8), text.elementsEqual(magic.bytes), let first = buffer.readInteger(as: UInt64.self)
        else { return nil }
        return isNumber(first) ? first : nil
    }

    /// More events than that can never have come.
    static func isNumber(_ number: UInt64) -> Bool { number > 0 && number < 1 << 62 }

    package static func write(_ payload: ByteBuffer, to buffer: inout ByteBuffer) {
        let length = UInt32(clamping: payload.readableBytes)
        buffer.writeInteger(length)
        buffer.writeInteger(checksum(length, payload))
        buffer.writeImmutableBuffer(payload)
    }

    /// The next event; nil if there is none, or none that is whole and right. Then the buffer is where it was.
    package static func payload(_ buffer: inout ByteBuffer) -> ByteBuffer? {
        let start = buffer.readerIndex
        guard let length = buffer.readInteger(as: UInt32.self), let sum = buffer.readInteger(as: UInt32.self), length > 0,
            length <= maxPayloadBytes, let payload = buffer.readSlice(length: Int(length)), checksum(length, payload) == sum
        else {
            buffer.moveReaderIndex(to: start)
            return nil
        }
        return payload
    }

    /// How many bytes the next record has by what it says, all of which need not be there; nil if there is none that could be one.
    static func recordBytes(_ buffer: ByteBuffer) -> Int? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self), length > 0, length <= maxPayloadBytes else {
            return nil
        }
        return recordHeaderBytes + Int(length)
    }

    /// Passes over all events.
    ///
    /// - Returns: how many there are, and which of them are not right, by their places.
    package static func content(_ buffer: inout ByteBuffer) -> (count: UInt64, damaged: [UInt64]) {
        var count: UInt64 = 0
        var damaged: [UInt64] = []
        while true {
            while payload(&buffer) != nil { count += 1 }
            guard let passed = passDamaged(&buffer) else { return (count, damaged) }
            damaged += count..<count + passed
            count += passed
        }
    }

    /// Goes on to the next record that is right; nil if there is none, and then the buffer is where it was.
    ///
    /// - Returns: how many that are not right were passed.
    private static func passDamaged(_ buffer: inout ByteBuffer) -> UInt64? {
        var ahead = buffer
        var passed: UInt64 = 0
        while let length = recordBytes(ahead), ahead.readableBytes > length {
            ahead.moveReaderIndex(forwardBy: length)
            passed += 1
            var record = ahead
            guard payload(&record) != nil else { continue }
            buffer = ahead
            return passed
        }
        return nil
    }

    private static func checksum(_ length: UInt32, _ payload: ByteBuffer) -> UInt32 {
        var start = ByteBuffer()
        start.writeInteger(length)
        return UInt32(truncatingIfNeeded: crc(crc(0, start), payload))
    }

    private static func crc(_ sum: UInt, _ bytes: ByteBuffer) -> UInt {
        bytes.withUnsafeReadableBytes { memory in
            // zlib takes a null pointer for a wish to begin anew.
            guard let base = memory.bindMemory(to: UInt8.self).baseAddress else { return sum }
            // The memory is the buffer's, and as long as is said.
            return crc32_z(sum, base, memory.count)
        }
    }

    private static func checksum(_ bytes: ByteBuffer) -> UInt32 { UInt32(truncatingIfNeeded: crc(0, bytes)) }

    // MARK: How far it is taken

    /// A slot of the file that says up to which event all are taken. There are two, written in turn: one is always whole.
    package static let slotBytes = 16

    package static func slot(_ number: UInt64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString("HGTK")
        buffer.writeInteger(number)
        let sum = checksum(buffer)
        buffer.writeInteger(sum)
        return buffer
    }

    /// What two slots say; 0 if neither says anything.
    package static func taken(_ buffer: ByteBuffer) -> UInt64 {
        var rest = buffer
        var taken: UInt64 = 0
        for _ in 0..<2 {
            guard var slot = rest.readSlice(length: slotBytes) else { break }
            let said = slot.getSlice(at: slot.readerIndex, length: 12).map { checksum($0) }
            guard slot.readString(length: 4) == "HGTK", let number = slot.readInteger(as: UInt64.self),
                slot.readInteger(as: UInt32.self) == said, number < 1 << 62
            else { continue }
            taken = max(taken, number)
        }
        return taken
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
