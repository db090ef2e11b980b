import NIOCore

/// A file that is under way. On its session's event loop only.
final class IncomingFile {
    let address: UploadAddress
    let content: UploadContent
    /// As the browser has announced it.
    let size: Int
    let deadline: NIODeadline
    var lastPiece: NIODeadline
    private(set) var received = 0
    /// What the browser knows to be taken.
    private(set) var written = 0
    private(set) var isEnded = false
    private(set) var head: [UInt8] = []
    private var isHeadKnown = false
    /// In percent, as it is shown.
    var shown = 0

    init(_ address: UploadAddress, _ content: UploadContent, size: Int, now: NIODeadline, timeout: TimeAmount) {
        self.address = address
        self.content = content
        self.size = size
        lastPiece = now
        deadline = now + timeout
    }

    /// What is wrong with a piece (live protocol §11).
    enum Fault: String {
        case afterEnd = "a piece of a file after its end"
        case tooMuch = "a piece of a file beyond its size"
        case tooFar = "a file that is too far ahead"
    }

    /// Another piece, without bytes the end.
    func receive(_ piece: ByteBuffer, now: NIODeadline) -> Fault? {
        guard !isEnded else { return .afterEnd }
        let count = piece.readableBytes
        guard count <= size - received else { return .tooMuch }
        guard received - written + count <= UploadPiece.window else { return .tooFar }
        if head.count < FileKind.headLength { head += piece.readableBytesView.prefix(FileKind.headLength - head.count) }
        received += count
        isEnded = count == 0
        lastPiece = now
        return nil
    }

    func wrote(_ count: Int) { written += count }

    /// Whether its first bytes, or all that it has, have just come.
    func showsHead() -> Bool {
        guard !isHeadKnown else { return false }
        isHeadKnown = head.count == min(FileKind.headLength, size)
        return isHeadKnown
    }

    var isWhole: Bool { isEnded && written == received }
    var percent: Int { size > 0 ? Int(Double(written) / Double(size) * 100) : 100 }
}
