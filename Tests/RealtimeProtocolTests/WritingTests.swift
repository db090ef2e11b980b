// Batches as they are written: separators, memory, and what was there before.

import NIOCore
import Testing

@testable import RealtimeProtocol

@Suite("Writing")
struct WritingTests {
    @Test("into any buffer: small, large, shared, with bytes before and behind")
    func buffers() throws {
        let reply = Wire.Reply(id: 5, body: .rpc(Wire.RPCResult(data: .text("[\"" + String(repeating: "x", count: 1_000) + "\"]"))))
        for format in [WireFormat.json, .protobuf] {
            let expected = try batch(format, [reply])
            for capacity in [0, 1, 16, 255, 256, 1_000, 100_000] {
                var buffer = ByteBufferAllocator().buffer(capacity: capacity)
                try Wire.write(reply, as: format, to: &buffer)
                #expect(buffer == expected)
                let shared = buffer
                try Wire.write(Wire.Reply(), as: format, to: &buffer)
                #expect(shared == expected)
                #expect(buffer.readableBytes == expected.readableBytes + (format == .json ? 3 : 1))
            }
            var read = ByteBuffer(string: "read already")
            read.moveReaderIndex(to: read.writerIndex)
            try Wire.write(reply, as: format, to: &read)
            #expect(read == expected)
        }
    }

    @Test("pings, in a batch and bare")
    func pings() throws {
        #expect(try batch(.json, [Wire.Reply(), Wire.Reply()]) == .text("{}\n{}"))
        #expect(try batch(.protobuf, [Wire.Reply(), Wire.Reply()]) == ByteBuffer(bytes: [0, 0]))
        #expect(try batch(.json, [Wire.Push()]) == .text("{}"))
        #expect(try batch(.protobuf, [Wire.Push()]) == ByteBuffer(bytes: [0]))
        #expect(try batch(.json, [Wire.Command()]) == .text("{}"))
    }

    @Test("what does not fit is counted, and nothing is stored beyond the end", arguments: 0...40)
    func overfull(room: Int) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: [UInt8](repeating: 0xee, count: 64))
        var output = Output(UnsafeMutableRawBufferPointer(rebasing: memory[..<room]))
        output.append(UInt8(ascii: "["))
        output.append("text")
        output.append(name: "name")
        output.decimal(magnitude: 1_234_567, isNegative: true)
        let start = output.beginLength()
        output.varint(300)
        Array("abc".utf8).withUnsafeBytes { output.lengthDelimited($0) }
        output.endLength(start)
        #expect(output.count == 1 + 4 + 7 + 8 + 1 + 2 + 4)
        #expect(output.isOverfull == (room < output.count))
        #expect(memory[room...].allSatisfy { $0 == 0xee })
        if !output.isOverfull {
            #expect(Array(memory[..<output.count]) == Array("[text\"name\":-1234567".utf8) + [6, 0xac, 2, 3] + Array("abc".utf8))
        }
    }

    @Test("numbers in decimal, at every length")
    func decimals() {
        var numbers: [UInt64] = [0, .max]
        var power: UInt64 = 1
        while power <= .max / 10 {
            power *= 10
            numbers += [power - 1, power, power + 1]
        }
        for number in numbers {
            for isNegative in [false, true] {
                var text = ByteBuffer()
                text.append { output in
                    output.decimal(magnitude: number, isNegative: isNegative)
                    return true
                }
                #expect(String(buffer: text) == (isNegative ? "-" : "") + String(number))
            }
        }
    }

    @Test("varints have the length that is measured")
    func varints() {
        for bits in 0..<64 {
            for value in [UInt64(1) << UInt64(bits), UInt64(1) << UInt64(bits) - 1, .max >> UInt64(bits)] {
                var bytes = ByteBuffer()
                bytes.append { output in
                    output.varint(value)
                    return true
                }
                #expect(bytes.readableBytes == Varint.size(value))
            }
        }
    }

    @Test("UTF-8 at every place of a word")
    func utf8() {
        for before in 0..<17 {
            for (bytes, isText): ([UInt8], Bool) in [
                ([0xc3, 0xa9], true), ([0xe2, 0x82, 0xac], true), ([0xf0, 0x9f, 0x98, 0x80], true), ([0xc3], false), ([0xe2, 0x82], false),
                ([0xf0, 0x9f, 0x98], false), ([0x80], false), ([0xed, 0xa0, 0x80], false), ([], true),
            ] {
                let text = [UInt8](repeating: 0x61, count: before) + bytes
                #expect(text.withUnsafeBytes(UTF8Text.isValid) == isText)
                #expect((text + [0x62]).withUnsafeBytes(UTF8Text.isValid) == isText)
            }
        }
    }

    @Test("an error says its rule, and what to disconnect with")
    func errors() {
        let faults: [DecodingFault] = [
            .empty, .notJSON, .badNumber, .badString, .badEscape, .loneSurrogate, .notUTF8, .controlCharacter, .trailing, .wrongType,
            .outOfRange,
            .duplicateKey, .escapedName, .newline, .truncated, .longVarint, .badTag, .group, .wireType, .severalBodies, .depth, .elements,
            .stringLength,
        ]
        #expect(Set(faults.map(\.rule)).count == faults.count)
        #expect(faults.allSatisfy { $0.rule.contains(": ") })
        #expect(faults.filter { $0.kind == .overLimit }.count == 3)
        #expect(Wire.DecodingError(.group, at: 7).description == "Protobuf: a group (byte 7)")
        #expect(Wire.EncodingError.notJSON.description == "protocol §1.1: a payload that is not JSON")
    }
}
