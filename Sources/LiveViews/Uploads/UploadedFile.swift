/// A file that has come whole.
///
/// It is there as long as anybody has this value; then it is removed. To keep it, read it or ``move(to:)`` it.
public struct UploadedFile: Sendable {
    /// What its sender calls it. It is no path, and says nothing about what is in it.
    public let name: String
    /// The media type that its sender says it has.
    public let claimedType: String
    /// What it is by its first bytes; nil if the upload takes no kind that can be told so.
    public let kind: FileKind?
    /// In bytes.
    public let size: Int
    private let content: UploadContent

    init(name: String, claimedType: String, kind: FileKind?, size: Int, content: UploadContent) {
        self.name = name
        self.claimedType = claimedType
        self.kind = kind
        self.size = size
        self.content = content
    }

    /// The bytes, if it is small enough to be kept in memory (``UploadLimits/maxBytesInMemory``).
    public var bytes: [UInt8]? { content.bytes }

    /// Where it is on disk, if it is there. It is gone with the last copy of this value.
    public var path: String? { content.path }

    /// All of its bytes.
    ///
    /// - Throws: ``UploadProblem/notStored`` if they can't be read.
    public func contents() async throws(UploadProblem) -> [UInt8] { try await content.read() }

    /// Puts it where it can stay. What is there already is replaced.
    ///
    /// - Parameter path: chosen by the application; never made of ``name``.
    /// - Throws: ``UploadProblem/notStored`` if it can't be there.
    public func move(to path: String) async throws(UploadProblem) { try await content.move(to: path) }
}
