import CZlib

/// One zlib stream, set up to compress or to decompress raw DEFLATE data.
///
/// It is lent by a ``DeflateBudget`` and used by one borrower at a time.
// Unchecked: the class has no lock of its own. A context is in one place at a time, either the budget's list of idle ones, which a mutex guards,
// or the one codec that borrowed it, which is itself used by one thread at a time.
final class ZlibContext: @unchecked Sendable {
    /// What a context is made for; contexts of equal settings stand in for each other.
    enum Settings: Hashable {
        case deflate(windowBits: Int, memoryLevel: Int, level: Int)
        case inflate(windowBits: Int)

        /// The bytes zlib allocates, after its zconf.h, with its own records (under 6 and 8 KiB on 64-bit systems) rounded up.
        var cost: Int {
            switch self {
            case .deflate(let windowBits, let memoryLevel, _): (1 << (windowBits + 2)) + (1 << (memoryLevel + 9)) + 6 * 1_024
            case .inflate(let windowBits): (1 << windowBits) + 8 * 1_024
            }
        }
    }

    /// zlib refuses raw deflate with a window of 8 bits, for its matches would reach further.
    static let minimumDeflateWindowBits = 9

    let settings: Settings
    // On the heap because zlib keeps a pointer to it. Allocated in `init`, freed in `deinit`, and nobody outside this type's methods has it.
    let stream: UnsafeMutablePointer<z_stream>

    /// Nil when zlib has no memory or refuses the settings.
    init?(_ settings: Settings) {
        self.settings = settings
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        let status =
            switch settings {
            case .deflate(let windowBits, let memoryLevel, let level):
                czlib_raw_deflate_init(self.stream, CInt(level), CInt(windowBits), CInt(memoryLevel))
            case .inflate(let windowBits):
                czlib_raw_inflate_init(self.stream, CInt(windowBits))
            }
        guard status == Z_OK else { return nil }
    }

    deinit {
        // After an `init` that failed there is no state, which both functions take and refuse.
        switch self.settings {
        case .deflate: deflateEnd(self.stream)
        case .inflate: inflateEnd(self.stream)
        }
        self.stream.deinitialize(count: 1)
        self.stream.deallocate()
    }

    /// Forgets all data. False when the stream is beyond repair.
    func reset() -> Bool {
        switch self.settings {
        case .deflate: deflateReset(self.stream) == Z_OK
        case .inflate: inflateReset(self.stream) == Z_OK
        }
    }

    /// How many bytes zlib takes or gives in one call: its counters have 32 bits.
    static let maxPiece = 1 << 30

    /// Gives zlib bytes to read while `body` runs.
    func withInput<Result, Failure: Error>(
        _ input: UnsafeRawBufferPointer,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        self.stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
        self.stream.pointee.avail_in = UInt32(clamping: input.count)
        defer {
            self.stream.pointee.next_in = nil
            self.stream.pointee.avail_in = 0
        }
        return try body()
    }

    /// Runs one step of zlib with at most `limit` bytes of `space` to write to.
    ///
    /// - Returns: zlib's status, how many bytes were written, and whether the space was filled.
    func step(
        _ run: (z_streamp, CInt) -> CInt,
        _ flush: CInt,
        into space: UnsafeMutableRawBufferPointer,
        limit: Int
    ) -> (status: CInt, written: Int, isFull: Bool) {
        let room = min(space.count, limit, Self.maxPiece)
        self.stream.pointee.next_out = space.bindMemory(to: UInt8.self).baseAddress
        self.stream.pointee.avail_out = UInt32(clamping: room)
        let status = run(self.stream, flush)
        let left = Int(self.stream.pointee.avail_out)
        self.stream.pointee.next_out = nil
        self.stream.pointee.avail_out = 0
        return (status, room - left, left == 0)
    }
}
