import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing
import WebSocketDeflate
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Nothing outlives its connection")
struct LifetimeTests {
    /// What must be gone in the end, without holding it.
    private final class Watch: Sendable {
        /// Unchecked: only whether the object is still there is asked, which a weak reference tells any thread.
        private struct Weak: @unchecked Sendable {
            weak var object: AnyObject?
        }

        private let objects = Mutex<[Weak]>([])

        func watch(_ object: AnyObject) {
            let weak = Weak(object: object)
            objects.withLock { $0.append(weak) }
        }

        var count: Int { objects.withLock { $0.count } }
        var alive: Int { objects.withLock { objects in objects.count { $0.object != nil } } }
    }

    /// Does a bit of everything, and watches itself.
    private final class BusyDelegate: WebSocketDelegate {
        private let watch: Watch
        private let room: Room

        init(_ watch: Watch, _ room: Room) {
            self.watch = watch
            self.room = room
        }

        func opened(_ socket: WebSocketConnection) {
            watch.watch(self)
            watch.watch(socket)
            room.join(socket)
            if socket.id % 3 == 0 { watch.watch(socket.webSocket) }
        }

        func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
            socket.send(payload, kind)
            if socket.id % 5 == 0 { room.broadcast(payload, kind) }
            if socket.id % 7 == 0 { socket.close(code: 4_000) }
        }

        func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
            // A handle asked for after the end.
            watch.watch(socket.webSocket)
            room.join(socket)
        }
    }

    /// Ends a connection in one of the ways there are.
    private static func visit(_ port: Int, _ number: Int) throws {
        let peer = try RawPeer(port: port)
        switch number % 6 {
        case 0:
            try peer.send(.text("hello"), .close())
            _ = try? peer.receiveAll()
        case 1:
            try peer.send(.text("hello"))
            peer.resetOnClose()
        case 2:
            try peer.send(.text("hello").unmasked)
            _ = try? peer.receive()
        case 3:
            try peer.send(.text("begun").fragment)
            peer.endOutput()
            _ = try? peer.receiveAll()
        case 4:
            break
        default:
            try peer.send(.binary(Array(repeating: 1, count: 60_000)), .ping("x"))
        }
    }

    private static func visit(_ port: Int, times: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    try await onThread { for number in stride(from: worker, to: times, by: 4) { try visit(port, number) } }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("1,000 sockets with a delegate", arguments: [WebSocketTransport.plainSocket, .channel])
    func delegates(transport: WebSocketTransport) async throws {
        let watch = Watch()
        let room = Room()
        try await Loopback.withGroup(threads: 2) { group in
            try await Loopback.with {
                $0.transport = transport
                $0.group = group
                $0.configuration.limits.closeTimeout = .milliseconds(100)
                $0.handshake.deflate = transport == .channel ? DeflateParameters() : nil
                $0.delegate = { BusyDelegate(watch, room) }
            } _: { server in
                try await Self.visit(server.port, times: 1_000)
                try await eventually { room.count == 0 }
            }
        }
        #expect(watch.count > 3_000)
        #expect(watch.alive == 0)
    }

    @Test("1,000 sockets with the asynchronous API")
    func asynchronous() async throws {
        let watch = Watch()
        let ended = Counter()
        try await Loopback.withGroup(threads: 2) { group in
            try await Loopback.with {
                $0.group = group
                $0.configuration.limits.closeTimeout = .milliseconds(100)
            } _: { server in
                async let visiting: Void = Self.visit(server.port, times: 1_000)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<1_000 {
                        let socket = try await server.next()
                        group.addTask { await Self.serve(socket, watch, ended) }
                    }
                    try await group.waitForAll()
                }
                try await visiting
                #expect(ended.value == 1_000)
            }
        }
        // Those that were gone when the loop was asked have an inbox no more.
        #expect(watch.count > 2_500)
        #expect(watch.alive == 0)
    }

    private static func serve(_ socket: WebSocket, _ watch: Watch, _ ended: Counter) async {
        watch.watch(socket)
        await socket.onLoop { connection in
            watch.watch(connection)
            if let inbox = connection.handle?.inbox { watch.watch(inbox) }
        }
        let pinging = socket.id % 4 == 0 ? Task { try await socket.ping() } : nil
        do {
            for try await message in socket.messages {
                try await socket.send(message)
                if socket.id % 7 == 0 { break }
            }
        } catch {}
        await socket.close()
        _ = await pinging?.result
        ended.increment()
    }

    @Test("A socket that nobody claims, with messages that nobody reads")
    func unclaimed() async throws {
        let watch = Watch()
        try await Loopback.withGroup(threads: 1) { group in
            try await Loopback.with {
                $0.group = group
            } _: { server in
                let port = server.port
                async let peer = onThread {
                    let peer = try RawPeer(port: port)
                    try peer.send(.text("unread"), .close())
                    #expect(try RawFrame.read(peer.receiveAll()).map(\.opcode) == [.close])
                }
                watch.watch(try await server.next())
                try await peer
            }
        }
        #expect(watch.alive == 0)
    }

    // MARK: On an embedded loop

    @Test("An installation that fails leaves nothing behind")
    func failedInstallation() throws {
        weak var weakLoop: EmbeddedEventLoop?
        do {
            let loop = EmbeddedEventLoop()
            weakLoop = loop
            let channel = EmbeddedChannel(loop: loop)
            try channel.close().wait()
            loop.run()
            #expect(throws: (any Error).self) {
                try WebSocketConnection.install(in: channel, role: .server, delegate: nil)
            }
        }
        #expect(weakLoop == nil)
    }

    @Test("The table of loops forgets a loop with its last socket, and knows it again")
    func loopContexts() throws {
        weak var weakLoop: EmbeddedEventLoop?
        do {
            let loop = EmbeddedEventLoop()
            weakLoop = loop
            let first = try EmbeddedSocket(on: loop), second = try EmbeddedSocket(on: loop)
            #expect(first.connection.loop === second.connection.loop)
            let room = Room()
            room.join(first.connection)
            try first.receive(.close())
            try second.receive(.close())
            // A context of its own, and the room still works.
            let third = try EmbeddedSocket(on: loop)
            #expect(third.connection.loop !== first.connection.loop)
            room.join(third.connection)
            room.broadcast(text: "hello")
            #expect(try third.sent() == [.text("hello")])
            third.connection.close()
            third.advance(by: .seconds(7))
            #expect(third.isClosed)
        }
        #expect(weakLoop == nil)
    }

    @Test("A delegate is let go of at the end, while others hold the connection")
    func delegateIsLetGo() throws {
        weak var weakDelegate: RecordingDelegate?
        let connection: WebSocketConnection
        do {
            let socket = try EmbeddedSocket(delegate: .echo())
            weakDelegate = socket.delegate
            connection = socket.connection
            try socket.receive(.text("x"), .close())
        }
        #expect(weakDelegate == nil)
        #expect(!connection.isOpen)
    }
}
