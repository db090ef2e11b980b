// One batch serves many reads and connections: its storage is used again, but never under the feet of who kept a payload.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("EventBatch")
struct EventBatchTests {
    /// Feeds frames to a machine with this batch, and takes the payloads of the messages.
    static func receive(_ frames: [RawFrame], _ machine: inout WebSocketMachine, _ batch: inout EventBatch) -> [ByteBuffer] {
        machine.receive(ByteBuffer(bytes: frames.flatMap { $0.bytes(from: .client) }), into: &batch)
        var output = ByteBuffer(), payloads: [ByteBuffer] = []
        while let event = machine.nextEvent(from: &batch, output: &output) {
            switch event {
            case .message(_, let payload), .ping(let payload), .pong(let payload), .part(_, let payload, _): payloads.append(payload)
            default: break
            }
        }
        return payloads
    }

    /// All ways in which a payload is kept: in the shared buffer, in one of its own, of a control frame, of one that was split.
    static let messages: [[RawFrame]] = [
        [.text("small"), .binary([1, 2, 3])], [RawFrame.text("in ").fragment, .continuation("pieces")], [.ping("ping"), .pong("pong")],
        [.binary([UInt8](repeating: 9, count: 30_000))],
        [RawFrame.binary([UInt8](repeating: 8, count: 20_000)).fragment, .continuation("end")],
    ]

    @Test("what was kept of one read has its bytes after the next")
    func keptSlices() {
        var machine = WebSocketMachine(role: .server), batch = EventBatch()
        var kept: [(buffer: ByteBuffer, bytes: [UInt8])] = []
        for round in 0..<20 {
            for frames in Self.messages {
                // The same lengths with other bytes, so that storage used too early would show.
                let changed = frames.map { frame in
                    var frame = frame
                    frame.payload = frame.payload.map { $0 & 0x60 | UInt8(truncatingIfNeeded: round) }
                    return frame
                }
                for payload in Self.receive(changed, &machine, &batch) { kept.append((payload, Array(payload.readableBytesView))) }
                batch.finish()
            }
            _ = machine.advance(to: MonotonicTime(nanoseconds: UInt64(round + 1) * 1_000_000_000), output: &kept[0].buffer)
        }
        #expect(kept.count == 20 * 7)
        for (buffer, bytes) in kept { #expect(Array(buffer.readableBytesView) == bytes) }
    }

    @Test("connections that take turns with one batch do not mix")
    func manyConnections() {
        var batch = EventBatch()
        var machines = (0..<10).map { _ in WebSocketMachine(role: .server) }
        var streams = (0..<10).map { index in
            (0..<20).flatMap { RawFrame.text("connection \(index), message \($0)").bytes(from: .client) }
        }
        var received = [[String]](repeating: [], count: 10)
        var random = SeededRandom(seed: 6)
        var output = ByteBuffer()
        while let index = streams.indices.filter({ !streams[$0].isEmpty }).randomElement(using: &random) {
            let piece = streams[index].prefix(Int.random(in: 1...70, using: &random))
            streams[index].removeFirst(piece.count)
            machines[index].receive(ByteBuffer(bytes: piece), into: &batch)
            while let event = machines[index].nextEvent(from: &batch, output: &output) {
                if case .message(_, let payload) = event { received[index].append(String(buffer: payload)) }
            }
        }
        for (index, texts) in received.enumerated() { #expect(texts == (0..<20).map { "connection \(index), message \($0)" }) }
    }

    @Test("storage is used again when nobody kept the payload")
    func reuse() {
        var machine = WebSocketMachine(role: .server), batch = EventBatch()
        func storage(_ frames: [RawFrame]) -> UnsafeRawPointer? {
            Self.receive(frames, &machine, &batch).first?.withUnsafeReadableBytes { $0.baseAddress }
        }
        for frames in [[RawFrame.text("small")], [RawFrame.binary([UInt8](repeating: 1, count: 30_000)).fragment, .continuation("x")]] {
            _ = storage(frames)
            let first = storage(frames)
            #expect(storage(frames) == first)
        }
    }

    @Test("a small message is not given the storage of a big one to keep")
    func spareIsNotTooBig() {
        var machine = WebSocketMachine(role: .server, settings: WebSocketMachineSettings(limits: WebSocketLimits(maxMessageSize: 1 << 22)))
        var batch = EventBatch()
        _ = Self.receive([RawFrame.binary([UInt8](repeating: 1, count: 1 << 20)).fragment, .continuation("x")], &machine, &batch)
        let small = Self.receive([RawFrame.binary([1, 2, 3]).fragment, .continuation("x")], &machine, &batch)
        #expect(small.count == 1)
        #expect(small.allSatisfy { $0.storageCapacity <= 4_096 })
    }

    @Test("a batch that was big once gives its storage back")
    func shrinks() {
        var machine = WebSocketMachine(role: .server, settings: WebSocketMachineSettings(limits: WebSocketLimits(maxMessageSize: 1 << 24)))
        var batch = EventBatch()
        _ = Self.receive([.binary([UInt8](repeating: 1, count: 8 << 20))], &machine, &batch)
        _ = Self.receive([RawFrame.binary([UInt8](repeating: 1, count: 8 << 20)).fragment, .continuation("")], &machine, &batch)
        batch.finish()
        #expect(batch.inbox.capacity <= 256 << 10)
        let spare = batch.takeSpare(capacity: 1, expecting: .max)
        #expect(spare.capacity <= 4 << 20)
    }

    @Test("an unread batch is emptied by the next call")
    func reset() {
        var machine = WebSocketMachine(role: .server), batch = EventBatch()
        machine.receive(ByteBuffer(bytes: RawFrame.text("lost").bytes(from: .client)), into: &batch)
        #expect(batch.count == 1)
        machine.receive(ByteBuffer(), into: &batch)
        #expect(batch.count == 0)
        #expect(batch.takeRecord() == nil)
    }

    @Test("an ending is one, and the last")
    func ending() {
        var batch = EventBatch(), machine = WebSocketMachine(role: .server), output = ByteBuffer()
        batch.end(with: .close(CloseReason(code: 1000, origin: .peer)))
        batch.end(with: .violation(.reservedBits))
        #expect(batch.count == 1)
        #expect(machine.nextEvent(from: &batch, output: &output) == .close(1000))
        #expect(machine.nextEvent(from: &batch, output: &output) == nil)
    }

    @Test("walking the records gives what nextEvent gives")
    func records() {
        let bytes = ([RawFrame.text("a"), .ping("b"), .pong("c"), RawFrame.text("d").fragment, .continuation("e"), .close(1000)])
            .flatMap { $0.bytes(from: .client) }
        for deliversParts in [false, true] {
            let settings = WebSocketMachineSettings(deliversParts: deliversParts)
            var one = WebSocketMachine(role: .server, settings: settings), other = WebSocketMachine(role: .server, settings: settings)
            var batch = EventBatch(), outputs = [ByteBuffer(), ByteBuffer()]
            one.receive(ByteBuffer(bytes: bytes), into: &batch)
            let walked = batch.records.compactMap { one.respond(to: $0, in: batch, output: &outputs[0]) }
            other.receive(ByteBuffer(bytes: bytes), into: &batch)
            var taken: [WebSocketEvent] = []
            while let event = other.nextEvent(from: &batch, output: &outputs[1]) { taken.append(event) }
            #expect(walked == taken)
            #expect(walked.count == (deliversParts ? 6 : 5))
            #expect(outputs[0] == outputs[1])
        }
    }
}
