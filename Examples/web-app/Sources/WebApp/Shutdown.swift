// Graceful shutdown. On SIGTERM the server stops accepting, lets running requests end, closes sockets with 1001, and then the
// services stop in the opposite order of their start. A service of our own only has to listen for it.

import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization
import WebSocketHummingbird
import WebSocketNIO

/// Something that runs beside the server: tells everybody in its room the number of the tick.
final class ClockService: Service {
    let room = Room()
    private let state = Mutex(State.idle)

    enum State: Sendable { case idle, running, stopped }
    var current: State { state.withLock { $0 } }

    func run() async throws {
        state.withLock { $0 = .running }
        do {
            // Cancels what is inside when the process is asked to stop.
            try await cancelWhenGracefulShutdown {
                for tick in 1... {
                    self.room.broadcast(text: "tick \(tick)")
                    try await Task.sleep(for: .seconds(1))
                }
            }
        } catch is CancellationError {
            // Here is the place for what must still be done: flush, save, say goodbye.
        }
        state.withLock { $0 = .stopped }
    }
}

func addClockSocket(to router: Router<AppContext>, clock: ClockService) {
    // ws://localhost:8080/clock: speaks, and does not listen. Whoever only sends still has to wait for the end.
    router.webSocket("/clock") { socket, _ in
        clock.room.join(socket)
        _ = await socket.waitForClose()
    }
}
