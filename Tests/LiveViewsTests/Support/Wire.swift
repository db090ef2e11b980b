import LiveHTML
import LiveViews
import NIOCore
import NIOEmbedded
import RealtimeTesting
import Synchronization
import Testing

/// Records what a session sends.
final class TestTransport: LiveTransport, Sendable {
    struct State {
        var messages: [ServerMessage] = []
        var closed: (code: LiveCloseCode, reason: String)?
        var holds: [Bool] = []
        var bufferedBytes = 0
        var carriesFiles = true
    }

    let eventLoop: any EventLoop
    let isBinary: Bool
    let state = Mutex(State())

    init(_ eventLoop: any EventLoop, isBinary: Bool = false) {
        self.eventLoop = eventLoop
        self.isBinary = isBinary
    }

    var carriesFiles: Bool { state.withLock(\.carriesFiles) }
    var bufferedBytes: Int { state.withLock(\.bufferedBytes) }
    func send(_ message: [UInt8], isBinary: Bool) { state.withLock { $0.messages.append(ServerMessage(message, isBinary: isBinary)) } }
    func holdReads(_ isHeld: Bool) { state.withLock { $0.holds.append(isHeld) } }
    func close(_ code: LiveCloseCode, _ reason: String) { state.withLock { $0.closed = (code, reason) } }
}

/// A connection to a view, message by message. Time stands until it is moved.
final class Wire<View: LiveView>: Sendable {
    let loop: NIOAsyncTestingEventLoop
    let transport: TestTransport
    private let session: NIOLoopBound<any LiveSession>
    private let taken = Mutex(0)
    private let ownsLoop: Bool

    init(
        _ route: LiveRoute<View>, _ request: LiveRequest = LiveRequest(), isBinary: Bool = false, on loop: NIOAsyncTestingEventLoop? = nil,
        make: @escaping @Sendable (LiveRequest) async throws -> View
    ) async throws {
        let ownLoop = loop ?? NIOAsyncTestingEventLoop()
        self.loop = ownLoop
        ownsLoop = loop == nil
        let transport = TestTransport(ownLoop, isBinary: isBinary)
        self.transport = transport
        session = try await ownLoop.executeInContext { NIOLoopBound(route.open(transport, request, make: make), eventLoop: ownLoop) }
    }

    deinit {
        let loop = loop, session = session, ownsLoop = ownsLoop
        Task {
            try? await loop.executeInContext { session.value.closed() }
            if ownsLoop { await loop.shutdownGracefully() }
        }
    }

    /// Messages in one turn of the loop.
    func say(_ texts: String...) async throws {
        let session = session
        try await loop.executeInContext { for text in texts { session.value.received(ByteBuffer(string: text), isBinary: false) } }
        await loop.run()
    }

    /// Messages in one turn of the loop.
    func say(binary messages: [UInt8]...) async throws {
        let session = session
        try await loop.executeInContext { for bytes in messages { session.value.received(ByteBuffer(bytes: bytes), isBinary: true) } }
    }

    func drain() async throws {
        transport.state.withLock { $0.bufferedBytes = 0 }
        let session = session
        try await loop.executeInContext { session.value.drained() }
        await loop.run()
    }

    func close() async throws {
        let session = session
        try await loop.executeInContext { session.value.closed() }
        await loop.run()
    }

    func advance(by amount: TimeAmount) async { await loop.advanceTime(by: amount) }

    /// All that has come.
    var messages: [ServerMessage] { transport.state.withLock(\.messages) }
    var closed: LiveCloseCode? { transport.state.withLock { $0.closed?.code } }

    /// What has come since this was last called.
    func take() -> [String] {
        let messages = messages
        return taken.withLock { taken in
            defer { taken = messages.count }
            return messages[taken...].map { $0.isBinary ? "binary" : $0.text }
        }
    }

    /// Joins, and waits for the answer.
    func join(_ seal: String = "", _ hash: String = "", _ fingerprints: Set<String> = []) async throws {
        let names = fingerprints.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        try await say("[\"join\",\"\(seal)\",\"\(hash)\",[\(names)]]")
        try await eventually("the answer to a join") {
            await self.loop.run()
            return self.closed != nil || self.messages.contains { $0.kind == .bind || $0.kind == .tree }
        }
    }
}

extension Wire {
    /// A connection that has joined, and whose first messages are taken.
    static func joined(
        _ view: View, _ runtime: LiveRuntime = .testing(), _ request: LiveRequest = LiveRequest(), isBinary: Bool = false
    ) async throws -> Wire {
        let wire = try await Wire(LiveRoute(View.self, runtime: runtime), request, isBinary: isBinary) { _ in view }
        try await wire.join()
        _ = wire.take()
        return wire
    }
}

/// Waits for something that other threads do.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("never came: \(what)")
}

/// What a page says of its view.
struct PaintedPage {
    let text: String
    let seal: String
    let hash: String
    /// What is in the root element.
    let content: String

    init(_ page: LivePage) throws {
        text = try page.root.painted(with: TemplateCache(), markers: false)
        let match = try #require(
            text.wholeMatch(of: /<div data-live="([A-Za-z0-9_-]+)" data-live-hash="([A-Za-z0-9_.-]{11,})">(.*)<\/div>/.dotMatchesNewlines())
        )
        seal = String(match.1)
        hash = String(match.2)
        content = String(match.3)
    }
}

/// Counts, from any thread.
final class Count: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    @discardableResult func next() -> Int {
        number.withLock { number in
            number += 1
            return number
        }
    }
}

/// Lets those who wait go on when it is opened.
final class Gate: Sendable {
    private let state = Mutex(false)
    var isOpen: Bool { state.withLock { $0 } }
    func open() { state.withLock { $0 = true } }
    func wait() async throws { while !isOpen { try await Task.sleep(for: .milliseconds(1)) } }
}
