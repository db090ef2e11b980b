package import NIOCore

/// How deep lists and objects are within each other, found in one pass and without recursion. It does not check anything else.
package enum JSONDepth {
    /// Whether a text is deeper than allowed. What stands within quotes does not count.
    package static func exceeds(_ limit: Int, in text: ByteBuffer) -> Bool {
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for byte in text.readableBytesView {
            if isQuoted {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > limit { return true }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return false
    }
}
