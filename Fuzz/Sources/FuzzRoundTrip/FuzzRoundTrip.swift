// A conversation between two of our codecs: any messages, sent compressed, plain or from a broadcast, cut anywhere, arrive as they were.

import FuzzSupport
import NIOCore
import WebSocketDeflate
import WebSocketProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let parameters = DeflateParameters(
        serverNoContextTakeover: input.flag(), clientNoContextTakeover: input.flag(),
        serverMaxWindowBits: input.number(in: 8...15), clientMaxWindowBits: input.number(in: 8...15))
    let configuration = DeflateConfiguration(
        serverMaxWindowBits: input.number(in: 9...15), clientMaxWindowBits: input.number(in: 9...15), level: input.number(in: 1...9),
        memoryLevel: input.number(in: 1...9), minimumSize: 0, budget: budget)
    let server = DeflateCodec(role: .server, parameters: parameters, configuration: configuration)
    let client = DeflateCodec(role: .client, parameters: parameters, configuration: configuration)
    while !input.isEmpty {
        let choice = input.byte()
        let message = message(&input, repeats: Int(choice >> 4))
        let (sender, receiver) = choice & 1 == 0 ? (server, client) : (client, server)
        let isShared = choice & 2 == 2 && sender.acceptsSharedMessages
        guard let wire = isShared ? shared(message, sender) : own(message, sender) else { continue }
        require(wire.count < message.count, "what is compressed is smaller")
        require(try read(wire, receiver, piece: 1 + Int(choice & 0x0C) * 5, limit: message.count) == message, "it arrives as it was")
    }
    return 0
}

private let budget = DeflateBudget(bytes: 8 << 20)

/// A few bytes, and those again and again: something to compress.
private func message(_ input: inout FuzzInput, repeats: Int) -> [UInt8] {
    let seed = input.bytes(upTo: Int(input.byte()))
    return (0...repeats * repeats).flatMap { round in seed + [UInt8(truncatingIfNeeded: round)] }
}

private func own(_ message: [UInt8], _ sender: DeflateCodec) -> [UInt8]? {
    var output = ByteBuffer()
    guard message.withUnsafeBytes({ sender.compress($0, into: &output) }) else {
        require(output.readableBytes == 0, "nothing is left behind")
        return nil
    }
    return Array(output.readableBytesView)
}

private func shared(_ message: [UInt8], _ sender: DeflateCodec) -> [UInt8]? {
    guard let form = SharedDeflate.compress(ByteBuffer(bytes: message), configuration: DeflateConfiguration(minimumSize: 0, budget: budget))
    else { return nil }
    sender.didSendSharedMessage()
    return Array(form.readableBytesView)
}

private func read(_ wire: [UInt8], _ receiver: DeflateCodec, piece: Int, limit: Int) throws -> [UInt8] {
    var output = ByteBuffer()
    var rest = wire[...]
    while !rest.isEmpty {
        let next = Array(rest.prefix(piece))
        rest = rest.dropFirst(piece)
        try next.withUnsafeBytes { try receiver.decompress($0, isLast: rest.isEmpty, into: &output, limit: limit - output.readableBytes) }
    }
    return Array(output.readableBytesView)
}
