// Compressed messages of a peer that sends whatever it likes: nothing is written beyond the limit, the budget is never passed, and after a message
// that was read the next one can come.

import FuzzSupport
import NIOCore
import WebSocketDeflate
import WebSocketProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let budget = DeflateBudget(bytes: 60_000)
    let codec = DeflateCodec(
        role: input.flag() ? .server : .client,
        parameters: DeflateParameters(
            serverNoContextTakeover: input.flag(), clientNoContextTakeover: input.flag(),
            serverMaxWindowBits: input.number(in: 8...15), clientMaxWindowBits: input.number(in: 8...15)),
        configuration: DeflateConfiguration(budget: budget))
    let limit = [0, 1, 1_000, 70_000][input.number(in: 0...3)]
    while !input.isEmpty, readMessage(codec, &input, limit: limit) {
        require(budget.used <= budget.bytes, "the budget is kept")
    }
    return 0
}

/// Each piece: a byte with its length, the highest bit saying that it is the last, then its bytes. Length 127 means all that is left.
private func readMessage(_ codec: DeflateCodec, _ input: inout FuzzInput, limit: Int) -> Bool {
    var output = ByteBuffer()
    var isLast = false
    while !isLast {
        let head = input.byte()
        let piece = head & 127 == 127 ? input.remainder() : input.bytes(upTo: Int(head & 127))
        isLast = head & 128 != 0 || input.isEmpty
        do {
            try piece.withUnsafeBytes { try codec.decompress($0, isLast: isLast, into: &output, limit: limit - output.readableBytes) }
        } catch {
            require(output.readableBytes <= limit, "the limit is kept, failed or not")
            return false
        }
        require(output.readableBytes <= limit, "the limit is kept")
    }
    return true
}
