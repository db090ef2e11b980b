import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// What came of a response and was not taken yet, and who waits for more.
final class Inbox: Sendable {
    struct State {
        var head: HTTPResponse?
        var bytes = ByteBuffer()
        /// The body has ended as it should.
        var isEnd = false
        /// The connection is gone.
        var isClosed = false
        fileprivate var waiting: [CheckedContinuation<Void, Never>] = []
        fileprivate var changes = 0
    }

    private let state = Mutex(State())

    func change(_ body: (inout sending State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            state.changes += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Whether nothing has come at all.
    var isQuiet: Bool { state.withLock { $0.changes == 0 } }

    /// Takes something as soon as it is there.
    func take<Value: Sendable>(
        _ what: String, on eventLoop: any EventLoop, within limit: TimeAmount = .seconds(60), _ look: (inout State) -> Value?
    ) async throws -> Value {
        let isOver = Mutex(false)
        let timer = eventLoop.scheduleTask(in: limit) {
            isOver.withLock { $0 = true }
            self.change { _ in }
        }
        defer { timer.cancel() }
        while true {
            let (value, seen) = state.withLock { state in
                let value = look(&state)
                if value != nil { state.bytes.discardReadBytes() }
                return (value, state.changes)
            }
            if let value { return value }
            if isOver.withLock({ $0 }) {
                let there = state.withLock { ($0.head, String(buffer: $0.bytes), $0.isEnd, $0.isClosed) }
                throw Unexpected("\(what) did not come; there is \(there)")
            }
            await change(since: seen)
        }
    }

    private func change(since seen: Int) async {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                guard state.changes == seen else { return true }
                state.waiting.append(continuation)
                return false
            }
            if isNow { continuation.resume() }
        }
    }
}

final class ResponseCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPResponsePart

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = Self.unwrapInboundIn(data)
        inbox.change { state in
            switch part {
            case .head(let head): state.head = head
            case .body(var bytes): state.bytes.writeBuffer(&bytes)
            case .end: state.isEnd = true
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed as ChannelEvent = event { inbox.change { $0.isClosed = true } }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.change { $0.isClosed = true }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.change { $0.isClosed = true }
        context.close(promise: nil)
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Looks again and again until something is so, for half a minute at most.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw Unexpected("never: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
