/// Why a file is not taken. Its text is for people, in English; pages in other languages go by the case.
public enum UploadProblem: Error, Hashable, Sendable {
    /// None of the kinds that the upload takes.
    case wrongKind
    /// Its first bytes are not those of the kind that its name says.
    case notItsKind
    /// Larger than a file may be, in bytes.
    case tooLarge(limit: Int)
    /// More files than there may be.
    case tooMany(limit: Int)
    /// The view, or the process, has no room for it now.
    case noRoom
    /// It did not come in time.
    case tooSlow
    /// It ended before it was whole, or has changed while it was sent.
    case incomplete
    /// It could not be stored.
    case notStored
    /// Others were chosen in its place, or the view does not want it any more.
    case replaced
    /// Files can't come over this connection, which is none of WebSocket.
    case noConnection
}

extension UploadProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongKind: "Files of this kind are not taken here."
        case .notItsKind: "This is no file of the kind that its name says."
        case .tooLarge(let limit): "Larger than \(Self.text(bytes: limit))."
        case .tooMany(let limit): limit == 1 ? "One file at most." : "\(limit) files at most."
        case .noRoom: "There is no room for it now. Try again later."
        case .tooSlow: "It took too long."
        case .incomplete: "It has not come whole. Choose it again."
        case .notStored: "It could not be stored. Try again later."
        case .replaced: "Not wanted any more."
        case .noConnection: "Files can't be sent over this connection."
        }
    }

    /// `5 MB`, `1.5 MB`, `300 KB`.
    static func text(bytes: Int) -> String {
        guard bytes >= 1_000 else { return "\(bytes) bytes" }
        let (unit, name) = bytes >= 1 << 20 ? (1 << 20, "MB") : (1 << 10, "KB")
        let tenths = (bytes / unit) * 10 + (bytes % unit) * 10 / unit
        return tenths % 10 == 0 || tenths >= 100 ? "\(tenths / 10) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
    }
}
