import NIOCore
import NIOPosix
import Testing
import WebSocketDeflate
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("The asynchronous API: sending")
struct AsyncSendingTests {
    // MARK: Order

    @Test("Many tasks send: all arrives, each task's messages in its order", arguments: [WebSocketTransport.plainSocket, .channel])
    func order(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
        } _: { server in
            let (socket, client) = try await server.pair()
            let (tasks, count) = (20, 300)
            async let received = client.all()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask { for number in 0..<count { try await socket.send("\(task) \(number)") } }
                }
                try await group.waitForAll()
            }
            await socket.close()
            var next = Array(repeating: 0, count: tasks)
            for case .text(let text) in try await received {
                let numbers = text.split(separator: " ").compactMap { Int($0) }
                #expect(next[numbers[0]] == numbers[1])
                next[numbers[0]] += 1
            }
            #expect(next == Array(repeating: count, count: tasks))
        }
    }

    @Test("Everything that can be sent, in the order of the calls")
    func kinds() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            async let received = client.all()
            try await socket.send("text")
            try await socket.send(ByteBuffer(bytes: [1]))
            try await socket.send(.binary(ByteBuffer(bytes: [2])))
            try await socket.sendPrepared(PreparedMessage(text: "prepared"))
            try await socket.sendUncompressed(.text("plain"))
            try await socket.sendStream(.binary) { writer in
                for byte in [3, 4] as [UInt8] { try await writer.write(ByteBuffer(bytes: [byte])) }
            }
            try await socket.send("last")
            await socket.close()
            #expect(
                try await received == [
                    .text("text"), .binary(ByteBuffer(bytes: [1])), .binary(ByteBuffer(bytes: [2])), .text("prepared"), .text("plain"),
                    .binary(ByteBuffer(bytes: [3, 4])), .text("last"),
                ])
        }
    }

    @Test("Compression is used if it was agreed to, and left out where that is asked for")
    func compression() async throws {
        try await Loopback.with {
            $0.handshake.deflate = DeflateParameters()
        } _: { server in
            let (socket, peer) = try await server.rawPair()
            #expect(socket.isCompressed)
            let text = String(repeating: "words ", count: 100)
            try await socket.send(text)
            try await socket.sendUncompressed(.text(text))
            let frames = try await onThread { try peer.frames(2) }
            #expect(frames.map(\.reservedBits) == [0b100, 0])
            #expect(frames[0].payload.count < 50)
        }
    }

    // MARK: Back-pressure

    @Test("Any number of tasks send to a peer that does not read: they wait, little is kept, nothing is lost")
    func bound() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, peer) = try await server.rawPair()
            let (tasks, count, size) = (50, 4, 20_000)
            let done = Counter()
            async let sending: Void = withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        for _ in 0..<count {
                            try await socket.send(ByteBuffer(repeating: UInt8(task), count: size))
                            done.increment()
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { socket.bufferedBytes > 25_000 }
            let frames = try await onThread {
                var bytes: [UInt8] = []
                while bytes.count < tasks * count * (size + 4) {
                    bytes += try peer.receive(upTo: 50_000)
                    // A quarter of the cap, one message over it, and headers.
                    #expect(socket.bufferedBytes <= 25_000 + 20_000 + 100)
                }
                return try RawFrame.read(bytes)
            }
            try await sending
            #expect(done.value == tasks * count)
            #expect(frames.count == tasks * count)
            #expect(Dictionary(grouping: frames) { $0.payload[0] }.values.allSatisfy { $0.count == count })
            #expect(!socket.isClosed)
        }
    }

    @Test("A message longer than the cap, and others behind it")
    func longMessage() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, peer) = try await server.rawPair()
            async let sending: Void = {
                try await socket.send(ByteBuffer(repeating: 1, count: 1_000_000))
                for _ in 0..<20 { try await socket.send("behind") }
            }()
            let frames = try await onThread { try peer.frames(21) }
            try await sending
            #expect(frames.map(\.payload.count) == [1_000_000] + Array(repeating: 6, count: 20))
        }
    }

    /// A socket whose sender waits, with what the sender has sent.
    private func waitingSender(_ server: Loopback) async throws -> (
        socket: WebSocket, peer: RawPeer, sent: Counter, task: Task<Void, any Error>
    ) {
        let (socket, peer) = try await server.rawPair()
        let sent = Counter()
        let task = Task {
            while true {
                try await socket.send(ByteBuffer(integer: sent.value, as: Int.self) + ByteBuffer(repeating: 0, count: 10_000))
                sent.increment()
            }
        }
        // It waits for good only once the kernel takes nothing more.
        var count = -1
        while count != sent.value || socket.outbox.waitingSenders == 0 {
            count = sent.value
            try await Task.sleep(for: .milliseconds(50))
        }
        return (socket, peer, sent, task)
    }

    @Test("A sender that waits can be cancelled: its message is not sent, the socket goes on")
    func cancellation() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, peer, sent, task) = try await waitingSender(server)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(socket.outbox.waitingSenders == 0)
            let count = sent.value
            async let last: Void = socket.send("last")
            let frames = try await onThread { try peer.frames(count + 1) }
            try await last
            #expect(frames.dropLast().enumerated().allSatisfy { $0.element.payload[7] == UInt8(truncatingIfNeeded: $0.offset) })
            #expect(frames.last == RawFrame.text("last"))
        }
    }

    @Test("A sender that is cancelled before it sends is not refused, unless it had to wait")
    func cancelledBefore() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, client) = try await server.pair()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await socket.send("goodbye")
            }
            try await task.value
            #expect(try await client.messages.first { _ in true } == .text("goodbye"))
            let (full, peer, _, other) = try await waitingSender(server)
            let refused = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await full.send("not this")
            }
            await #expect(throws: CancellationError.self) { try await refused.value }
            other.cancel()
            peer.resetOnClose()
        }
    }

    @Test("Closing lets a sender that waits go with an error")
    func closing() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, peer, sent, task) = try await waitingSender(server)
            socket.startClosing(code: 4_000)
            let error = await #expect(throws: WebSocketError.self) { try await task.value }
            guard case .closed(let reason)? = error else { throw Unexpected("\(String(describing: error))") }
            #expect(reason.code == 4_000)
            let count = sent.value
            let frames = try await onThread { try peer.frames(count + 1) }
            #expect(frames.last?.closeCode == 4_000)
            #expect(frames.count == count + 1)
        }
    }

    @Test("So does the loss of the connection")
    func loss() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, peer, _, task) = try await waitingSender(server)
            peer.resetOnClose()
            peer.end()
            await #expect(throws: WebSocketError.self) { try await task.value }
            #expect(await socket.waitForClose().code == .abnormalClosure)
        }
    }

    @Test("And the write deadline: a peer that takes nothing is dropped")
    func deadline() async throws {
        try await Loopback.with {
            $0.useSmallBuffers()
            $0.configuration.writeTimeout = .milliseconds(100)
        } _: { server in
            let (socket, _, _, task) = try await waitingSender(server)
            await #expect(throws: WebSocketError.self) { try await task.value }
            #expect(await socket.waitForClose().origin == .lost)
        }
    }

    // MARK: Ping

    @Test("A Ping's round trip")
    func ping() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            for socket in [socket, client] {
                let time = try await socket.ping()
                #expect(time > .zero && time < .seconds(20))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { _ = try await socket.ping() } }
                try await group.waitForAll()
            }
        }
    }

    @Test("Only its own answer ends a Ping; closing fails it; a closed socket refuses it")
    func pingWithoutAnswer() async throws {
        try await Loopback.with { server in
            let (socket, peer) = try await server.rawPair()
            let ping = Task { try await socket.ping() }
            try await onThread {
                #expect(try peer.frames(1).first?.opcode == .ping)
                try peer.send(.pong("12345678"), .pong(""), .close(.goingAway))
            }
            await #expect(throws: WebSocketError.closed(CloseReason(code: .goingAway, origin: .peer))) { try await ping.value }
            await #expect(throws: WebSocketError.self) { try await socket.ping() }
        }
    }

    @Test("A Ping can be cancelled")
    func cancelledPing() async throws {
        try await Loopback.with { server in
            let (socket, peer) = try await server.rawPair()
            let ping = Task { try await socket.ping() }
            _ = try await onThread { try peer.frames(1) }
            ping.cancel()
            await #expect(throws: CancellationError.self) { try await ping.value }
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await socket.ping()
            }
            await #expect(throws: CancellationError.self) { try await early.value }
        }
    }

    // MARK: Closing

    @Test("Several tasks close: one Close frame, all return when the socket is closed")
    func closingTwice() async throws {
        try await Loopback.with { server in
            let (socket, peer) = try await server.rawPair()
            async let answer = onThread {
                let frames = try peer.frames(1)
                try peer.send(.close(4_000))
                return try RawFrame.read(frames.flatMap { $0.bytes(from: .server) } + peer.receiveAll())
            }
            await withTaskGroup(of: Void.self) { group in
                for code in 4_000..<4_010 {
                    group.addTask {
                        await socket.close(code: CloseCode(rawValue: UInt16(code)))
                        #expect(socket.isClosed)
                    }
                }
            }
            let frames = try await answer
            #expect(frames.count == 1)
            #expect(socket.closeReason?.code == frames[0].closeCode)
            await socket.close()
        }
    }

    @Test("Sending throws from the moment that we close, and after the peer has closed")
    func sendingAfterClose() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            socket.startClosing(code: 4_000, reason: "enough")
            let closing = WebSocketError.closed(CloseReason(code: 4_000, text: "enough", origin: .us))
            await #expect(throws: closing) { try await socket.send("late") }
            await #expect(throws: closing) { try await socket.sendStream(.text) { _ in } }
            await #expect(throws: closing) { try await socket.ping() }
            await client.waitForClose()
            await #expect(throws: WebSocketError.self) { try await client.send("late") }
            #expect(try await client.all() == [])
        }
    }

    @Test("A close on the loop is known to the handle at once")
    func closingOnTheLoop() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            await socket.onLoop { $0.close(code: 4_000) }
            await #expect(throws: WebSocketError.self) { try await socket.send("late") }
            await client.waitForClose()
        }
    }

    @Test("A socket that the application let go of stays open, answers pings, and ends with its peer")
    func letGo() async throws {
        try await Loopback.with { server in
            let (port, ended) = (server.port, Flag())
            async let connecting = onThread { try RawPeer(port: port) }
            weak var weakSocket: WebSocket?
            do {
                let socket = try await server.next()
                weakSocket = socket
                Task { [socket] in
                    await socket.waitForClose()
                    ended.set()
                }
            }
            let peer = try await connecting
            try await onThread {
                try peer.send(.text("nobody reads this"), .ping("are you there?"))
                #expect(try peer.frames(1) == [.pong("are you there?")])
                try peer.send(.close())
                #expect(try RawFrame.read(peer.receiveAll()).map(\.opcode) == [.close])
            }
            try await eventually { ended.isSet && weakSocket == nil }
        }
    }

    // MARK: On the loop

    @Test("The handle may be used in a delegate's call")
    func inADelegate() async throws {
        try await Loopback.with {
            $0.delegate = {
                RecordingDelegate { event, socket in
                    guard case .text(let text) = event else { return }
                    socket.send(text: text + " 1")
                    if text == "close" { socket.webSocket.startClosing(code: 4_000) }
                    socket.send(text: text + " 2")
                }
            }
        } _: { server in
            let client = try await server.connect()
            try await client.send("hello")
            try await client.send("close")
            #expect(try await client.all() == [.text("hello 1"), .text("hello 2"), .text("close 1")])
            #expect(client.closeReason?.code == 4_000)
        }
    }
}
