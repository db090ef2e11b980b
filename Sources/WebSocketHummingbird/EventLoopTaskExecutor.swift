// Strategy: SwiftNIO's event loops are serial executors but not task executors, so a task that is not an actor's cannot prefer one. This
// wrapper makes a loop a task executor. Code that runs there changes threads neither for the channel's calls nor for its futures.

public import NIOCore
import Synchronization

/// An event loop as the preferred executor of tasks.
///
/// A program with one event loop that awaits little but its own channels is faster when everything runs on that loop:
///
/// ```swift
/// try await withTaskExecutorPreference(EventLoopTaskExecutor(loop)) {
///     try await app.runService()
/// }
/// ```
///
/// Nothing that runs on it may block.
public final class EventLoopTaskExecutor: TaskExecutor {
    /// The loop that runs the tasks.
    public let eventLoop: any EventLoop

    /// - Parameter eventLoop: the loop that is to run the tasks. It must live as long as they do.
    public init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Runs a piece of a task in a later turn of the loop.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
