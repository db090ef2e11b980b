import Dispatch
import Metrics
import Synchronization

/// Where the files of a process are until views take them: how much there may be, and the threads that write.
///
/// What there is counts when it comes, not when it is announced: whoever announces much and sends nothing takes no room from others.
final class UploadStorage: Sendable {
    let limits: UploadLimits
    let directory: UploadDirectory
    private let memory = Atomic<Int>(0)
    private let disk = Atomic<Int>(0)
    private let queues = [DispatchQueue(label: "heliograph uploads 0"), DispatchQueue(label: "heliograph uploads 1")]
    private let files = Atomic<Int>(0)
    private let held = Meter(label: "live_upload_held_bytes")

    init(_ limits: UploadLimits) {
        self.limits = limits
        directory = UploadDirectory(parent: limits.directory)
    }

    /// What is held now.
    var heldBytes: (memory: Int, disk: Int) { (memory.load(ordering: .relaxed), disk.load(ordering: .relaxed)) }

    /// For the work of one file, one thing after the other.
    func nextQueue() -> DispatchQueue { queues[files.wrappingAdd(1, ordering: .relaxed).newValue & 1] }

    /// - Returns: whether there is room.
    func reserve(_ count: Int, inMemory: Bool) -> Bool {
        let limit = inMemory ? limits.maxMemoryBytes : limits.maxDiskBytes
        let total = add(count, inMemory)
        guard total > limit else { return true }
        _ = add(-count, inMemory)
        return false
    }

    func release(_ count: Int, inMemory: Bool) { _ = add(-count, inMemory) }

    private func add(_ count: Int, _ inMemory: Bool) -> Int {
        held.increment(by: Double(count))
        if inMemory { return memory.wrappingAdd(count, ordering: .relaxed).newValue }
        return disk.wrappingAdd(count, ordering: .relaxed).newValue
    }
}
