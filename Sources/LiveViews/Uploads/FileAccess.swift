import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A call of the system failed.
struct FileFault: Error {
    let code = errno
}

/// As much of files as uploads need. It blocks: on the queues of ``UploadStorage`` only.
enum FileAccess {
    /// No link is followed, no program that is started inherits it.
    private static let safe = O_CLOEXEC | O_NOFOLLOW
    private static let pieceLength = 128 << 10

    /// Opens for one thing, so that files that wait hold no descriptors.
    private static func with<Value>(
        _ path: String, _ flags: CInt, _ work: (CInt) throws(FileFault) -> Value
    ) throws(FileFault) -> Value {
        let descriptor = open(path, flags | safe, 0o600)
        guard descriptor >= 0 else { throw FileFault() }
        defer { close(descriptor) }
        return try work(descriptor)
    }

    /// A file that is not there yet.
    static func make(_ path: String) throws(FileFault) { try with(path, O_WRONLY | O_CREAT | O_EXCL) { _ in } }

    static func write(_ bytes: ByteBuffer, at offset: Int, to path: String) throws(FileFault) {
        try with(path, O_WRONLY) { descriptor throws(FileFault) in
            guard bytes.withUnsafeReadableBytes({ write($0, at: offset, descriptor) }) else { throw FileFault() }
        }
    }

    static func create(_ path: String, _ bytes: [UInt8]) throws(FileFault) {
        try with(path, O_WRONLY | O_CREAT | O_TRUNC) { descriptor throws(FileFault) in
            guard bytes.withUnsafeBytes({ write($0, at: 0, descriptor) }) else { throw FileFault() }
        }
    }

    /// - Returns: whether all of it is written.
    private static func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, _ descriptor: CInt) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written, off_t(offset + written))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    static func read(_ path: String, count: Int) throws(FileFault) -> [UInt8] {
        try with(path, O_RDONLY) { descriptor throws(FileFault) in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            while bytes.count < count {
                let piece = try piece(descriptor)
                guard !piece.isEmpty else { throw FileFault() }
                bytes += piece
            }
            return bytes
        }
    }

    private static func piece(_ descriptor: CInt) throws(FileFault) -> [UInt8] {
        var result = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: pieceLength) { buffer, count in
            repeat { result = Self.systemRead(descriptor, buffer.baseAddress, buffer.count) } while result < 0 && errno == EINTR
            // As many as the system has written.
            count = max(0, result)
        }
        guard result >= 0 else { throw FileFault() }
        return bytes
    }

    private static func systemRead(_ descriptor: CInt, _ start: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Darwin)
        Darwin.read(descriptor, start, count)
        #elseif canImport(Musl)
        Musl.read(descriptor, start, count)
        #else
        Glibc.read(descriptor, start, count)
        #endif
    }

    /// By name; from one file system to another by its bytes.
    static func move(_ path: String, to target: String) throws(FileFault) {
        guard rename(path, target) != 0 else { return }
        guard errno == EXDEV else { throw FileFault() }
        try with(path, O_RDONLY) { source throws(FileFault) in
            try with(target, O_WRONLY | O_CREAT | O_TRUNC) { descriptor throws(FileFault) in
                var offset = 0
                while true {
                    let piece = try piece(source)
                    guard !piece.isEmpty else { return }
                    guard piece.withUnsafeBytes({ write($0, at: offset, descriptor) }) else { throw FileFault() }
                    offset += piece.count
                }
            }
        }
        unlink(path)
    }
}
