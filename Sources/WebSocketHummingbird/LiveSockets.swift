import NIOCore
import Synchronization

/// The sockets of a server that no task of the server's waits for: those of the callback API, and those of a late upgrade.
///
/// A server that shuts down is done when its tasks are, so one task has to wait for these (``drain()``). That is what a task for
/// each of 10,000 quiet sockets would cost 14 MB for.
final class LiveSockets: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isClosing = false
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.channels.count } }

    /// Counts the channel until ``remove(_:)``.
    func add(_ channel: any Channel) {
        let isClosing = state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.isClosing
        }
        if isClosing { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    func remove(_ channel: any Channel) {
        let ready = state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = nil
            guard state.channels.isEmpty else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns when no socket is left. If the task is cancelled, every socket starts to close.
    func drain() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isEmpty = state.withLock { state in
                    if !state.channels.isEmpty { state.waiting.append(continuation) }
                    return state.channels.isEmpty
                }
                if isEmpty { continuation.resume() }
            }
        } onCancel: {
            closeAll()
        }
    }

    /// Starts to close every socket, and those that are still to come.
    func closeAll() {
        let channels = state.withLock { state in
            state.isClosing = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }
}
