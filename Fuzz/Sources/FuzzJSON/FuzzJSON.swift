// Messages in JSON, and JSON as a payload: what is compacted is compact, and means the same.

import FuzzSupport
import NIOCore
import RealtimeProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let bytes = input.remainder()
    fuzzMessages(.json, bytes)
    let text = ByteBuffer(bytes: bytes)
    if let compact = try? JSONText.compact(text) {
        require(compact.readableBytes <= bytes.count, "it is no longer than before")
        require(try JSONText.compact(compact) == compact, "nothing is left to take out")
    }
    if let string = JSONText.string(text) { require(try JSONText.compact(string) == string, "a string is JSON") }
    return 0
}
