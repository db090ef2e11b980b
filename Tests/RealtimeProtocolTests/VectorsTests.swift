// Our bytes are those of other people's code (Vectors.swift), field by field.

import NIOCore
import RealtimeProtocol
import Testing

/// A message in both formats.
struct Vector: Sendable, CustomTestStringConvertible {
    var json: String
    /// After its length.
    var protobuf: [UInt8]

    init(json: String, protobuf: String) {
        self.json = json
        let digits = protobuf.compactMap { $0.hexDigitValue.map(UInt8.init) }
        self.protobuf = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    var testDescription: String { String(json.prefix(60)) }

    /// A publish command with 200 bytes of channel and 20 000 of text.
    static let long = Vector(
        json: #"{"id":128,"publish":{"channel":""# + String(repeating: "c", count: 200) + #"","data":""#
            + String(repeating: "d", count: 20_000) + #""}}"#,
        protobuf: "f89d01" + "088001" + "3af19d01" + "0ac801" + String(repeating: "63", count: 200) + "12a29c01" + "22"
            + String(repeating: "64", count: 20_000) + "22")
}

@Suite("Messages of other people's code")
struct VectorsTests {
    @Test("commands", arguments: Vectors.commands + Vectors.newerCommands)
    func commandVectors(vector: Vector) throws {
        let read = try commands(vector.json)
        #expect(read.count == 1)
        #expect(try commands(.protobuf, ByteBuffer(bytes: vector.protobuf)) == read)
        #expect(String(buffer: try batch(.json, read)) == vector.json)
        #expect(Array(try batch(.protobuf, read).readableBytesView) == vector.protobuf)
    }

    @Test("replies", arguments: Vectors.replies + Vectors.newerReplies)
    func replyVectors(vector: Vector) throws {
        let read = try replies(.json, .text(vector.json))
        #expect(read.count == 1)
        #expect(try replies(.protobuf, ByteBuffer(bytes: vector.protobuf)) == read)
        #expect(String(buffer: try batch(.json, read)) == vector.json)
        #expect(Array(try batch(.protobuf, read).readableBytesView) == vector.protobuf)
    }

    @Test("all of them in one batch")
    func allAtOnce() throws {
        let vectors = Vectors.commands + Vectors.newerCommands
        let json = vectors.map(\.json).joined(separator: "\n")
        let read = try commands(json)
        #expect(read.count == vectors.count)
        #expect(try commands(.protobuf, ByteBuffer(bytes: vectors.flatMap(\.protobuf))) == read)
        #expect(String(buffer: try batch(.json, read)) == json)
    }

    @Test("a zero that Protobuf leaves out is written in JSON where clients expect it")
    func zeros() throws {
        let stats = try #require(Vectors.replies.first { $0.json.contains("num_clients") })
        #expect(stats.json.contains(#""num_clients":0"#))
        #expect(try replies(.protobuf, ByteBuffer(bytes: stats.protobuf)) == replies(.json, .text(stats.json)))
    }

    @Test("patches", arguments: Vectors.patches)
    func patches(patch: String, target: String) throws {
        #expect(String(buffer: try Delta.apply(.text(patch), to: .text(Vectors.base), limit: 100)) == target)
    }
}
