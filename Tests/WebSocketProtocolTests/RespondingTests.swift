// RFC 6455 §5.5.2, §5.5.3: pings, pongs, and their cost; F11, F12.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Pings and pongs: RFC 6455 §5.5.2, §5.5.3")
struct RespondingTests {
    static let roles: [WebSocketRole] = [.server, .client]

    @Test("a Pong has the payload of the Ping it answers, at every length and split", arguments: roles)
    func answers(role: WebSocketRole) throws {
        for length in [0, 1, 4, 124, 125] {
            let text = String(repeating: "p", count: length)
            for index in 0...(length + 6) {
                let peer = ScriptedPeer(of: role, splitting: .at(index))
                try peer.sends(.ping(text), .text("x")).expect(.ping(text), .message(.text, "x")).expectReplies(.pong(text))
            }
        }
    }

    @Test("pings are answered in order")
    func order() throws {
        let peer = ScriptedPeer(of: .server, splitting: .every(9))
        try peer.sends((0..<30).map { RawFrame.ping("\($0)") }).expectReplies((0..<30).map { RawFrame.pong("\($0)") })
    }

    @Test("while output is blocked, only the last Ping will be answered: §5.5.3")
    func coalesced() throws {
        let peer = ScriptedPeer(of: .server)
        peer.subject.machine.outputIsBlocked = true
        try peer.sends(.ping("1"), .ping("2"), .ping("3")).expect(.ping("1"), .ping("2"), .ping("3")).expectReplies()
        #expect(peer.subject.machine.hasPendingPong)
        peer.subject.machine.outputIsBlocked = false
        try peer.after { machine, output in machine.flushPong(into: &output) }.expectReplies(.pong("3"))
        #expect(!peer.subject.machine.hasPendingPong)
        try peer.after { machine, output in machine.flushPong(into: &output) }.expectReplies()
    }

    @Test("the pong that waits keeps its own bytes, not the read's")
    func pendingPongIsACopy() {
        let peer = ScriptedPeer(of: .server)
        peer.subject.machine.outputIsBlocked = true
        peer.sends(.binary([UInt8](repeating: 0, count: 60_000)), .ping("small"))
        #expect((peer.subject.machine.pendingPong?.storageCapacity ?? .max) <= 128)
    }

    @Test("a Ping that came before the peer's Close frame is not answered after it")
    func pendingPongAfterClose() throws {
        let peer = ScriptedPeer(of: .server)
        peer.subject.machine.outputIsBlocked = true
        peer.sends(.ping("1"), .close(1000))
        peer.subject.machine.outputIsBlocked = false
        try peer.after { machine, output in machine.flushPong(into: &output) }.expectReplies()
    }

    @Test("unsolicited pongs are told and not answered: §5.5.3", arguments: roles)
    func unsolicited(role: WebSocketRole) throws {
        let peer = ScriptedPeer(of: role)
        try peer.sends(.pong(), .pong("x")).expect(.pong(""), .pong("x")).expectReplies()
    }

    @Test("pings and pongs over the burst end with 1008", arguments: roles)
    func burst(role: WebSocketRole) throws {
        for frame in [RawFrame.ping("x"), .pong()] {
            let peer = ScriptedPeer(of: role)
            #expect(peer.sends([RawFrame](repeating: frame, count: 40)).events.count == 40)
            try peer.sends(frame).expectFailure(1008, clause: "RFC 6455 §10.4")
        }
    }

    @Test("a Close frame, and data, are not counted")
    func otherFramesAreFree() throws {
        let peer = ScriptedPeer(of: .server)
        peer.sends([RawFrame](repeating: .ping(), count: 40))
        #expect(peer.sends([RawFrame](repeating: .text("x"), count: 100)).events.count == 100)
        try peer.sends(.close(1000)).expect(.close(1000))
    }

    @Test("twenty pings a second for ever are allowed; a million at once cost forty answers")
    func rate() throws {
        let peer = ScriptedPeer(of: .server)
        for second in 1...100 {
            #expect(peer.sends([RawFrame](repeating: .ping(), count: 20)).events.count == 20)
            peer.subject.advance(toSecond: Double(second))
        }
        let flood = ScriptedPeer(of: .server)
        let reaction = flood.sends(
            bytes: (0..<1_000_000).flatMap { _ in [0x89, 0x80, 1, 2, 3, 4] as [UInt8] })
        #expect(reaction.events.count == 41)
        #expect(try reaction.frames.count == 41)
    }

    @Test("tokens are earned however often the time is told")
    func tokensAtAnyRate() {
        for step in [0.001, 0.01, 0.049, 0.3, 1, 7] {
            let peer = ScriptedPeer(of: .server)
            peer.sends([RawFrame](repeating: .ping(), count: 40))
            var now = 0.0
            while now < 1 {
                now += step
                peer.subject.advance(toSecond: now)
            }
            let tokens = peer.subject.machine.inbound.controlTokens
            #expect(tokens == min(40, Int(now * 20 + 0.000_1)), "\(step) s: \(tokens)")
        }
    }

    @Test("limits of any size: none, and no limit at all")
    func extremes() {
        for (rate, burst) in [(Int.max, Int.max), (0, Int.max), (Int.max, 1), (0, 0), (-1, -1), (.min, .min)] {
            let limits = WebSocketLimits(controlFramesPerSecond: rate, controlFrameBurst: burst)
            let peer = ScriptedPeer(of: .server, settings: WebSocketMachineSettings(limits: limits))
            peer.sends(.ping())
            for second in [1.0, 2, 1e9] { peer.subject.advance(toSecond: second) }
            peer.sends(.ping())
            let isOpen = burst > 1 || burst == 1 && rate > 0
            #expect(peer.subject.machine.isOpen == isOpen)
        }
    }
}
