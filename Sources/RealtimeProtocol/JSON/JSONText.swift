public import NIOCore

/// JSON as a payload: text that is passed on, not looked into.
public enum JSONText {
    /// The same JSON without whitespace, so that no newline in it looks like the end of a message. The buffer itself if it had none.
    ///
    /// - Throws: ``Wire/DecodingError`` if the buffer does not hold exactly one JSON value, nested no deeper than `maxDepth` (at most 64).
    public static func compact(_ text: ByteBuffer, maxDepth: Int = 32) throws(Wire.DecodingError) -> ByteBuffer {
        switch check(text, maxDepth: maxDepth) {
        case .compact: text
        case .spaced: text.withUnsafeReadableBytes { withoutWhitespace($0.bindMemory(to: UInt8.self)) }
        case .failed(let fault, let offset): throw Wire.DecodingError(fault, at: offset)
        }
    }

    /// A JSON string with this text, as the publications of a subscription with patches have it; nil if it is not UTF-8.
    public static func string(_ text: ByteBuffer) -> ByteBuffer? {
        guard text.withUnsafeReadableBytes(UTF8Text.isValid) else { return nil }
        var string = ByteBuffer()
        string.append { output in
            text.withUnsafeReadableBytes { output.quoted($0.bindMemory(to: UInt8.self)) }
            return true
        }
        return string
    }

    enum Verdict {
        case compact
        case spaced
        case failed(DecodingFault, Int)
    }

    /// Whether this is one JSON value, and whether it has whitespace.
    static func check(_ text: ByteBuffer, maxDepth: Int = 64) -> Verdict {
        text.withUnsafeReadableBytes { memory in
            var scanner = JSONScanner(memory, allowsNewlines: true)
            do throws(DecodingFault) {
                _ = try scanner.skipValue(maxDepth: maxDepth)
                scanner.skipWhitespace()
                guard scanner.isAtEnd else { throw .trailing }
                return scanner.whitespace == 0 ? .compact : .spaced
            } catch {
                return .failed(error, min(scanner.position, scanner.end))
            }
        }
    }

    /// `text` is JSON.
    static func withoutWhitespace(_ text: UnsafeBufferPointer<UInt8>) -> ByteBuffer {
        var compact = ByteBuffer()
        compact.append { output in
            output.appendWithoutWhitespace(text)
            return true
        }
        return compact
    }
}

extension Output {
    /// `text` is JSON: outside of its strings, what is whitespace means nothing.
    mutating func appendWithoutWhitespace(_ text: UnsafeBufferPointer<UInt8>) {
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte <= 0x20 {
                continue
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            }
            append(byte)
        }
    }

    /// A string with its quotes and escapes (RFC 8259 §7): what must be escaped is, and nothing else.
    mutating func quoted(_ text: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        var written = 0
        for index in text.indices where Self.needsEscape(text[index]) {
            append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[written..<index]))
            escape(text[index])
            written = index &+ 1
        }
        append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[written...]))
        append(UInt8(ascii: "\""))
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x0a: append(UInt8(ascii: "n"))
        case 0x0d: append(UInt8(ascii: "r"))
        case 0x09: append(UInt8(ascii: "t"))
        default:
            append(byte < 0x10 ? "u000" : "u001")
            let digit = byte & 0x0f
            append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
        }
    }
}
