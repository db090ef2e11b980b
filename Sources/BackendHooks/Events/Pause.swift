import Synchronization

/// A wait that somebody else can end, and with it all that come later.
final class Pause: Sendable {
    private struct State {
        var sleep: Task<Void, Never>?
        var isOver = false
    }

    private let state = Mutex(State())

    /// Returns after this time, when the pause is ended, or when the task is cancelled. One task at a time may wait.
    func wait(for duration: Duration) async {
        let sleep = Task { _ = try? await Task.sleep(for: duration) }
        let isOver = state.withLock { state in
            state.sleep = sleep
            return state.isOver
        }
        if isOver { sleep.cancel() }
        await withTaskCancellationHandler {
            await sleep.value
        } onCancel: {
            sleep.cancel()
        }
    }

    func end() {
        state.withLock { state in
            state.isOver = true
            state.sleep?.cancel()
        }
    }
}
