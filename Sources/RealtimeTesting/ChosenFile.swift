/// A file for a test.
public struct TestFile: Hashable, Sendable {
    /// What its sender calls it.
    public let name: String
    /// The media type that its sender says it has.
    public let type: String
    public let bytes: [UInt8]

    public init(_ name: String, type: String = "", bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
    }

    /// A text.
    public init(_ name: String, type: String = "text/plain", text: String) { self.init(name, type: type, bytes: Array(text.utf8)) }
}

/// A file that was chosen in a page, as the browser sees it.
public struct ChosenFile: Hashable, Sendable {
    public let file: TestFile
    /// The id of the control.
    public let control: String
    /// Its number, if the server takes it.
    public internal(set) var id: Int?
    /// Why the server does not take it.
    public internal(set) var refusal: String?
    /// The bytes that were sent, and those of them that the server has taken.
    public internal(set) var sent = 0
    public internal(set) var taken = 0
    /// The end was sent.
    public internal(set) var isSent = false
    /// It has ended here: the view took it out, or it was cancelled or refused.
    public internal(set) var isOver = false

    /// A browser sends no more ahead of what was taken.
    static let window = 128 << 10
    static let pieceLength = 32 << 10

    var nextPiece: ArraySlice<UInt8> { file.bytes[sent...].prefix(Self.pieceLength) }

    /// As a binary message.
    func message(_ piece: some Sequence<UInt8>) -> [UInt8] {
        var head: [UInt8] = [], rest = id ?? 0
        repeat {
            head.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return head + piece
    }
}
