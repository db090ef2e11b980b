/// What files of browsers may cost, besides what each ``LiveUpload`` allows.
public struct UploadLimits: Sendable {
    /// Files of one view, under way or not taken out yet. Default 32.
    public var maxFilesPerView = 32
    /// Their bytes, as browsers announce them. Default 256 MiB.
    public var maxBytesPerView = 256 << 20
    /// The largest file that is kept in memory; larger ones are written to disk. Default 64 KiB.
    public var maxBytesInMemory = 64 << 10
    /// The bytes of all files in memory, and of pieces on their way to the disk. Default 64 MiB.
    public var maxMemoryBytes = 64 << 20
    /// The bytes of all files on disk. Default 1 GiB.
    public var maxDiskBytes = 1 << 30
    /// From the start of a file to its end. Default 10 min.
    public var fileTimeout: Duration = .seconds(600)
    /// Between two pieces of a file. Default 30 s.
    public var pieceTimeout: Duration = .seconds(30)
    /// Where files are written, in a folder that this process makes there for itself. Default nil: the system's folder for temporary files.
    public var directory: String?

    public init() {}
}
