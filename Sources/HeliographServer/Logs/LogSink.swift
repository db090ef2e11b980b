import Dispatch
import Foundation
import Synchronization

// Strategy: a pipe that nobody reads or a disk that is full must not stop an event loop. So a thread of its own writes, what waits for it is bounded, and what is too much is
// counted and said when there is room again.

/// Where log lines go: a descriptor, written to by a thread of its own.
public final class LogSink: Sendable {
    /// What may wait. More is dropped.
    static let maxWaitingBytes = 1 << 20

    private let path: String?
    private let descriptor: Mutex<CInt>
    private let queue = DispatchQueue(label: "heliograph.log")
    private let waiting = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    /// - Parameter path: a file to append to, which only its owner may read if it is made anew; nil: standard error.
    /// - Throws: ``ServeError`` if the file can't be had.
    public init(path: String? = nil) throws(ServeError) {
        self.path = path
        descriptor = Mutex(try path.map { (path) throws(ServeError) in try Self.open(path) } ?? STDERR_FILENO)
    }

    /// For another descriptor, which stays the caller's.
    init(descriptor: CInt) {
        path = nil
        self.descriptor = Mutex(descriptor)
    }

    private static func open(_ path: String) throws(ServeError) -> CInt {
        let descriptor = Foundation.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw ServeError("The log \(path) can't be opened: \(String(cString: strerror(errno))).") }
        return descriptor
    }

    /// Opens the file anew: it may have been moved away. Does nothing without a file.
    ///
    /// - Throws: ``ServeError``; then lines go on to where they went.
    public func reopen() throws(ServeError) {
        guard let path else { return }
        let new = try Self.open(path)
        let old = descriptor.withLock { descriptor in
            defer { descriptor = new }
            return descriptor
        }
        // Behind what was written before.
        queue.async { close(old) }
    }

    /// Has a line written, unless too much waits already. Never blocks.
    func write(_ line: String) {
        let bytes = Array(line.utf8)
        guard waiting.load(ordering: .relaxed) + bytes.count <= Self.maxWaitingBytes else {
            dropped.wrappingAdd(1, ordering: .relaxed)
            return
        }
        waiting.wrappingAdd(bytes.count, ordering: .relaxed)
        queue.async { [self] in
            put(bytes)
            waiting.wrappingSubtract(bytes.count, ordering: .relaxed)
            let lost = dropped.exchange(0, ordering: .relaxed)
            if lost > 0 { put(Array("\(lost) lines of the log were dropped: they could not be written fast enough\n".utf8)) }
        }
    }

    /// Returns when what was logged before is written, or after a second.
    public func flush() {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + 1)
    }

    private func put(_ bytes: [UInt8]) {
        let descriptor = descriptor.withLock { $0 }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // A terminal or pipe that somebody made non-blocking.
                usleep(10_000)
            } else if errno != EINTR {
                return
            }
        }
    }
}
