// Messages in Protobuf.

import FuzzSupport
import RealtimeProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    fuzzMessages(.protobuf, input.remainder())
    return 0
}
