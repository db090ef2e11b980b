// Every byte in every place of messages that have everything: read or refused, never a trap, and the same in every way of asking.

import NIOCore
import RealtimeProtocol
import Testing

@Suite("Every byte in every place")
struct EveryByteTests {
    private static let json =
        #"{"id":12,"subscribe":{"channel":"aé\n\ud83d\ude00","offset":7,"data":{"x":[true,null,-1.5e3]},"tf":{"op":"or","nodes":[{"key":"a","vals":["b"]}]}}}"#

    @Test("JSON")
    func json() throws {
        let bytes = Array(Self.json.utf8)
        var accepted = 0
        for place in bytes.indices {
            for byte in UInt8.min...(.max) {
                var broken = bytes
                broken[place] = byte
                guard let read = try? commands(.json, ByteBuffer(bytes: broken)) else { continue }
                accepted += 1
                #expect(read.count == 1)
                // What was read means the same however it is written.
                #expect(try commands(.json, try batch(.json, read)) == read)
            }
        }
        // Letters inside strings can be others, and unknown names are passed over.
        #expect(accepted > 1_000)
    }

    @Test("Protobuf")
    func protobuf() throws {
        let bytes = Array(try batch(.protobuf, try commands(Self.json)).readableBytesView)
        var accepted = 0
        for place in bytes.indices {
            for byte in UInt8.min...(.max) {
                var broken = bytes
                broken[place] = byte
                var reader = CommandReader(.protobuf, ByteBuffer(bytes: broken))
                var read: [Wire.Command] = []
                while let command = try? reader.next() { read.append(command) }
                accepted += read.count
                #expect(try read.isEmpty || commands(.protobuf, try batch(.protobuf, read)) == read)
            }
        }
        #expect(accepted > 1_000)
    }

    @Test("a byte left out, or one too many")
    func insertions() throws {
        for format in [WireFormat.json, .protobuf] {
            let bytes = Array(try batch(format, try commands(Self.json)).readableBytesView)
            for place in bytes.indices {
                var shorter = bytes
                shorter.remove(at: place)
                _ = try? commands(format, ByteBuffer(bytes: shorter))
                for byte: UInt8 in [0, 1, 0x0a, 0x20, 0x22, 0x2c, 0x5c, 0x7b, 0x7d, 0x80, 0xff] {
                    var longer = bytes
                    longer.insert(byte, at: place)
                    _ = try? commands(format, ByteBuffer(bytes: longer))
                }
            }
        }
    }

    @Test("whitespace between any two tokens changes nothing")
    func whitespace() throws {
        let expected = try commands(Self.json)
        let bytes = Array(Self.json.utf8)
        var isInString = false
        for place in bytes.indices {
            if !isInString, "{}[],:".utf8.contains(bytes[place]) {
                for space in [" ", "\t", "\r", " \t \r "] {
                    let spaced = bytes[...place] + Array(space.utf8) + bytes[(place + 1)...]
                    #expect(try commands(.json, ByteBuffer(bytes: spaced)) == expected)
                }
            }
            if bytes[place] == 0x22 { isInString.toggle() }
        }
    }
}
