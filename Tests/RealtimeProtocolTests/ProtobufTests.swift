// The messages in Protobuf, and what a hostile peer may send instead.

import NIOCore
import RealtimeProtocol
import Testing

@Suite("Messages in Protobuf")
struct ProtobufTests {
    private static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value, bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// A field of bytes.
    private static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }
    private static func field(_ number: UInt64, varint value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }
    private static func framed(_ message: [UInt8]) -> ByteBuffer { ByteBuffer(bytes: varint(UInt64(message.count)) + message) }
    private static func read(_ message: [UInt8]) throws(Wire.DecodingError) -> Wire.Command? {
        try commands(.protobuf, framed(message)).first
    }
    private static func refuse(
        _ message: [UInt8], _ words: String, _ kind: Wire.DecodingError.Kind = .malformed, limits: Wire.Limits = Wire.Limits(),
        at location: SourceLocation = #_sourceLocation
    ) {
        expectFault(.protobuf, framed(message), words, kind, limits: limits, at: location)
    }

    @Test("messages one after another, each after its length")
    func framing() throws {
        let ping: [UInt8] = [4, 8, 1, 0x5a, 0]
        #expect(try commands(.protobuf, ByteBuffer(bytes: ping + [0] + ping)).map(\.id) == [1, 0, 1])
        expectFault(.protobuf, ByteBuffer(), "empty", .empty)
        for count in 1..<ping.count {
            expectFault(.protobuf, ByteBuffer(bytes: ping.prefix(count)), "beyond")
            var reader = CommandReader(.protobuf, ByteBuffer(bytes: ping + ping.prefix(count)))
            #expect(try reader.next()?.id == 1)
            #expect(throws: Wire.DecodingError.self) { try reader.next() }
            #expect(try reader.next() == nil)
        }
    }

    @Test("a length is compared with what is there, whatever it says", arguments: [1, 127, 128, 1 << 31, 1 << 32, 1 << 63, UInt64.max])
    func hostileLengths(length: UInt64) {
        let bytes = Self.varint(length)
        expectFault(.protobuf, ByteBuffer(bytes: bytes), "beyond")
        // As the length of a string, a payload, a message, a map's entry, an unknown field.
        for path: [UInt64] in [[7, 1], [7, 2], [7], [4, 3], [4, 6], [99], [5, 13, 6]] {
            var message: [UInt8] = Self.varint((path.last ?? 0) << 3 | 2) + bytes
            for number in path.dropLast().reversed() { message = Self.field(number, message) }
            Self.refuse(message, "beyond")
        }
    }

    @Test("varints: up to ten bytes, not in their shortest form either, and no more than 64 bits")
    func varints() throws {
        #expect(try Self.read([8, 0x81, 0x80, 0x80, 0]) == Wire.Command(id: 1))
        #expect(try Self.read([8] + [UInt8](repeating: 0x80, count: 9) + [1]) == Wire.Command())
        #expect(try Self.read([8] + Self.varint(.max))?.id == .max)
        // As in every Protobuf: a u32 is the low half of what comes.
        #expect(try Self.read([8] + Self.varint(1 << 32 | 7))?.id == 7)
        Self.refuse([8] + [UInt8](repeating: 0x80, count: 10) + [1], "64 bits")
        Self.refuse([8] + [UInt8](repeating: 0xff, count: 9) + [2], "64 bits")
        Self.refuse([8] + [UInt8](repeating: 0xff, count: 1_000), "64 bits")
        Self.refuse([8, 0x80], "beyond")
        expectFault(.protobuf, ByteBuffer(bytes: [UInt8](repeating: 0x80, count: 20)), "64 bits")
    }

    @Test("unknown fields of every type are passed over")
    func unknownFields() throws {
        let unknown =
            Self.field(100, varint: .max) + Self.varint(101 << 3 | 1) + [UInt8](repeating: 1, count: 8) + Self.field(102, [1, 2, 3])
            + Self.varint(103 << 3 | 5) + [UInt8](repeating: 1, count: 4) + Self.field(2, [8, 1]) + Self.field(536_870_911, varint: 0)
        let ping = Self.field(1, varint: 1) + Self.field(11, [])
        for message in [unknown + ping, ping + unknown, Self.field(1, varint: 1) + unknown + Self.field(11, unknown)] {
            #expect(try Self.read(message) == Wire.Command(id: 1, body: .ping(Wire.PingRequest())))
        }
        for cut in 1..<8 {
            Self.refuse(Self.varint(101 << 3 | 1) + [UInt8](repeating: 1, count: cut), "beyond")
            if cut < 4 { Self.refuse(Self.varint(103 << 3 | 5) + [UInt8](repeating: 1, count: cut), "beyond") }
        }
    }

    @Test("groups, field 0 and unknown types are refused")
    func badTags() {
        Self.refuse([0x0b, 0x0c], "group")
        Self.refuse(Self.varint(100 << 3 | 3) + Self.varint(100 << 3 | 4), "group")
        Self.refuse(Self.varint(100 << 3 | 4), "group")
        Self.refuse([UInt8](repeating: 0x0b, count: 1_000_000), "group")
        for tag: UInt64 in [0, 1, 2, 5, 0x0e, 0x0f, 1 << 32, .max] { Self.refuse(Self.varint(tag) + [0, 0, 0, 0], "tag") }
    }

    @Test("a field of ours with another type is refused")
    func wireTypes() {
        Self.refuse([0x0a, 0], "another type")
        Self.refuse([0x38, 0], "another type")
        Self.refuse([0x09] + [UInt8](repeating: 0, count: 8), "another type")
        Self.refuse([0x0d] + [UInt8](repeating: 0, count: 4), "another type")
        Self.refuse(Self.field(7, Self.field(1, varint: 1)), "another type")
        Self.refuse(Self.field(4, Self.field(3, Self.field(1, varint: 1))), "another type")
        Self.refuse(Self.field(4, Self.field(6, Self.field(2, varint: 1))), "another type")
    }

    @Test("text must be UTF-8; a payload may be anything")
    func text() throws {
        for bytes: [UInt8] in [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], Array("12345678".utf8) + [0x80],
        ] {
            Self.refuse(Self.field(7, Self.field(1, bytes)), "UTF-8")
            #expect(
                try Self.read(Self.field(7, Self.field(2, bytes)))
                    == Wire.Command(body: .publish(Wire.PublishRequest(data: ByteBuffer(bytes: bytes)))))
        }
        let text = "grüße 😀 \u{0} and more"
        #expect(
            try Self.read(Self.field(7, Self.field(1, Array(text.utf8))))
                == Wire.Command(body: .publish(Wire.PublishRequest(channel: text))))
    }

    @Test("maps: entries in any order, without key or value, and the last of a key")
    func maps() throws {
        func headers(_ entries: [UInt8]...) throws -> [String: String]? {
            guard case .connect(let request)? = try Self.read(Self.field(4, entries.flatMap { Self.field(6, $0) }))?.body else {
                return nil
            }
            return request.headers
        }
        let key = Self.field(1, Array("k".utf8)), value = Self.field(2, Array("v".utf8))
        #expect(try headers(key + value) == ["k": "v"])
        #expect(try headers(value + key) == ["k": "v"])
        #expect(try headers(key, value) == ["k": "", "": "v"])
        #expect(try headers([]) == ["": ""])
        #expect(try headers(key + value, key + Self.field(2, Array("w".utf8)) + Self.field(9, [])) == ["k": "w"])
        let subs = Self.field(4, Self.field(3, key + Self.field(2, Self.field(3, varint: 1))))
        #expect(try Self.read(subs) == Wire.Command(body: .connect(Wire.ConnectRequest(subs: ["k": Wire.SubscribeRequest(recover: true)]))))
    }

    @Test("of a field that comes twice the last counts; a message is put together; a body is not")
    func repeatedFields() throws {
        #expect(try Self.read(Self.field(1, varint: 1) + Self.field(1, varint: 2))?.id == 2)
        let history = Self.field(10, Self.field(8, Self.field(1, varint: 7)) + Self.field(8, Self.field(2, Array("e".utf8))))
        #expect(
            try Self.read(history)
                == Wire.Command(body: .history(Wire.HistoryRequest(since: Wire.StreamPosition(offset: 7, epoch: "e")))))
        Self.refuse(Self.field(11, []) + Self.field(11, []), "more than one body")
        Self.refuse(Self.field(11, []) + Self.field(7, []), "more than one body")
    }

    @Test("negative numbers, and the zigzag")
    func negative() throws {
        let minusOne = Self.varint(.max)
        #expect(try Self.read(Self.field(10, [7 << 3] + minusOne)) == Wire.Command(body: .history(Wire.HistoryRequest(limit: -1))))
        for (score, encoded): (Int64, UInt64) in [(-1, 1), (1, 2), (-2, 3), (.max, .max - 1), (.min, .max)] {
            let publication = Self.field(4, Self.field(13, varint: encoded))
            let push = Wire.Push(body: .publication(Wire.Publication(score: score)))
            #expect(try pushes(.protobuf, Self.framed(publication)) == [push])
            #expect(try batch(.protobuf, [push]) == Self.framed(publication))
        }
        #expect(try batch(.protobuf, [Wire.Push(id: -1)]) == Self.framed([8] + minusOne))
        let history = Wire.Command(body: .history(Wire.HistoryRequest(limit: -1)))
        #expect(try batch(.protobuf, [history]) == Self.framed(Self.field(10, [7 << 3] + minusOne)))
    }

    @Test("limits: depth, elements, lengths")
    func limits() {
        func filter(_ depth: Int) -> [UInt8] {
            var node: [UInt8] = []
            for _ in 0..<depth { node = Self.field(6, node) }
            return Self.field(5, Self.field(13, node))
        }
        #expect(throws: Never.self) { try Self.read(filter(29)) }
        Self.refuse(filter(30), "deeply", .overLimit)
        Self.refuse(filter(1_000), "deeply", .overLimit)
        Self.refuse(
            Self.field(5, Self.field(13, [UInt8](repeating: 0, count: 0) + (0..<5_000).flatMap { _ in Self.field(6, []) })), "too many",
            .overLimit)
        Self.refuse((0..<5_000).flatMap { _ in Self.field(1, varint: 1) }, "too many", .overLimit)
        Self.refuse(Self.field(7, Self.field(1, [0x61, 0x61])), "too long", .overLimit, limits: Wire.Limits(maxStringLength: 1))
    }

    @Test(
        "lengths of one byte and of more, at every border",
        arguments: [0, 1, 100, 120, 121, 122, 123, 124, 125, 126, 127, 128, 16_370, 16_383, 16_384, 70_000])
    func lengths(count: Int) throws {
        let data = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0) })
        let push = Wire.Reply(body: .push(Wire.Push(channel: "c", body: .publication(Wire.Publication(data: data, tags: ["k": "v"])))))
        let tags = Self.field(7, Self.field(1, [0x6b]) + Self.field(2, [0x76]))
        let publication = (count > 0 ? Self.field(4, Array(data.readableBytesView)) : []) + tags
        let expected = Self.framed(Self.field(4, Self.field(2, [0x63]) + Self.field(4, publication)))
        #expect(try batch(.protobuf, [push]) == expected)
        #expect(try replies(.protobuf, expected) == [push])
    }
}
