import NIOCore
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketDeflate

/// The codec under the frame machine: what a peer sees of RFC 7692.
@Suite struct MachineTests {
    func machine(_ role: WebSocketRole, _ parameters: DeflateParameters = .init(), budget: DeflateBudget = .init(bytes: 1 << 20))
        -> WebSocketMachine
    {
        let codec = DeflateCodec(role: role, parameters: parameters, configuration: .test(parameters, budget: budget))
        return WebSocketMachine(role: role, settings: WebSocketMachineSettings(), compressor: codec)
    }

    /// What a server makes of frames from a client.
    func events(_ frames: [RawFrame], budget: DeflateBudget = .init(bytes: 1 << 20), splitting: Splitting = .whole) -> [WebSocketEvent] {
        let server = RecordedMachine(self.machine(.server, budget: budget))
        server.receive(frames.flatMap { $0.bytes(from: .client) }, splitting: splitting)
        return server.events
    }

    func closeCode(_ events: [WebSocketEvent]) -> CloseCode? {
        guard case .violation(let violation) = events.last else { return nil }
        return violation.closeCode
    }

    @Test("A conversation, compressed both ways", arguments: [Splitting.whole, .everyByte, .random(seed: 1, upTo: 9)])
    func conversation(splitting: Splitting) {
        let pair = MachinePair(client: self.machine(.client), server: self.machine(.server), splitting: splitting) {
            event, machine, output in
            guard case .message(let kind, let payload) = event else { return }
            _ = machine.send(payload, kind, into: &output)
        }
        let message = ByteBuffer(string: poem)
        for _ in 0..<3 {
            _ = pair.server.machine.send(message, .text, into: &pair.server.output)
            #expect(pair.server.output.readableBytes < message.readableBytes)
            pair.deliver()
        }
        #expect(pair.client.events == Array(repeating: .message(.text, message), count: 3))
        #expect(pair.server.events == pair.client.events)
    }

    @Test("§7.2.3.1: RSV1 is on the first fragment alone", arguments: [Splitting.whole, .everyByte])
    func fragments(splitting: Splitting) {
        let frames = [
            RawFrame.text(bytes: [0xF2, 0x48, 0xCD]).fragment.reserved(0b100), .ping("between"),
            .continuation(bytes: [0xC9, 0xC9, 0x07, 0x00]),
        ]
        let events = self.events(frames, splitting: splitting)
        #expect(events == [.ping(ByteBuffer(string: "between")), .message(.text, ByteBuffer(string: "Hello"))])
    }

    @Test("§6: a message without RSV1 is not compressed, whatever was agreed on")
    func plain() {
        #expect(self.events([.text("plain")]) == [.message(.text, ByteBuffer(string: "plain"))])
    }

    @Test("A bomb is closed with 1009, in one frame and in many")
    func bomb() throws {
        let wire = try LimitTests.bomb(1 << 20)
        #expect(self.closeCode(self.events([RawFrame.binary(wire).reserved(0b100)])) == .messageTooBig)
        let half = wire.count / 2
        let frames = [
            RawFrame.binary(Array(wire[..<half])).fragment.reserved(0b100), .continuation(bytes: Array(wire[half...])),
        ]
        #expect(self.closeCode(self.events(frames)) == .messageTooBig)
    }

    @Test("What does not inflate is closed with 1007, and so is text that is none")
    func corrupt() throws {
        #expect(self.closeCode(self.events([RawFrame.binary([0x06]).reserved(0b100)])) == .invalidPayload)
        #expect(self.closeCode(self.events([RawFrame.binary([0xF2, 0x48]).reserved(0b100)])) == .invalidPayload)
        let noText = try #require(CodecPair().client.compressed([UInt8](repeating: 0xFF, count: 100)))
        #expect(self.closeCode(self.events([RawFrame.text(bytes: noText).reserved(0b100)])) == .invalidPayload)
    }

    @Test("Without memory to inflate, the connection is closed with 1013: try again later")
    func noMemory() {
        let hello = RawFrame.text(bytes: [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]).reserved(0b100)
        #expect(self.closeCode(self.events([hello], budget: DeflateBudget(bytes: 0))) == .tryAgainLater)
    }
}
