// How the queue's files are written; what is broken in them is passed over, and never trusted.

import NIOCore
import Testing

@testable import BackendHooks

@Suite("Files of the queue of events")
struct SegmentTextTests {
    private func text(_ payloads: [String]) -> ByteBuffer {
        var text = ByteBuffer()
        for payload in payloads { SegmentText.write(ByteBuffer(string: payload), to: &text) }
        return text
    }

    private func payloads(_ text: ByteBuffer) -> [String] {
        var text = text
        var payloads: [String] = []
        while let payload = SegmentText.payload(&text) { payloads.append(String(buffer: payload)) }
        return payloads
    }

    private func first(_ text: ByteBuffer) -> UInt64? {
        var text = text
        return SegmentText.first(&text)
    }

    @Test("what is written is read")
    func roundTrip() {
        let large = String(repeating: "x", count: SegmentText.maxPayloadBytes)
        #expect(payloads(text(["a", "ä", large, "b"])) == ["a", "ä", large, "b"])
    }

    @Test("cut off anywhere, the records before are there and nothing else")
    func torn() {
        let whole = text(["first", "second"])
        let first = text(["first"]).readableBytes
        for length in 0..<whole.readableBytes {
            let part = whole.getSlice(at: 0, length: length) ?? ByteBuffer()
            #expect(payloads(part) == (length >= first ? ["first"] : []))
        }
    }

    @Test("a bit that changed anywhere ends the reading there")
    func corrupt() {
        let whole = Array(text(["first", "second"]).readableBytesView)
        let first = text(["first"]).readableBytes
        for index in whole.indices {
            for bit in 0..<8 {
                var bytes = whole
                bytes[index] ^= 1 << UInt8(bit)
                let read = payloads(ByteBuffer(bytes: bytes))
                #expect(read == (index < first ? [] : ["first"]))
            }
        }
    }

    @Test("a payload that changed is passed over if others come after it; without a length that leads there, reading ends")
    func damaged() {
        let whole = Array(text(["first", "second", "third"]).readableBytesView)
        let first = text(["first"]).readableBytes
        func content(_ bytes: [UInt8]) -> (count: UInt64, damaged: [UInt64], rest: Int) {
            var text = ByteBuffer(bytes: bytes)
            let (count, damaged) = SegmentText.content(&text)
            return (count, damaged, text.readableBytes)
        }
        #expect(content(whole) == (3, [], 0))
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= 0x55
            let found = content(bytes)
            let record = index < first ? 0 : index < first + 14 ? 1 : 2
            let isLength = [0, first, first + 14].contains { ($0..<$0 + 4).contains(index) }
            if isLength || record == 2 {
                #expect(found.count == UInt64(record) && found.damaged == [] && found.rest > 0)
            } else {
                #expect(found == (3, [UInt64(record)], 0))
            }
        }
        var two = whole
        for index in [first - 1, first + 13] { two[index] ^= 1 }
        #expect(content(two) == (3, [0, 1], 0))
    }

    @Test(
        "lengths that can't be are refused before anything is made for them", arguments: [0, 1 << 19, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32])
    func lengths(length: UInt32) {
        var text = ByteBuffer()
        text.writeInteger(length)
        text.writeInteger(UInt32(0))
        text.writeRepeatingByte(0, count: 64)
        #expect(payloads(text) == [])
    }

    @Test("the head of a file has the number of its first event; no other file has it")
    func header() {
        #expect(SegmentText.header(first: 7).readableBytes == SegmentText.headerBytes)
        #expect(first(SegmentText.header(first: 7)) == 7)
        for wrong in [
            SegmentText.header(first: 0), SegmentText.header(first: .max), ByteBuffer(string: "HGEVENT"),
            ByteBuffer(string: "HGEVENT2\0\0\0\0\0\0\0\u{1}"), ByteBuffer(),
        ] {
            #expect(first(wrong) == nil)
        }
    }

    @Test("of two marks the later that is whole counts; broken ones say nothing")
    func marks() {
        func both(_ first: ByteBuffer, _ second: ByteBuffer) -> ByteBuffer {
            var buffer = first
            buffer.writeImmutableBuffer(second)
            return buffer
        }
        let (five, six) = (SegmentText.slot(5), SegmentText.slot(6))
        #expect(five.readableBytes == SegmentText.slotBytes)
        #expect(SegmentText.taken(both(five, six)) == 6)
        #expect(SegmentText.taken(both(six, five)) == 6)
        #expect(SegmentText.taken(five) == 5)
        #expect(SegmentText.taken(ByteBuffer()) == 0)
        #expect(SegmentText.taken(both(ByteBuffer(repeating: 0, count: 16), five)) == 5, "the first was never written")
        for index in 0..<16 {
            var broken = Array(six.readableBytesView)
            broken[index] ^= 1
            #expect(SegmentText.taken(both(ByteBuffer(bytes: broken), five)) == 5)
            #expect(SegmentText.taken(both(five, ByteBuffer(bytes: broken.prefix(index)))) == 5)
        }
    }
}
