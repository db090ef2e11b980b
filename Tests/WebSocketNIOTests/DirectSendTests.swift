import NIOCore
import NIOPosix
import Synchronization
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Over sockets: what goes straight to the descriptor and what goes through the channel are one stream")
struct DirectSendTests {
    private static let transports = [WebSocketTransport.plainSocket, .channel]

    // MARK: Property: bytes arrive in order, exactly once

    /// Sends random messages in random company, in steps of the loop's turn, and notes what the peer must get.
    private final class Scribbler: WebSocketDelegate {
        private var random: SeededRandom
        private var messagesLeft: Int
        private let room = Room(maxBufferedBytes: 1 << 30)
        private let expected: Ledger

        init(seed: UInt64, messages: Int, expected: Ledger) {
            random = SeededRandom(seed: seed)
            messagesLeft = messages
            self.expected = expected
        }

        func opened(_ socket: WebSocketConnection) {
            room.join(socket)
        }

        func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
            step(socket)
        }

        private func size() -> Int {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...5: Int.random(in: 0...300, using: &random)
            case 6...7: Int.random(in: 0...40_000, using: &random)
            case 8: Int.random(in: 32_000...33_000, using: &random)
            default: Int.random(in: 0...(300 << 10), using: &random)
            }
        }

        private func step(_ socket: WebSocketConnection) {
            for _ in 0..<Int.random(in: 1...6, using: &random) where messagesLeft > 0 {
                messagesLeft -= 1
                let payload = ByteBuffer(repeating: UInt8.random(in: 0...255, using: &random), count: size())
                expected.note(RawFrame.binary(Array(payload.readableBytesView)))
                switch Int.random(in: 0..<4, using: &random) {
                case 0: room.broadcast(payload, .binary)
                case 1: socket.sendPrepared(PreparedMessage(binary: payload))
                default: socket.send(payload, .binary)
                }
            }
            if messagesLeft == 0 { return socket.close(code: 4_000) }
            let delay = TimeAmount.microseconds([0, 0, 50, 500].randomElement(using: &random) ?? 0)
            let bound = NIOLoopBound((self, socket), eventLoop: socket.eventLoop)
            socket.eventLoop.scheduleTask(in: delay) { bound.value.0.step(bound.value.1) }
        }
    }

    private final class Ledger: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        func note(_ frame: RawFrame) { bytes.withLock { $0 += frame.bytes(from: .server) } }
        var all: [UInt8] { bytes.withLock { $0 } }
    }

    @Test("Random messages to a slow reader arrive in order, exactly once", arguments: transports, [1, 2, 3, 4, 5, 6])
    func property(transport: WebSocketTransport, seed: UInt64) async throws {
        let expected = Ledger()
        try await Loopback.with {
            $0.transport = transport
            $0.configuration.maxBufferedBytes = 1 << 30
            $0.sendBuffer = seed % 2 == 0 ? 16_384 : nil
            $0.delegate = { Scribbler(seed: seed, messages: 120, expected: expected) }
        } _: { server in
            let port = server.port
            let received = try await onThread {
                var random = SeededRandom(seed: seed &+ 1_000)
                let peer = try RawPeer(port: port, receiveBuffer: 32_768)
                try peer.send(.text("go"))
                var all: [UInt8] = []
                while true {
                    let bytes = try peer.receive(upTo: Int.random(in: 1...60_000, using: &random))
                    all += bytes
                    if bytes.isEmpty { return all }
                    if all.suffix(4) == RawFrame.close(4_000).bytes(from: .server)[...] { try peer.send(.close(4_000)) }
                    if Int.random(in: 0..<8, using: &random) == 0 { dawdle(microseconds: .random(in: 0...2_000, using: &random)) }
                }
            }
            let wanted = expected.all + RawFrame.close(4_000).bytes(from: .server)
            #expect(received.count == wanted.count)
            #expect(received == wanted)
        }
    }

    // MARK: Order across the paths

    @Test("Short messages don't overtake what the channel still has in flight", arguments: transports)
    func overtaking(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
            $0.configuration.maxBufferedBytes = 1 << 30
            $0.sendBuffer = 8_192
        } _: { server in
            let port = server.port
            async let client = onThread { try RawPeer(port: port, receiveBuffer: 8_192) }
            let socket = try await server.next(), peer = try await client
            await socket.onLoop { connection in
                connection.send(ByteBuffer(repeating: 1, count: 300_000), .binary)
                for _ in 0..<100 { connection.send(ByteBuffer(repeating: 2, count: 10), .binary) }
                connection.send(ByteBuffer(repeating: 3, count: 100_000), .binary)
            }
            // From here on the first is in flight, and it is another turn.
            await socket.onLoop { connection in
                #expect(!connection.isWritable)
                connection.send(text: "last")
                connection.close()
            }
            async let reason = socket.waitForClose()
            let frames = try await onThread {
                let frames = try peer.frames(104)
                try peer.send(.close())
                return frames
            }
            #expect(frames.map(\.payload.count) == [300_000] + Array(repeating: 10, count: 100) + [100_000, 4, 2])
            #expect(frames.last?.opcode == .close)
            #expect(await reason.code == .normalClosure)
        }
    }

    @Test("Closing with megabytes waiting: they arrive before the Close frame", arguments: transports)
    func closingWithDataWaiting(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
            $0.configuration.maxBufferedBytes = 1 << 30
        } _: { server in
            let port = server.port
            async let client = onThread { try RawPeer(port: port, receiveBuffer: 65_536) }
            let socket = try await server.next(), peer = try await client
            await socket.onLoop { connection in
                for number in 0..<16 { connection.send(ByteBuffer(repeating: UInt8(number), count: 1 << 20), .binary) }
                connection.close(code: .goingAway)
            }
            let frames = try await onThread {
                let frames = try peer.frames(17)
                try peer.send(.close(.goingAway))
                #expect(try peer.receiveAll() == [])
                return frames
            }
            #expect(frames.dropLast().map { $0.payload.first ?? 255 } == Array(0..<16))
            #expect(frames.last?.closeCode == .goingAway)
            #expect(await socket.waitForClose() == CloseReason(code: .goingAway, origin: .us))
        }
    }

    @Test("A peer that ends its side with a Close frame gets all that it had asked for", arguments: transports)
    func halfClose(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
            $0.configuration.maxBufferedBytes = 1 << 30
            $0.configuration.limits.maxMessageSize = 1 << 20
            $0.delegate = { RecordingDelegate.echo() }
        } _: { server in
            let port = server.port
            let frames = try await onThread {
                let peer = try RawPeer(port: port, receiveBuffer: 32_768)
                for _ in 0..<5 { try peer.send(.binary(Array(repeating: 1, count: 200_000))) }
                try peer.send(.close(.normalClosure))
                peer.endOutput()
                return try RawFrame.read(try peer.receiveAll())
            }
            #expect(frames.map(\.opcode) == Array(repeating: .binary, count: 5) + [.close])
        }
    }

    @Test("After a violation the peer gets the Close frame, though it goes on sending", arguments: transports)
    func violation(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
        } _: { server in
            let port = server.port
            async let client = onThread { try RawPeer(port: port) }
            let socket = try await server.next(), peer = try await client
            let rest = try await onThread {
                try peer.send(.text("x").unmasked)
                for _ in 0..<50 { try peer.send(.binary(Array(repeating: 1, count: 10_000))) }
                let rest = try peer.receiveAll()
                peer.endOutput()
                return rest
            }
            #expect(try RawFrame.read(rest).first?.closeCode == .protocolError)
            #expect(await socket.waitForClose().code == .protocolError)
        }
    }

    @Test("A slow peer over the cap is dropped; the descriptor is given back", arguments: transports)
    func slowReader(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
            $0.configuration.maxBufferedBytes = 100_000
            $0.sendBuffer = 16_384
        } _: { server in
            let port = server.port
            async let client = onThread { try RawPeer(port: port, receiveBuffer: 16_384) }
            let socket = try await server.next(), peer = try await client
            let reason = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !socket.isClosed {
                        await socket.onLoop { connection in
                            for _ in 0..<10 { connection.send(ByteBuffer(repeating: 0, count: 10_000), .binary) }
                        }
                    }
                }
                try await group.waitForAll()
                return await socket.waitForClose()
            }
            #expect(reason.code == .policyViolation)
            // What the kernel has, then a reset or the end.
            try await onThread { while let bytes = try? peer.receive(), !bytes.isEmpty {} }
        }
    }

    // MARK: Long messages

    @Test("Messages of 1 and 16 MiB, both ways", arguments: transports)
    func longMessages(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
            $0.configuration.limits.maxMessageSize = 16 << 20
            $0.delegate = { RecordingDelegate.plainEcho() }
        } _: { server in
            let socket = try await server.connect(configuration: .quiet { $0.limits.maxMessageSize = 16 << 20 })
            var reader = socket.messages.makeAsyncIterator()
            for size in [1 << 20, 16 << 20, 1, 16 << 20, 1 << 20] {
                var payload = ByteBuffer(repeating: UInt8(truncatingIfNeeded: size >> 20), count: size)
                payload.setInteger(UInt8(77), at: size - 1)
                try await socket.send(payload)
                #expect(try await reader.next() == .binary(payload))
            }
            await socket.close()
        }
    }

    @Test("Long messages behind each other, without waiting for the echo of one", arguments: transports)
    func pipelinedLongMessages(transport: WebSocketTransport) async throws {
        try await Loopback.with {
            $0.transport = transport
            $0.configuration.limits.maxMessageSize = 4 << 20
            $0.delegate = { RecordingDelegate.plainEcho() }
        } _: { server in
            let socket = try await server.connect(configuration: .quiet { $0.limits.maxMessageSize = 4 << 20 })
            let sizes = [3 << 20, 10, 2 << 20, 100_000, 3 << 20, 1]
            async let sending: Void = {
                for size in sizes { try await socket.send(ByteBuffer(repeating: 1, count: size)) }
            }()
            var reader = socket.messages.makeAsyncIterator()
            for size in sizes { #expect(try await reader.next()?.bytes.readableBytes == size) }
            try await sending
            await socket.close()
        }
    }

    // MARK: Descriptors

    @Test("Under a broadcast, connections that come and go never get another's bytes")
    func descriptorsUnderBroadcast() async throws {
        let room = Room(maxBufferedBytes: 1 << 20, slowReaders: .skip)
        try await Loopback.with {
            $0.delegate = { RecordingDelegate { event, socket in if event == .opened { room.join(socket) } } }
        } _: { server in
            let port = server.port
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var number: UInt64 = 0
                    while !isOver.isSet {
                        number += 1
                        room.broadcast(ByteBuffer(integer: number), .binary)
                        if number % 8 == 0 { try await Task.sleep(for: .microseconds(200)) }
                    }
                }
                let visitors = (0..<3).map { seed in
                    Task {
                        try await onThread { try Self.visit(port: port, times: 80, seed: UInt64(seed)) }
                    }
                }
                for visitor in visitors { try await visitor.value }
                isOver.set()
                try await group.waitForAll()
            }
            try await eventually { room.count == 0 }
        }
    }

    /// Connects, reads frames that must follow each other without a gap, and goes in one way or another.
    private static func visit(port: Int, times: Int, seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<times {
            let peer = try RawPeer(port: port)
            var bytes: [UInt8] = []
            let wanted = 10 * Int.random(in: 0...30, using: &random)
            while bytes.count < wanted { bytes += try peer.receive() }
            let frames = stride(from: 0, through: bytes.count - 10, by: 10).map { Array(bytes[$0..<$0 + 10]) }
            let numbers = frames.map { frame in frame.dropFirst(2).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            #expect(frames.allSatisfy { $0.prefix(2) == [0x82, 8] })
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 + 1 == $1 })
            switch Int.random(in: 0..<4, using: &random) {
            case 0: peer.resetOnClose()
            case 1: try peer.send(.close())
            case 2: peer.endOutput()
            default: try peer.send(.text("bad").unmasked)
            }
        }
    }
}

extension RecordingDelegate {
    /// Sends the very buffer back.
    static func plainEcho() -> any WebSocketDelegate {
        final class Echo: WebSocketDelegate {
            func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
                socket.send(payload, kind)
            }
        }
        return Echo()
    }
}
