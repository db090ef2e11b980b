import NIOCore
import NIOPosix
import Synchronization
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("The asynchronous API: reading")
struct ReadingTests {
    @Test("Messages come in order, as text or bytes")
    func messages() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            try await client.send("Grüße")
            try await client.send(ByteBuffer(bytes: [1, 2, 3]))
            try await client.send("")
            try await client.send(.text("and so on"))
            await client.close()
            #expect(try await socket.all() == [.text("Grüße"), .binary(ByteBuffer(bytes: [1, 2, 3])), .text(""), .text("and so on")])
        }
    }

    @Test(
        "The sequence ends after a closing handshake, whatever the code",
        arguments: [nil, 1000, 1001, 1008, 1011, 1012, 3000, 4999] as [UInt16?])
    func end(code: UInt16?) async throws {
        try await Loopback.with { server in
            let (socket, peer) = try await server.rawPair()
            let close = code.map { RawFrame.close(CloseCode(rawValue: $0), "why") } ?? .close()
            try await onThread { try peer.send(.text("last"), close) }
            #expect(try await socket.all() == [.text("last")])
            #expect(
                socket.closeReason == CloseReason(code: CloseCode(rawValue: code ?? 1005), text: code == nil ? "" : "why", origin: .peer))
            #expect(try await socket.all() == [], "and stays ended")
        }
    }

    @Test("It ends when we close", arguments: [CloseCode.normalClosure, 4_321])
    func endByUs(code: CloseCode) async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            async let all = client.all()
            async let others = socket.all()
            await socket.close(code: code)
            #expect(try await all == [])
            #expect(try await others == [])
            #expect(client.closeReason == CloseReason(code: code, origin: .peer))
            #expect(socket.closeReason == CloseReason(code: code, origin: .us))
        }
    }

    @Test("It throws when the connection is lost, after what came before")
    func loss() async throws {
        try await Loopback.with { server in
            let (socket, peer) = try await server.rawPair()
            try await onThread {
                try peer.send(.text("last"))
                peer.endOutput()
            }
            var iterator = socket.messages.makeAsyncIterator()
            #expect(try await iterator.next() == .text("last"))
            let error = await #expect(throws: WebSocketError.self) { _ = try await iterator.next() }
            guard case .lost(let reason)? = error else { throw Unexpected("\(String(describing: error))") }
            #expect(reason.code == .abnormalClosure)
            #expect(socket.closeReason == reason)
        }
    }

    @Test("It throws when the peer breaks a rule, after what came before")
    func violation() async throws {
        try await Loopback.with { server in
            let (socket, peer) = try await server.rawPair()
            try await onThread { try peer.send(.text("good"), .text(bytes: [0xc0])) }
            var iterator = socket.messages.makeAsyncIterator()
            #expect(try await iterator.next() == .text("good"))
            let error = await #expect(throws: WebSocketError.self) { _ = try await iterator.next() }
            guard case .violation(let violation)? = error else { throw Unexpected("\(String(describing: error))") }
            #expect(violation.rule.contains("§8.1"))
            #expect(socket.closeReason?.code == .invalidPayload)
        }
    }

    @Test("A second reader is refused, and the first goes on")
    func secondReader() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            async let first = { try await socket.messages.first { _ in true } }()
            // Which of the two waits is not known: one is refused at once, the other gets the message.
            let refused = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do { for try await _ in socket.messages { return false } } catch WebSocketError.alreadyReading { return true } catch
                        {}
                        return false
                    }
                }
                let wasRefused = await group.next() ?? false
                try? await client.send("for the first")
                try? await client.send("for the other")
                try? await client.send("for the third")
                return wasRefused
            }
            #expect(refused)
            _ = try? await first
            await client.close()
        }
    }

    @Test("A task that is cancelled gets nil; the next one reads on, nothing is lost")
    func cancellation() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            let reading = Task { try await socket.all() }
            try await client.send("1")
            reading.cancel()
            let before = try await reading.value
            try await client.send("2")
            await client.close()
            #expect(before + (try await socket.all()) == [.text("1"), .text("2")])
        }
    }

    @Test("A reader that is cancelled before it begins, with and without something to read")
    func cancelledBefore() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            let never = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await socket.all()
            }
            #expect(try await never.value == [])
            try await client.send("1")
            await client.close()
            #expect(try await socket.all() == [.text("1")])
        }
    }

    @Test("Cancelling a refused reader leaves the one that waits alone")
    func cancelledSecondReader() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            guard let inbox = socket.inbox else { throw Unexpected("no inbox") }
            let first = Task { try await inbox.next() }
            try await eventually { inbox.hasReader }
            for _ in 0..<200 {
                let second = Task { try await inbox.next() }
                second.cancel()
                _ = await second.result
            }
            #expect(inbox.hasReader)
            try await client.send("1")
            guard case .message(.text("1"))? = try await first.value else { throw Unexpected("the first was ended") }
            await client.close()
        }
    }

    @Test("Reading from a socket that has a delegate is refused")
    func delegate() async throws {
        try await Loopback.with {
            $0.delegate = { RecordingDelegate() }
        } _: { server in
            let client = try await server.connect(delegate: { RecordingDelegate() })
            await #expect(throws: WebSocketError.readByDelegate) { try await client.all() }
            await client.close()
        }
    }

    // MARK: Back-pressure

    @Test("A reader that does not read stops the socket's reads; when it reads on, all is there")
    func backpressure() async throws {
        try await Loopback.with {
            $0.configuration.inboundBuffer = 10_000
            $0.receiveBuffer = 32_768
        } _: { server in
            let (socket, client) = try await server.pair(sendBuffer: 32_768)
            let count = 4_000
            let sent = Counter()
            let sending = Task {
                for number in 0..<count {
                    try await client.send(ByteBuffer(integer: number, as: Int.self) + ByteBuffer(repeating: 0, count: 1_000))
                    sent.increment()
                }
                await client.close()
            }
            try await eventually { await socket.onLoop { $0.isReadHeldBack } }
            guard let inbox = socket.inbox else { throw Unexpected("no inbox") }
            var received = 0, mostAhead = 0, mostKept = 0
            for try await message in socket.messages {
                #expect(message.bytes.getInteger(at: 0, as: Int.self) == received)
                received += 1
                mostAhead = max(mostAhead, sent.value - received)
                mostKept = max(mostKept, inbox.cost)
            }
            #expect(received == count)
            // The inbox, one read of 64 KiB beyond it, both kernel buffers (which count double), and what the client may have waiting.
            #expect(mostAhead < 1_200)
            #expect(mostKept <= 10_000 + 4 * 65_536 * 2)
            try await sending.value
        }
    }

    @Test("The inbox never forgets to stop the reads, however fast it is emptied")
    func pauseRace() async throws {
        try await Loopback.with {
            $0.configuration.inboundBuffer = 2_000
        } _: { server in
            let (socket, client) = try await server.pair()
            let count = 30_000
            let sending = Task {
                for _ in 0..<count { try await client.send(ByteBuffer(repeating: 0, count: 100)) }
                await client.close()
            }
            guard let inbox = socket.inbox else { throw Unexpected("no inbox") }
            var received = 0, mostKept = 0
            for try await _ in socket.messages {
                received += 1
                // Let it fill up now and then. Above the half of its size reads may still be held from before, and no more comes.
                if received % 1_000 == 0 { try await eventually { inbox.cost > 1_000 || inbox.cost == 0 } }
                mostKept = max(mostKept, inbox.cost)
            }
            #expect(received == count)
            // What one read event can bring: four reads of 64 KiB, at 164 for a message of 106 bytes on the wire.
            #expect(mostKept < 2_000 + 4 * 65_536 * 164 / 106 * 2)
            try await sending.value
        }
    }

    @Test("Closing while nobody reads and the peer floods us: the handshake succeeds, what does not fit is left out")
    func closingWhileFlooded() async throws {
        try await Loopback.with {
            $0.configuration.inboundBuffer = 10_000
        } _: { server in
            let (socket, client) = try await server.pair()
            let sending = Task { while true { try await client.send(ByteBuffer(repeating: 0, count: 1_000)) } }
            try await eventually { await socket.onLoop { $0.isReadHeldBack } }
            await socket.close(code: 4_000)
            #expect(socket.closeReason == CloseReason(code: 4_000, origin: .us))
            let left = try await socket.all()
            #expect(!left.isEmpty && left.count < 1_000)
            await #expect(throws: WebSocketError.self) { try await sending.value }
        }
    }

    // MARK: Parts

    private static var inParts: WebSocketConfiguration { .quiet { $0.deliversParts = true } }

    @Test("Parts mode: a long message comes as it arrives, and is whole in the end")
    func parts() async throws {
        try await Loopback.with {
            $0.configuration = Self.inParts
        } _: { server in
            let (socket, client) = try await server.pair()
            let payload = ByteBuffer(bytes: (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
            async let sending: Void = {
                try await client.send(payload)
                try await client.send("short")
                await client.close()
            }()
            var whole = ByteBuffer(), count = 0
            var iterator = socket.parts.makeAsyncIterator()
            while let part = try await iterator.next() {
                #expect(part.kind == .binary)
                whole.writeImmutableBuffer(part.bytes)
                count += 1
                if part.isFinal { break }
            }
            #expect(whole == payload)
            #expect(count > 10)
            #expect(try await iterator.next() == MessagePart(kind: .text, bytes: ByteBuffer(string: "short"), isFinal: true))
            #expect(try await iterator.next() == nil)
            try await sending
        }
    }

    @Test("Parts mode: messages are gathered up to the limit, over it comes 1009")
    func gatheredParts() async throws {
        try await Loopback.with {
            $0.configuration = Self.inParts
        } _: { server in
            let (socket, client) = try await server.pair()
            try await client.sendStream(.text) { writer in
                for word in ["one ", "two ", "three"] { try await writer.write(ByteBuffer(string: word)) }
            }
            var iterator = socket.messages.makeAsyncIterator()
            #expect(try await iterator.next() == .text("one two three"))
            try await client.send(ByteBuffer(repeating: 0, count: 1 << 20))
            async let end = client.waitForClose()
            #expect(try await iterator.next() == nil)
            #expect(await end.code == .messageTooBig)
        }
    }

    @Test("Without parts mode every message is one part")
    func wholeParts() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            try await client.send("one")
            await client.close()
            var parts: [MessagePart] = []
            for try await part in socket.parts { parts.append(part) }
            #expect(parts == [MessagePart(kind: .text, bytes: ByteBuffer(string: "one"), isFinal: true)])
        }
    }

    @Test("Parts for a delegate")
    func partsForADelegate() throws {
        let socket = try EmbeddedSocket(configuration: Self.inParts)
        try socket.receive(.text("a").fragment, .continuation("").fragment, .continuation("b").fragment)
        #expect(socket.delegate.takeEvents() == [.part("a", isFinal: false), .part("b", isFinal: false)])
        try socket.receive(.ping(), .continuation("c"), .text("d"))
        #expect(socket.delegate.takeEvents() == [.part("c", isFinal: true), .part("d", isFinal: true)])
        #expect(try socket.sent() == [.pong()])
    }

    // MARK: JSON

    private struct Order: Codable, Equatable {
        var item: String
        var count: Int
    }

    @Test("Values as JSON, in text and in bytes")
    func json() async throws {
        try await Loopback.with { server in
            let (socket, client) = try await server.pair()
            let order = Order(item: "täglich", count: 3)
            try await client.send(json: order)
            try await client.send(ByteBuffer(string: #"{"item":"x","count":1}"#))
            try await client.send("not JSON")
            var iterator = socket.messages.makeAsyncIterator()
            let first = try #require(try await iterator.next())
            #expect(first.kind == .text)
            #expect(try first.decode(Order.self) == order)
            #expect(try await iterator.next()?.decode() == Order(item: "x", count: 1))
            let third = try #require(try await iterator.next())
            #expect(throws: DecodingError.self) { try third.decode(Order.self) }
            await #expect(throws: EncodingError.self) { try await client.send(json: Double.nan) }
            await client.close()
        }
    }
}

extension ByteBuffer {
    static func + (left: ByteBuffer, right: ByteBuffer) -> ByteBuffer {
        var sum = left
        sum.writeImmutableBuffer(right)
        return sum
    }
}

/// A number that several tasks raise.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.add(1, ordering: .sequentiallyConsistent) }
}
