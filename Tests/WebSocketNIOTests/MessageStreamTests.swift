import NIOCore
import Synchronization
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("The asynchronous API: messages in parts")
struct MessageStreamTests {
    @Test("Other messages wait for the end of one in parts; pings don't")
    func stream() async throws {
        try await Loopback.with { server in
            let (socket, peer) = try await server.rawPair()
            let others = Mutex<[Task<Void, any Error>]>([])
            try await socket.sendStream(.text) { writer in
                try await writer.write(ByteBuffer(string: "a"))
                let other = Task { try await socket.send("other") }
                others.withLock { $0.append(other) }
                try await eventually { socket.outbox.waitingSenders == 1 }
                let ping = Task { try await socket.ping() }
                try await onThread {
                    let frames = try peer.frames(2)
                    #expect(frames.map(\.opcode) == [.text, .ping])
                    try peer.send(RawFrame(.pong, frames[1].payload))
                }
                _ = try await ping.value
                try await writer.write(ByteBuffer(string: "b"))
            }
            for other in others.withLock({ $0 }) { try await other.value }
            let frames = try await onThread { try peer.frames(3) }
            #expect(frames == [.continuation("b").fragment, .continuation(""), .text("other")])
        }
    }

    @Test("However much waits for the end of a message in parts, its writer is not held up by it")
    func streamAndWaitingMessages() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, client) = try await server.pair(client: .quiet { $0.limits.maxMessageSize = 1 << 20 })
            async let received = client.all()
            let senders = Mutex<[Task<Void, any Error>]>([])
            try await socket.sendStream(.binary) { writer in
                try await writer.write(ByteBuffer(repeating: 1, count: 1_000))
                for _ in 0..<30 {
                    let sender = Task { try await socket.send(ByteBuffer(repeating: 2, count: 10_000)) }
                    senders.withLock { $0.append(sender) }
                }
                try await eventually { socket.outbox.waitingSenders == 30 }
                // A room's messages wait too, on the loop.
                await socket.onLoop { for _ in 0..<5 { $0.send(ByteBuffer(repeating: 3, count: 10_000), .binary) } }
                for _ in 0..<50 { try await writer.write(ByteBuffer(repeating: 1, count: 5_000)) }
            }
            for sender in senders.withLock({ $0 }) { try await sender.value }
            await socket.close()
            let sizes = try await received.map(\.bytes.readableBytes)
            #expect(sizes.first == 251_000)
            #expect(sizes.dropFirst() == Array(repeating: 10_000, count: 35)[...])
        }
    }

    @Test("A long message in parts to a slow peer: the writer waits, little is kept")
    func longStream() async throws {
        try await Loopback.with({ $0.useSmallBuffers() }) { server in
            let (socket, peer) = try await server.rawPair()
            async let sending: Void = socket.sendStream(.binary) { writer in
                for number in 0..<200 {
                    try await writer.write(ByteBuffer(repeating: UInt8(number), count: 10_000))
                    #expect(socket.bufferedBytes < 50_000)
                }
            }
            let frames = try await onThread { try peer.frames(201) }
            try await sending
            #expect(frames.dropLast().map { $0.payload.first ?? 255 } == (0..<200).map { UInt8($0) })
            #expect(frames.map(\.isFinal) == Array(repeating: false, count: 200) + [true])
        }
    }

    @Test("Messages in parts of several tasks come one after the other")
    func streams() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            async let received = client.all()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<10 {
                    group.addTask {
                        try await socket.sendStream(.text) { writer in
                            for _ in 0..<10 {
                                try await writer.write(ByteBuffer(string: "\(task)"))
                                await Task.yield()
                            }
                        }
                    }
                    group.addTask { try await socket.send("whole") }
                }
                try await group.waitForAll()
            }
            await socket.close()
            let texts = try await received.map { String(buffer: $0.bytes) }
            #expect(texts.count == 20)
            #expect(texts.allSatisfy { $0 == "whole" || Set($0).count == 1 && $0.count == 10 })
        }
    }

    @Test("An empty message in parts is an empty message")
    func emptyStream() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            try await socket.sendStream(.text) { _ in }
            #expect(try await client.messages.first { _ in true } == .text(""))
        }
    }

    private struct Mistake: Error {}

    @Test("An error in the middle of a message closes the socket with 1011 and is thrown on")
    func failingStream() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            async let end = client.waitForClose()
            await #expect(throws: Mistake.self) {
                try await socket.sendStream(.text) { writer in
                    try await writer.write(ByteBuffer(string: "a"))
                    throw Mistake()
                }
            }
            #expect(await end.code == .internalError)
            #expect(socket.closeReason?.code == .internalError)
        }
    }

    @Test("An error before the first part costs nothing, and the next message goes out")
    func failingBeforeTheStream() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            await #expect(throws: Mistake.self) { try await socket.sendStream(.text) { _ in throw Mistake() } }
            try await socket.send("next")
            #expect(try await client.messages.first { _ in true } == .text("next"))
        }
    }

    @Test("Who waits to begin one can be cancelled, and is told when the socket closes")
    func waitingStreams() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            let tasks = Mutex<[Task<Void, any Error>]>([])
            await #expect(throws: WebSocketError.self) {
                try await socket.sendStream(.text) { writer in
                    try await writer.write(ByteBuffer(string: "first"))
                    for count in 1...2 {
                        let task = Task { try await socket.sendStream(.text) { try await $0.write(ByteBuffer(string: "second")) } }
                        tasks.withLock { $0.append(task) }
                        try await eventually { socket.outbox.waitingStreams == count }
                    }
                    tasks.withLock { $0[0].cancel() }
                    try await eventually { socket.outbox.waitingStreams == 1 }
                    socket.startClosing()
                    try await eventually { socket.outbox.waitingStreams == 0 }
                }
            }
            let (cancelled, late) = tasks.withLock { ($0[0], $0[1]) }
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            await #expect(throws: WebSocketError.self) { try await late.value }
            await client.close()
        }
    }

    @Test("A writer that outlives its message is refused")
    func lateWriter() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            let kept = Mutex<MessageWriter?>(nil)
            try await socket.sendStream(.text) { writer in kept.withLock { $0 = writer } }
            let writer = try #require(kept.withLock { $0 })
            await #expect(throws: WebSocketError.messageIsOver) { try await writer.write(ByteBuffer(string: "late")) }
            try await socket.sendStream(.text) { _ in
                await #expect(throws: WebSocketError.messageIsOver) { try await writer.write(ByteBuffer(string: "late")) }
            }
            await socket.close()
            #expect(try await client.all() == [.text(""), .text("")])
        }
    }
}
