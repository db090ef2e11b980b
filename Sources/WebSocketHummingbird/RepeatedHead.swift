import NIOCore
import NIOHTTP1

/// The head of a request as it was read, to know it again: a client that keeps its connection sends the same bytes each time, but for the length of the body. What SwiftNIO's
/// decoder made of them once is what it would make of them again.
struct RepeatedHead {
    /// A head that was known, and how much of it and of its body there is.
    struct Match {
        let head: HTTPRequestHead
        let byteCount: Int
        let bodyLength: Int
    }

    /// With longer bodies the decoder's work is small beside theirs.
    private static let maxDigits = 7
    private static let lengthName = "content-length"

    private let head: HTTPRequestHead
    private let bodyLength: Int
    /// Up to the digits of Content-Length, and what follows them.
    private let start: ByteBuffer
    private let end: ByteBuffer

    /// - Parameters:
    ///   - head: what the decoder made of the bytes.
    ///   - bytes: they begin with the head, and maybe end with the body.
    /// - Returns: nil unless it is sure which bytes are the head's: each line ends with CR LF, and is a field of the head. There must be a length, and nothing else that says
    ///   how long the body is or what comes behind it.
    init?(_ head: HTTPRequestHead, _ bytes: ByteBuffer) {
        guard head.isKeepAlive, !head.stopsDecoder, !head.headers.contains(name: "transfer-encoding") else { return nil }
        guard let lines = Self.lines(bytes.readableBytesView), lines.count == head.headers.count + 1, let last = lines.last else {
            return nil
        }
        let lengths = lines.compactMap(Self.digits)
        guard lengths.count == 1, let digits = lengths.first, let bodyLength = Self.number(digits) else { return nil }
        guard let start = bytes.getSlice(at: bytes.readerIndex, length: digits.startIndex - bytes.readerIndex),
            let end = bytes.getSlice(at: digits.endIndex, length: last.endIndex + 4 - digits.endIndex)
        else { return nil }
        self.head = head
        self.bodyLength = bodyLength
        // Copies: what they are in may be large.
        self.start = ByteBuffer(bytes: start.readableBytesView)
        self.end = ByteBuffer(bytes: end.readableBytesView)
    }

    /// Nil: the bytes do not begin with that head, or not with the whole of it.
    func match(_ bytes: ByteBuffer) -> Match? {
        guard bytes.getSlice(at: bytes.readerIndex, length: start.readableBytes) == start else { return nil }
        let rest = bytes.readableBytesView.dropFirst(start.readableBytes)
        let digits = rest.prefix(Self.maxDigits).prefix { Self.isDigit($0) }
        guard let length = Self.number(digits), bytes.getSlice(at: digits.endIndex, length: end.readableBytes) == end else { return nil }
        var head = head
        if length != bodyLength { head.headers.replaceOrAdd(name: "Content-Length", value: String(length)) }
        return Match(head: head, byteCount: digits.endIndex - bytes.readerIndex + end.readableBytes, bodyLength: length)
    }

    /// The lines up to the empty one.
    private static func lines(_ bytes: ByteBufferView) -> [ByteBufferView]? {
        var lines: [ByteBufferView] = []
        var rest = bytes
        while let feed = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<feed]
            guard line.last == UInt8(ascii: "\r") else { return nil }
            if line.count == 1 { return lines }
            lines.append(line.dropLast())
            rest = rest[(feed + 1)...]
        }
        return nil
    }

    /// The value, if the line is a Content-Length.
    private static func digits(_ line: ByteBufferView) -> ByteBufferView? {
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        guard name.count == lengthName.utf8.count, name.elementsEqual(lengthName.utf8, by: { $0 | 0x20 == $1 }) else { return nil }
        return line.dropFirst(name.count + 1).drop { $0 == UInt8(ascii: " ") }
    }

    private static func number(_ digits: ByteBufferView) -> Int? {
        guard (1...maxDigits).contains(digits.count), digits.allSatisfy(isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 & 0x0f) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
