// Strategy: tasks of a server should be children of its own task: they are cancelled with it, it ends after them, and they have its task-local
// values, such as service-lifecycle's graceful shutdown. But whether a connection needs a task at all is only known on its event loop, where
// no child task can be started, and a socket of the callback API needs none. So one task of the server's, the keeper, starts what event
// loops ask for. It ends when the server socket and all connections are closed.

import NIOCore
import Synchronization

/// What the connections of a server need done in tasks.
final class ServerWork: Sendable {
    struct Item: Sendable {
        let executor: EventLoopTaskExecutor?
        let run: @Sendable () async -> Void

        /// What to ask for when it is started. Nothing if the keeper runs on that loop: a child task prefers what its parent does.
        var preference: EventLoopTaskExecutor? { executor?.eventLoop.inEventLoop == true ? nil : executor }
    }

    private struct State {
        var items: [Item] = []
        var keeper: CheckedContinuation<Void, Never>?
        var connections = 0
        var isServerClosed = false
        var isCancelled = false

        var isOver: Bool { isCancelled || (isServerClosed && connections == 0) }
    }

    private let state = Mutex(State())

    /// - Returns: false if the server is closed: then the connection came too late to be told.
    func connectionOpened() -> Bool {
        state.withLock { state in
            guard !state.isServerClosed, !state.isCancelled else { return false }
            state.connections += 1
            return true
        }
    }

    func connectionClosed() {
        change { $0.connections -= 1 }
    }

    func serverClosed() {
        change { $0.isServerClosed = true }
    }

    func cancel() {
        change { $0.isCancelled = true }
    }

    /// Has the keeper run this.
    func submit(_ item: Item) {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { state.items.append(item) }
            return state.isCancelled
        }
        if isCancelled { Task { await item.run() }.cancel() } else { change { _ in } }
    }

    /// What was submitted since the last call, as soon as there is something. Nil when nothing more will come. For one task at a time.
    func next() async -> [Item]? {
        while true {
            let (items, isOver) = state.withLock { state in
                defer { state.items = [] }
                return (state.items, state.isOver)
            }
            if !items.isEmpty { return items }
            if isOver { return nil }
            await change()
        }
    }

    private func change() async {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                guard state.items.isEmpty, !state.isOver else { return true }
                state.keeper = continuation
                return false
            }
            if isNow { continuation.resume() }
        }
    }

    private func change(_ body: (inout sending State) -> Void) {
        let keeper = state.withLock { state in
            body(&state)
            guard !state.items.isEmpty || state.isOver else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.keeper = nil }
            return state.keeper
        }
        keeper?.resume()
    }
}
