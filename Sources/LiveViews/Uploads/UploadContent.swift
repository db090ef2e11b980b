import Dispatch
import NIOCore
import Synchronization

/// The bytes of one file, in memory or on disk. What they take is given back when nobody has them any more.
final class UploadContent: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        /// Nil: nothing is written yet, or it was moved away.
        var path: String?
        var size = 0
    }

    private let storage: UploadStorage
    private let isInMemory: Bool
    private let queue: DispatchQueue
    private let state = Mutex(State())

    init(_ storage: UploadStorage, isInMemory: Bool) {
        self.storage = storage
        self.isInMemory = isInMemory
        queue = storage.nextQueue()
    }

    deinit {
        let (path, size) = state.withLock { ($0.path, $0.size) }
        storage.release(size, inMemory: isInMemory)
        guard let path else { return }
        queue.async { [storage] in storage.directory.remove(path) }
    }

    var bytes: [UInt8]? { isInMemory ? state.withLock(\.bytes) : nil }
    var path: String? { state.withLock(\.path) }

    // MARK: Writing

    enum Outcome: Sendable, Hashable {
        case written
        /// `done` will be called.
        case underWay
        case refused(UploadProblem)
    }

    /// Adds a piece. Each waits for those before it.
    ///
    /// - Parameter done: is called on another thread, unless it is done at once.
    func append(_ piece: ByteBuffer, done: @escaping @Sendable (UploadProblem?) -> Void) -> Outcome {
        let count = piece.readableBytes
        guard storage.reserve(count, inMemory: isInMemory) else { return .refused(.noRoom) }
        let offset = state.withLock { state in
            defer { state.size += count }
            if isInMemory { state.bytes += piece.readableBytesView }
            return state.size
        }
        guard !isInMemory else { return .written }
        guard storage.reserve(count, inMemory: true) else { return .refused(.noRoom) }
        queue.async { [self] in
            defer { storage.release(count, inMemory: true) }
            do throws(FileFault) {
                try FileAccess.write(piece, at: offset, to: file())
                done(nil)
            } catch {
                done(.notStored)
            }
        }
        return .underWay
    }

    private func file() throws(FileFault) -> String {
        if let path { return path }
        let path = try storage.directory.newFile()
        state.withLock { $0.path = path }
        return path
    }

    /// As ``append(_:done:)``, for those who can wait.
    func append(_ piece: ByteBuffer) async throws(UploadProblem) {
        let problem: UploadProblem? = await withCheckedContinuation { continuation in
            switch append(piece, done: { continuation.resume(returning: $0) }) {
            case .written: continuation.resume(returning: nil)
            case .underWay: break
            case .refused(let problem): continuation.resume(returning: problem)
            }
        }
        if let problem { throw problem }
    }

    // MARK: Using

    func read() async throws(UploadProblem) -> [UInt8] {
        if let bytes { return bytes }
        return try await onQueue { content throws(FileFault) in
            try FileAccess.read(content.path ?? "", count: content.state.withLock(\.size))
        }
    }

    func move(to target: String) async throws(UploadProblem) {
        try await onQueue { content throws(FileFault) in
            guard let path = content.path else {
                guard content.isInMemory else { throw FileFault() }
                return try FileAccess.create(target, content.state.withLock(\.bytes))
            }
            try FileAccess.move(path, to: target)
            let size = content.state.withLock { state in
                state.path = nil
                defer { state.size = 0 }
                return state.size
            }
            content.storage.release(size, inMemory: false)
            content.storage.directory.isGone()
        }
    }

    private func onQueue<Value: Sendable>(
        _ work: @escaping @Sendable (UploadContent) throws(FileFault) -> Value
    ) async throws(UploadProblem) -> Value {
        let result: Result<Value, FileFault> = await withCheckedContinuation { continuation in
            queue.async { [self] in
                do throws(FileFault) {
                    continuation.resume(returning: .success(try work(self)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        guard case .success(let value) = result else { throw .notStored }
        return value
    }
}
