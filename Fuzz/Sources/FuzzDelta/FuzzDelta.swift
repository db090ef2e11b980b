// A base after its length (two bytes), then a patch: it gives a target within the limit, or nothing. Then the rest as a target: our patch makes it.

import FuzzSupport
import NIOCore
import RealtimeProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let base = input.bytes(upTo: Int(input.byte()) << 8 | Int(input.byte()))
    let rest = input.remainder()
    let limit = 1_000
    if let target = try? Delta.apply(ByteBuffer(bytes: rest), to: ByteBuffer(bytes: base), limit: limit) {
        require(target.readableBytes <= limit, "the limit is kept")
    }
    for cuts in [Delta.Cuts.bytes, .characters] {
        guard let patch = Delta.make(from: base, to: rest, cuts: cuts) else { continue }
        require(patch.count < rest.count, "a patch is smaller")
        require(
            try Delta.apply(ByteBuffer(bytes: patch), to: ByteBuffer(bytes: base), limit: rest.count) == ByteBuffer(bytes: rest),
            "it makes the target")
        if cuts == .characters, String(validating: rest, as: UTF8.self) != nil {
            require(String(validating: patch, as: UTF8.self) != nil, "a patch of text is text")
        }
    }
    return 0
}
