package import NIOCore

// Strategy: what has come is kept until it is known what it is. Inside a part that is all but as many bytes as the beginning of a delimiter could have, so memory is bounded whatever the size of a part. The head of a part must come whole within its limit. Nothing is repaired: what browsers do not send is refused.

/// Reads `multipart/form-data` as it comes (RFC 7578, with the escapes of names that browsers use).
package struct MultipartParser: Sendable {
    package enum Event: Hashable, Sendable {
        case part(name: String, filename: String?, type: String)
        /// Of the part that has begun.
        case bytes(ByteBuffer)
        case endOfPart
    }

    /// What is wrong with a body.
    package enum Fault: String, Error, Hashable, Sendable {
        case noBoundary = "the parts of the form have no boundary (RFC 2046 §5.1.1)"
        case syntax = "this is no multipart/form-data (RFC 7578)"
        case badHead = "the head of a part of the form is not what it must be (RFC 7578 §4.2)"
        case tooLongHead = "the head of a part of the form is too long"
        case tooManyParts = "the form has too many parts"
        case unfinished = "the form has no end"
    }

    private enum State: Hashable {
        case start
        case afterDelimiter
        case head
        case content
        /// An empty line may follow.
        case end
    }

    private static let maxHeadLength = 4 << 10
    private static let maxParts = 1_000
    private static let newline = [UInt8](arrayLiteral: 0x0d, 0x0a)
    private static let blankLine = [UInt8](arrayLiteral: 0x0d, 0x0a, 0x0d, 0x0a)

    /// `CRLF -- boundary`.
    private let delimiter: [UInt8]
    private var rest: [UInt8] = []
    private var state = State.start
    private var parts = 0

    /// - Parameter contentType: the header field of the request.
    /// - Throws: ``Fault/noBoundary``.
    package init(contentType: String) throws(Fault) {
        guard let boundary = Self.boundary(contentType) else { throw .noBoundary }
        delimiter = Self.newline + Array("--\(boundary)".utf8)
    }

    /// Whether a body is of this kind, by its type.
    package static func isMultipart(_ contentType: String) -> Bool {
        contentType.prefix { $0 != ";" }.trimmed.lowercased() == "multipart/form-data"
    }

    /// RFC 2046 §5.1.1: 1 to 70 characters of these.
    private static func boundary(_ contentType: String) -> String? {
        for parameter in contentType.split(separator: ";").dropFirst() {
            let pair = parameter.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].trimmed.lowercased() == "boundary" else { continue }
            var value = pair[1].trimmed[...]
            if value.hasPrefix("\""), value.hasSuffix("\""), value.utf8.count > 1 { value = value.dropFirst().dropLast() }
            let isValid = value.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: "'()+_,-./:=?".utf8.contains(byte)
                }
            }
            return isValid && (1...70).contains(value.utf8.count) ? String(value) : nil
        }
        return nil
    }

    // MARK: Reading

    /// What the next bytes say.
    package mutating func receive(_ bytes: ByteBuffer) throws(Fault) -> [Event] {
        rest += bytes.readableBytesView
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    /// The body has ended.
    package func finish() throws(Fault) {
        guard state == .end else { throw .unfinished }
    }

    /// - Returns: whether there may be more in what has come.
    private mutating func step(_ events: inout [Event]) throws(Fault) -> Bool {
        switch state {
        case .start: return try start()
        case .afterDelimiter: return try afterDelimiter()
        case .head: return try head(&events)
        case .content: return content(&events)
        case .end:
            guard Self.newline.starts(with: rest) else { throw .syntax }
            return false
        }
    }

    /// The first delimiter, before which browsers send nothing.
    private mutating func start() throws(Fault) -> Bool {
        let first = delimiter.dropFirst(Self.newline.count)
        guard rest.prefix(first.count).elementsEqual(first.prefix(rest.count)) else { throw .syntax }
        guard rest.count >= first.count else { return false }
        rest.removeFirst(first.count)
        state = .afterDelimiter
        return true
    }

    private mutating func afterDelimiter() throws(Fault) -> Bool {
        guard rest.count >= 2 else { return false }
        let isEnd = rest.starts(with: "--".utf8)
        guard isEnd || rest.starts(with: Self.newline) else { throw .syntax }
        // With the line's end, an empty head is an empty line too.
        if isEnd { rest.removeFirst(2) }
        state = isEnd ? .end : .head
        return true
    }

    private mutating func head(_ events: inout [Event]) throws(Fault) -> Bool {
        guard let end = rest.prefix(Self.maxHeadLength).firstRange(of: Self.blankLine) else {
            guard rest.count < Self.maxHeadLength else { throw .tooLongHead }
            return false
        }
        guard parts < Self.maxParts else { throw .tooManyParts }
        parts += 1
        events.append(try MultipartHead.event(rest[..<end.lowerBound].dropFirst(Self.newline.count)))
        rest.removeFirst(end.upperBound)
        state = .content
        return true
    }

    private mutating func content(_ events: inout [Event]) -> Bool {
        guard let end = delimiterStart() else { return false }
        let isWhole = end + delimiter.count <= rest.count
        if end > 0 { events.append(.bytes(ByteBuffer(bytes: rest[..<end]))) }
        rest.removeFirst(isWhole ? end + delimiter.count : end)
        guard isWhole else { return false }
        events.append(.endOfPart)
        state = .afterDelimiter
        return true
    }

    /// Where the delimiter begins, or as much of it as has come; if there is none, the end.
    private func delimiterStart() -> Int? {
        var place = 0
        // A boundary has no carriage return in it, so one that is none is passed over.
        while let start = rest[place...].firstIndex(of: 0x0d) {
            if rest[start...].prefix(delimiter.count).elementsEqual(delimiter.prefix(rest.count - start)) { return start }
            place = start + 1
        }
        return rest.isEmpty ? nil : rest.count
    }
}

/// The lines before a part's content.
private enum MultipartHead {
    static func event(_ head: ArraySlice<UInt8>) throws(MultipartParser.Fault) -> MultipartParser.Event {
        guard let text = String(validating: head, as: UTF8.self) else { throw .badHead }
        var disposition: [String: String]?
        var type = ""
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2, !line.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 }) else { throw .badHead }
            switch pair[0].lowercased() {
            case "content-disposition":
                guard disposition == nil else { throw .badHead }
                disposition = try parameters(pair[1].trimmed)
            case "content-type": type = pair[1].trimmed
            case "content-transfer-encoding":
                // RFC 7578 §4.7: deprecated, and no browser encodes.
                guard ["binary", "8bit", "7bit"].contains(pair[1].trimmed.lowercased()) else { throw .badHead }
            default: break
            }
        }
        guard let name = disposition?["name"] else { throw .badHead }
        return .part(name: name, filename: disposition?["filename"], type: type)
    }

    /// `form-data; name="a"; filename="b"`, in which a quotation mark and the ends of lines are percent-encoded.
    private static func parameters(_ value: String) throws(MultipartParser.Fault) -> [String: String] {
        var rest = value[...]
        guard rest.lowercased().hasPrefix("form-data") else { throw .badHead }
        rest = rest.dropFirst("form-data".count)
        var result: [String: String] = [:]
        while !rest.isEmpty {
            guard rest.first == ";" else { throw .badHead }
            rest = rest.dropFirst().drop { $0 == " " }
            let name = rest.prefix { $0 != "=" }.lowercased()
            rest = rest.drop { $0 != "=" }.dropFirst()
            // RFC 7578 §4.2: `filename*` is not used.
            guard rest.first == "\"", name == "name" || name == "filename", result[name] == nil else { throw .badHead }
            let text = rest.dropFirst().prefix { $0 != "\"" }
            guard text.endIndex < rest.endIndex else { throw .badHead }
            rest = rest[rest.index(after: text.endIndex)...]
            result[name] = String(text).replacing("%22", with: "\"").replacing("%0D%0A", with: "\n").replacing("%0A", with: "\n")
        }
        return result
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        let start = drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }
}
