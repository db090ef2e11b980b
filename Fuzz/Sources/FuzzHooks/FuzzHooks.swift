// A byte that chooses, then a backend's answer to one of the hooks; or a file of the queue of events, and its marks; or a signature. Whatever an answer says can be said to a client; a
// file gives what was written and no more; no signature is good that was not made with the secret.

import BackendHooks
import FuzzSupport
import NIOCore
import RealtimeHub

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let choice = input.number(in: 0...255)
    let bytes = ByteBuffer(bytes: input.remainder())
    switch choice % 8 {
    case 6: readSegment(bytes)
    case 7: checkSignature(bytes)
    default: readAnswer(Hook.allCases[choice % 8 % Hook.allCases.count], bytes)
    }
    return 0
}

private func readAnswer(_ hook: Hook, _ body: ByteBuffer) {
    switch try? hook.refusal(in: body) {
    case .disconnect(let code)?:
        require((3_000...4_999).contains(code.number), "a code that may be in a Close frame")
        require(code.reason.utf8.count <= 123, "a reason that fits into it")
    case .error(let error)?:
        require(error.number > 0, "an error has a code")
        require(error.message.utf8.count <= 256, "and some words")
    default: break
    }
}

private func readSegment(_ bytes: ByteBuffer) {
    _ = SegmentText.taken(bytes)
    var rest = bytes
    guard let first = SegmentText.first(&rest) else { return }
    var written = SegmentText.header(first: first)
    while let payload = SegmentText.payload(&rest) {
        require(payload.readableBytes > 0 && payload.readableBytes <= SegmentText.maxPayloadBytes, "an event has a size")
        SegmentText.write(payload, to: &written)
    }
    require(bytes.getSlice(at: 0, length: written.readableBytes) == written, "what was read is what was written")
    readDamaged(bytes)
}

private func readDamaged(_ bytes: ByteBuffer) {
    var rest = bytes
    _ = SegmentText.first(&rest)
    let start = rest
    let (count, damaged) = SegmentText.content(&rest)
    require(Set(damaged).count == damaged.count && damaged.allSatisfy { $0 < count }, "what is damaged is among the events")
    require(damaged.max().map { $0 < count - 1 } ?? true, "after what is damaged comes what is right")
    require(count <= UInt64((start.readableBytes - rest.readableBytes) / 9), "an event has its bytes")
}

private func checkSignature(_ bytes: ByteBuffer) {
    let text = String(buffer: bytes)
    require(!EventSignature.isValid(text, body: bytes, secret: "nobody knows this one", now: 1_700_000_000), "nobody signed this")
}
