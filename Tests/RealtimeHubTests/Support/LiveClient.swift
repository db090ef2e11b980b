import NIOCore
import NIOPosix
import RealtimeProtocol
import Testing

@testable import RealtimeHub

/// A client on a real event loop: for what takes tasks, and time.
final class LiveClient: Sendable {
    let loop: any EventLoop
    private let state: NIOLoopBoundBox<State>

    private struct State {
        var transport: TestTransport
        var session: Session
        var lastID: UInt32 = 0
        var received: [Wire.Reply] = []
    }

    init(
        _ hub: Hub, isUnidirectional: Bool = false, on loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    ) async throws {
        self.loop = loop
        state = try await loop.submit {
            let transport = TestTransport(loop, .json, isUnidirectional: isUnidirectional)
            return NIOLoopBoundBox(State(transport: transport, session: hub.open(transport)), eventLoop: loop)
        }.get()
    }

    /// Sends commands in one batch. Returns the id of the last.
    @discardableResult
    func send(_ bodies: Wire.Command.Body...) async throws -> UInt32 {
        try await loop.submit { [state] in
            var batch = ByteBuffer()
            for body in bodies {
                state.value.lastID += 1
                try Wire.write(Wire.Command(id: state.value.lastID, body: body), as: .json, to: &batch)
            }
            state.value.session.received(batch)
            return state.value.lastID
        }.get()
    }

    /// Begins a connection on which the server alone speaks.
    func listen() async throws {
        try await loop.submit { [state] in state.value.session.connect(Wire.ConnectRequest()) }.get()
    }

    func replies() async throws -> [Wire.Reply] {
        try await loop.submit { [state] in
            for batch in state.value.transport.takeBatches() {
                var reader = ReplyReader(.json, batch)
                while let reply = try reader.next() { state.value.received.append(reply) }
            }
            return state.value.received
        }.get()
    }

    /// Sends a command and waits for its reply.
    func ask(_ body: Wire.Command.Body) async throws -> Wire.Reply {
        let id = try await send(body)
        return try await eventually("a reply") { try await self.replies().first { $0.id == id } }
    }

    func connect(token: String = "") async throws -> Wire.ConnectResult {
        guard case .connect(let result) = try await ask(.connect(Wire.ConnectRequest(token: token))).body else {
            throw Unexpected("not connected")
        }
        return result
    }

    var closeCode: UInt16? {
        get async throws { try await loop.submit { [state] in state.value.transport.closeCode?.number }.get() }
    }

    var holdsReads: Bool {
        get async throws { try await loop.submit { [state] in state.value.transport.holdsReads }.get() }
    }

    func waitForClose() async throws -> UInt16 {
        try await eventually("the end") { try await self.closeCode }
    }

    /// As if so much waited for the client.
    func setBufferedBytes(_ count: Int) async throws {
        try await loop.submit { [state] in state.value.transport.bufferedBytes = count }.get()
    }

    func lose() async throws {
        try await loop.submit { [state] in state.value.session.closed() }.get()
    }
}

/// What a condition gives when it gives something; within ten seconds.
@discardableResult
func eventually<Value>(_ what: String, _ condition: () async throws -> Value?) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if let value = try await condition() { return value }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw Unexpected("never came: \(what)")
}
