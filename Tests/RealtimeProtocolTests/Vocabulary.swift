// What the tests of the protocol say things with.

import NIOCore
import RealtimeProtocol
import Testing
import WebSocketTesting

/// All commands of a batch.
func commands(_ format: WireFormat, _ batch: ByteBuffer, limits: Wire.Limits = Wire.Limits()) throws(Wire.DecodingError) -> [Wire.Command] {
    var reader = CommandReader(format, batch, limits: limits)
    var commands: [Wire.Command] = []
    while let command = try reader.next() { commands.append(command) }
    return commands
}

func commands(_ json: String, limits: Wire.Limits = Wire.Limits()) throws(Wire.DecodingError) -> [Wire.Command] {
    try commands(.json, ByteBuffer(string: json), limits: limits)
}

func replies(_ format: WireFormat, _ batch: ByteBuffer, limits: Wire.Limits = .server) throws(Wire.DecodingError) -> [Wire.Reply] {
    var reader = ReplyReader(format, batch, limits: limits)
    var replies: [Wire.Reply] = []
    while let reply = try reader.next() { replies.append(reply) }
    return replies
}

func pushes(_ format: WireFormat, _ batch: ByteBuffer, limits: Wire.Limits = .server) throws(Wire.DecodingError) -> [Wire.Push] {
    var reader = PushReader(format, batch, limits: limits)
    var pushes: [Wire.Push] = []
    while let push = try reader.next() { pushes.append(push) }
    return pushes
}

func batch(_ format: WireFormat, _ replies: [Wire.Reply]) throws -> ByteBuffer {
    var batch = ByteBuffer()
    for reply in replies { try Wire.write(reply, as: format, to: &batch) }
    return batch
}

func batch(_ format: WireFormat, _ commands: [Wire.Command]) throws -> ByteBuffer {
    var batch = ByteBuffer()
    for command in commands { try Wire.write(command, as: format, to: &batch) }
    return batch
}

func batch(_ format: WireFormat, _ pushes: [Wire.Push]) throws -> ByteBuffer {
    var batch = ByteBuffer()
    for push in pushes { try Wire.write(push, as: format, to: &batch) }
    return batch
}

func json(_ replies: Wire.Reply...) throws -> String { String(buffer: try batch(.json, replies)) }
func protobuf(_ replies: Wire.Reply...) throws -> [UInt8] { Array(try batch(.protobuf, replies).readableBytesView) }

/// The commands of this JSON are refused by a rule that has these words.
func expectFault(
    _ json: String, _ words: String, _ kind: Wire.DecodingError.Kind = .malformed, limits: Wire.Limits = Wire.Limits(),
    at location: SourceLocation = #_sourceLocation
) {
    expectFault(.json, ByteBuffer(string: json), words, kind, limits: limits, at: location)
}

func expectFault(
    _ format: WireFormat, _ batch: ByteBuffer, _ words: String, _ kind: Wire.DecodingError.Kind = .malformed,
    limits: Wire.Limits = Wire.Limits(), at location: SourceLocation = #_sourceLocation
) {
    do {
        let commands = try commands(format, batch, limits: limits)
        Issue.record("\(String(buffer: batch).prefix(200)) was read as \(commands)", sourceLocation: location)
    } catch {
        #expect(error.rule.contains(words), sourceLocation: location)
        #expect(error.kind == kind, sourceLocation: location)
        #expect(error.offset >= 0 && error.offset <= batch.readableBytes, sourceLocation: location)
        #expect(error.disconnectCode == .badRequest, sourceLocation: location)
    }
}

extension ByteBuffer {
    /// A payload, by its text.
    static func text(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }
}
