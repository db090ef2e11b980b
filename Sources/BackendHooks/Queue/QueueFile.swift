import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the system said to a call about a file.
struct FileError: Error, CustomStringConvertible {
    let description: String
    private let code: CInt

    init(_ what: String, _ path: String) {
        code = errno
        description = "\(what) \(path): \(String(cString: strerror(code)))"
    }

    /// There is no such file. Anything else may pass: descriptors or memory that are used up, a disk that comes back.
    var isMissing: Bool { code == ENOENT }
}

/// A file, by its descriptor.
///
/// `@unchecked Sendable`: the descriptor is never another one, and the system's calls may come from any thread.
final class QueueFile: @unchecked Sendable {
    private let descriptor: CInt
    let path: String

    enum Mode {
        case read
        /// There must be none.
        case create
        case update
    }

    init(_ path: String, _ mode: Mode) throws(FileError) {
        self.path = path
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .create: O_RDWR | O_CREAT | O_EXCL
            case .update: O_RDWR | O_CREAT
            }
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError("can't open", path) }
    }

    deinit { _ = close(descriptor) }

    /// Whether no other process has it; as long as it is open.
    func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    func unlock() { _ = flock(descriptor, LOCK_UN) }

    var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// What is there: less than so many bytes at the end.
    func read(at offset: Int, upTo count: Int) throws(FileError) -> ByteBuffer {
        var buffer = ByteBuffer()
        while buffer.readableBytes < count {
            var read = 0
            // The memory is the buffer's own, and as long as is said.
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - buffer.readableBytes) {
                [readable = buffer.readableBytes] in
                read = pread(descriptor, $0.baseAddress, min($0.count, count - readable), off_t(offset + readable))
                return max(0, read)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw FileError("can't read", path) }
            if read == 0 { break }
        }
        return buffer
    }

    /// Writes all of it, or nothing that counts.
    func write(_ bytes: ByteBuffer, at offset: Int) throws(FileError) {
        var rest = bytes
        while rest.readableBytes > 0 {
            // The memory is the buffer's own, and as long as is said.
            let written = rest.withUnsafeReadableBytes { [done = bytes.readableBytes - rest.readableBytes] in
                pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + done))
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                let error = FileError("can't write to", path)
                _ = ftruncate(descriptor, off_t(offset))
                throw error
            }
            rest.moveReaderIndex(forwardBy: written)
        }
    }

    /// Has what was written be on the disk for good.
    func sync() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError("can't sync", path) }
    }

    // MARK: Folders

    /// The names in a folder, in their order.
    static func names(in folder: String) throws(FileError) -> [String] {
        guard let stream = opendir(folder) else { throw FileError("can't read", folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // The system ends the name with a zero, within the entry.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) { String(cString: $0) }
            }
            names.append(name)
        }
        return names.sorted()
    }

    /// Makes a folder for its owner alone; it may be there.
    static func makeFolder(_ path: String) throws(FileError) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw FileError("can't make", path)
    }

    static func remove(_ path: String) { _ = unlink(path) }

    /// Of a file that need not be opened; 0 if there is none.
    static func size(_ path: String) -> Int {
        var status = stat()
        return lstat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    static func rename(_ path: String, to other: String) {
        #if canImport(Glibc)
        _ = Glibc.rename(path, other)
        #elseif canImport(Musl)
        _ = Musl.rename(path, other)
        #else
        _ = Darwin.rename(path, other)
        #endif
    }
}
