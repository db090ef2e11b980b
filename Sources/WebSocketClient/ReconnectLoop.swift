import WebSocketNIO
import WebSocketProtocol

/// What the loop needs to know of a connection.
protocol ReconnectableConnection: Sendable {
    func waitForClose() async -> CloseReason
    func startClosing(code: CloseCode, reason: String)
}

extension WebSocket: ReconnectableConnection {}

/// The time that the loop lives by.
struct ReconnectTime: Sendable {
    /// Since some fixed moment.
    let now: @Sendable () -> Duration
    let sleep: @Sendable (Duration) async throws -> Void

    init<C: Clock>(_ clock: C) where C.Duration == Duration {
        let start = clock.now
        self.now = { start.duration(to: clock.now) }
        self.sleep = { try await clock.sleep(for: $0) }
    }
}

/// Connect, wait for the end, wait some time, and again: one step for each event that is asked for, so that no task of its own has to run.
struct ReconnectLoop<Connection: ReconnectableConnection> {
    enum Event {
        case connected(Connection)
        case disconnected(Disconnection, retryIn: Duration?)
    }

    private enum State {
        case disconnected
        case connected(Connection, since: Duration)
        case waiting(Duration)
        case over
    }

    private let connect: @Sendable () async throws -> Connection
    private let time: ReconnectTime
    private let random: @Sendable () -> Double
    private var schedule: ReconnectSchedule
    private var state = State.disconnected

    init(
        policy: ReconnectPolicy, time: ReconnectTime, random: @escaping @Sendable () -> Double,
        connect: @escaping @Sendable () async throws -> Connection
    ) {
        self.schedule = ReconnectSchedule(policy: policy)
        self.time = time
        self.random = random
        self.connect = connect
    }

    /// The next event; nil when it is over, by the policy or because the task was cancelled.
    mutating func next() async -> Event? {
        while true {
            switch self.state {
            case .over: return nil
            case .disconnected: return await self.tryToConnect()
            case .connected(let connection, let since): return await self.awaitEnd(of: connection, since: since)
            case .waiting(let delay): await self.wait(delay)
            }
        }
    }

    private mutating func tryToConnect() async -> Event? {
        do {
            let connection = try await self.connect()
            self.state = .connected(connection, since: self.time.now())
            return .connected(connection)
        } catch {
            return self.disconnected(.failed(error), after: nil)
        }
    }

    private mutating func awaitEnd(of connection: Connection, since: Duration) async -> Event? {
        let reason = await withTaskCancellationHandler {
            await connection.waitForClose()
        } onCancel: {
            connection.startClosing(code: .goingAway, reason: "")
        }
        return self.disconnected(.closed(reason), after: self.time.now() - since)
    }

    private mutating func disconnected(_ cause: Disconnection, after uptime: Duration?) -> Event? {
        guard !Task.isCancelled else {
            self.state = .over
            return nil
        }
        let delay = self.schedule.disconnected(cause, after: uptime, random: self.random())
        self.state = delay.map { .waiting($0) } ?? .over
        return .disconnected(cause, retryIn: delay)
    }

    private mutating func wait(_ delay: Duration) async {
        do {
            try await self.time.sleep(delay)
            self.state = .disconnected
        } catch {
            self.state = .over
        }
    }
}
