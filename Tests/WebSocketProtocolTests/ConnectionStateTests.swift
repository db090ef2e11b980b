// The table at the head of ConnectionState.swift, walked: every state, every event.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("States: RFC 6455 §7.1")
struct ConnectionStateTests {
    enum State: String, CaseIterable {
        case open, closingByUs, closingByUsAnswered, closingByPeer, discarding, discardingWhileClosing, closed
    }

    enum Event: String, CaseIterable {
        case close, closeFrame, brokenRule, end, message, ping, send, sendFragment, sendPing
    }

    static let ours = CloseReason(code: 4000, text: "ours", origin: .us)
    static let theirs = CloseReason(code: 4111, text: "theirs", origin: .peer)
    static let broken = CloseReason(code: 1002, text: "RFC 6455 §5.2: a reserved opcode", origin: .us)

    static func peer(_ role: WebSocketRole, in state: State) -> ScriptedPeer {
        let peer = ScriptedPeer(of: role)
        func close() { peer.after { machine, output in machine.close(code: 4000, reason: "ours", into: &output) } }
        switch state {
        case .open: break
        case .closingByUs: close()
        case .closingByUsAnswered:
            close()
            peer.sends(.close(4000))
        case .closingByPeer: peer.sends(.close(4111, "theirs"))
        case .discarding: peer.sends(RawFrame(Opcode(rawValue: 3)))
        case .discardingWhileClosing:
            close()
            peer.sends(RawFrame(Opcode(rawValue: 3)))
        case .closed:
            peer.sends(.close(4111, "theirs"))
            peer.subject.receiveEnd()
        }
        return peer
    }

    static func apply(_ event: Event, to peer: ScriptedPeer) -> Reaction {
        switch event {
        case .close: peer.after { machine, output in machine.close(code: 4000, reason: "ours", into: &output) }
        case .closeFrame: peer.sends(.close(4111, "theirs"))
        case .brokenRule: peer.sends(RawFrame(Opcode(rawValue: 3)))
        case .end: peer.after { machine, _ in machine.receiveEnd() }
        case .message: peer.sends(.text("m"))
        case .ping: peer.sends(.ping("p"))
        case .send: peer.after { machine, output in machine.send(ByteBuffer(string: "s"), .text, into: &output) }
        case .sendFragment:
            peer.after { machine, output in machine.sendFragment(ByteBuffer(string: "s"), .text, isFinal: false, into: &output) }
        case .sendPing: peer.after { machine, output in machine.ping(into: &output) }
        }
    }

    /// What must be: the state after, the events, the frames sent. Nil: nothing at all.
    static func expected(_ state: State, _ event: Event) -> (ConnectionState, [WebSocketEvent], [RawFrame])? {
        switch (state, event) {
        case (.open, .close): (.closingByUs(ours, answered: false), [], [.close(4000, "ours")])
        case (.open, .closeFrame): (.closingByPeer(theirs), [.close(theirs)], [.close(4111)])
        case (.open, .brokenRule): (.discarding(broken), [.violation(.reservedOpcode)], [.close(1002, broken.text)])
        case (.open, .end): (.closed(.lost("the connection ended without a Close frame")), [], [])
        case (.open, .message): (.open, [.message(.text, "m")], [])
        case (.open, .ping): (.open, [.ping("p")], [.pong("p")])
        case (.open, .send): (.open, [], [.text("s")])
        case (.open, .sendFragment): (.open, [], [RawFrame.text("s").fragment])
        case (.open, .sendPing): (.open, [], [.ping()])
        // Our Close frame is out: the peer may still send, and is answered; we send no data.
        case (.closingByUs, .closeFrame): (.closingByUs(ours, answered: true), [.close(theirs)], [])
        case (.closingByUs, .brokenRule): (.discarding(ours), [.violation(.reservedOpcode)], [])
        case (.closingByUs, .end): (.closed(.lost("the connection ended without a Close frame")), [], [])
        case (.closingByUs, .message): (.closingByUs(ours, answered: false), [.message(.text, "m")], [])
        case (.closingByUs, .ping): (.closingByUs(ours, answered: false), [.ping("p")], [.pong("p")])
        // The rest only waits for the end.
        case (.closingByUsAnswered, .end): (.closed(ours), [], [])
        case (.closingByPeer, .end): (.closed(theirs), [], [])
        case (.discarding, .end): (.closed(broken), [], [])
        case (.discardingWhileClosing, .end): (.closed(ours), [], [])
        default: nil
        }
    }

    @Test("every event in every state", arguments: State.allCases, Event.allCases)
    func walk(state: State, event: Event) throws {
        for role: WebSocketRole in [.server, .client] {
            let peer = Self.peer(role, in: state)
            let before = peer.subject.machine.state
            let reaction = Self.apply(event, to: peer)
            let (after, events, frames) = Self.expected(state, event) ?? (before, [], [])
            #expect(reaction.state == after)
            try reaction.expect(events).expectReplies(frames)
        }
    }

    @Test("who closes the TCP connection, and when: RFC 6455 §7.1.1")
    func disconnect() {
        for role: WebSocketRole in [.server, .client] {
            for state in State.allCases {
                let machine = Self.peer(role, in: state).subject.machine
                let isOver = [.closingByUsAnswered, .closingByPeer, .closed].contains(state)
                #expect(machine.isHandshakeOver == isOver)
                #expect(machine.wantsDisconnect == (isOver && role == .server || state == .closed))
                #expect(machine.wantsHalfClose == [.discarding, .discardingWhileClosing].contains(state))
                #expect(machine.isOpen == (state == .open))
            }
        }
    }

    @Test("the owner may drop the connection in any state: a loss is told, another reason gives way to the one that was known")
    func abandon() {
        let lost = CloseReason.lost("write timeout"), quit = CloseReason(code: 1001, origin: .us)
        for state in State.allCases {
            let known = Self.peer(.server, in: state).subject.machine.state.reason
            var machine = Self.peer(.server, in: state).subject.machine
            machine.abandon(quit)
            #expect(machine.state == .closed(known ?? quit))
            machine = Self.peer(.server, in: state).subject.machine
            machine.abandon(lost)
            #expect(machine.state == .closed(state == .closed ? Self.theirs : lost))
        }
    }

    @Test("a Close frame may come between the fragments of a message, and of one of ours")
    func closeInsideAMessage() throws {
        let peer = ScriptedPeer(of: .server)
        peer.after { machine, output in machine.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false, into: &output) }
        try peer.sends(RawFrame.text("never").fragment, .close(1000)).expect(.close(1000)).expectReplies(.close(1000))
        try peer.after { machine, output in machine.sendFragment(ByteBuffer(string: "b"), .text, isFinal: true, into: &output) }
            .expectReplies()
    }

    @Test("a violation is told once, although its description is sent and its cause repeated")
    func onlyOneViolation() {
        let peer = ScriptedPeer(of: .server, splitting: .everyByte)
        peer.sends(RawFrame(Opcode(rawValue: 3)), RawFrame(Opcode(rawValue: 3)))
        #expect(peer.subject.events == [.violation(.reservedOpcode)])
    }

    @Test("what was kept of the input is given back when it is no longer looked at")
    func forgets() {
        for ending in [RawFrame.close(1000), RawFrame(Opcode(rawValue: 3))] {
            let peer = ScriptedPeer(of: .server)
            peer.sends(RawFrame.binary([UInt8](repeating: 1, count: 60_000)).fragment)
            #expect(peer.subject.machine.inbound.gathered.capacity >= 60_000)
            peer.sends(ending)
            #expect(peer.subject.machine.inbound.gathered.capacity == 0)
        }
    }
}
