import FoundationEssentials
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The folder of a process for the files that come to it, which nobody else may look into. It is there as long as there are files.
///
/// Whoever makes one holds a lock in it, and the kernel lets go of that when the process is gone, however it went: what has no holder is left from a process that was killed, and is removed by the next that makes one.
final class UploadDirectory: Sendable {
    private struct State {
        var path: String?
        var lock: CInt = -1
        var files = 0
        var number: UInt64 = 0
    }

    private static let prefix = "heliograph-uploads-"
    private static let lockName = "lock"

    private let parent: String
    private let state = Mutex(State())

    init(parent: String?) {
        self.parent = parent ?? FileManager.default.temporaryDirectory.path
    }

    /// An empty file.
    func newFile() throws(FileFault) -> String {
        try state.withLock { state throws(FileFault) in
            if state.path == nil { try make(&state) }
            state.number &+= 1
            let path = "\(state.path ?? parent)/\(state.number)"
            try FileAccess.make(path)
            state.files += 1
            return path
        }
    }

    func remove(_ path: String) {
        unlink(path)
        isGone()
    }

    /// A file is not here any more. With the last one the folder goes.
    func isGone() {
        state.withLock { state in
            state.files -= 1
            guard state.files == 0, let path = state.path else { return }
            unlink("\(path)/\(Self.lockName)")
            rmdir(path)
            close(state.lock)
            state.path = nil
        }
    }

    private func make(_ state: inout State) throws(FileFault) {
        sweep()
        var template = Array("\(parent)/\(Self.prefix)\(String(repeating: "X", count: 6))".utf8CString)
        // Readable by this user alone; it writes what it has chosen in place of the X.
        let isMade = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
        guard isMade else { throw FileFault() }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let lock = open("\(path)/\(Self.lockName)", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let fault = FileFault()
            if lock >= 0 { close(lock) }
            rmdir(path)
            throw fault
        }
        state.path = path
        state.lock = lock
    }

    /// Removes what processes have left that are gone.
    private func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(Self.prefix) {
            let path = "\(parent)/\(name)"
            // Where others may write, a name may be a link to any folder: all that is done is done in the folder that was opened.
            let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            guard folder >= 0 else { continue }
            defer { close(folder) }
            let lock = openat(folder, Self.lockName, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else { continue }
            defer { close(lock) }
            guard isOurs(folder), flock(lock, LOCK_EX | LOCK_NB) == 0 else { continue }
            for file in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] { unlinkat(folder, file, 0) }
            rmdir(path)
        }
    }

    private func isOurs(_ folder: CInt) -> Bool {
        var status = stat()
        return fstat(folder, &status) == 0 && status.st_uid == geteuid()
    }
}
