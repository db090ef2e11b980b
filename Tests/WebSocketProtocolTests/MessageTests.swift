// RFC 6455 §5.4, §5.6, §6.2: messages in one frame and in many, F8, F9, F22.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Messages and fragments: RFC 6455 §5.4, §5.6")
struct MessageTests {
    static let roles: [WebSocketRole] = [.server, .client]

    @Test("text and binary, empty and long, at every split of the header", arguments: roles)
    func whole(role: WebSocketRole) throws {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let text = String(repeating: "x", count: length)
            for splitting in [Splitting.whole] + (1...15).map({ .at($0) }) {
                let peer = ScriptedPeer(of: role, splitting: splitting)
                try peer.sends(.text(text), .binary(Array(text.utf8)))
                    .expect(.message(.text, text), .message(bytes: Array(text.utf8))).expectReplies()
            }
        }
    }

    @Test("fragments make one message, whatever their number and lengths", arguments: roles)
    func fragments(role: WebSocketRole) throws {
        let streams: [[RawFrame]] = [
            [.text("Hel").fragment, .continuation("lo")],
            [.text("").fragment, .continuation("Hello")],
            [.text("Hello").fragment, .continuation("")],
            [
                .text("").fragment, .continuation("").fragment, .continuation("Hello").fragment, .continuation("").fragment,
                .continuation(""),
            ],
            [
                .text("H").fragment, .continuation("e").fragment, .continuation("l").fragment, .continuation("l").fragment,
                .continuation("o"),
            ],
        ]
        for frames in streams {
            for splitting: Splitting in [.whole, .everyByte, .every(3), .every(7)] {
                let peer = ScriptedPeer(of: role, splitting: splitting)
                try peer.sends(frames + frames).expect(.message(.text, "Hello"), .message(.text, "Hello"))
            }
        }
    }

    @Test("an empty message, in one frame and in fragments")
    func empty() throws {
        let peer = ScriptedPeer(of: .server, splitting: .everyByte)
        try peer.sends(.text(""), .binary([]), RawFrame.text("").fragment, .continuation(""))
            .expect(.message(.text, ""), .message(bytes: []), .message(.text, ""))
    }

    @Test("control frames between fragments are told and answered at once, in order")
    func interleaved() throws {
        for splitting: Splitting in [.whole, .everyByte, .every(2)] {
            let peer = ScriptedPeer(of: .server, splitting: splitting)
            try peer.sends(RawFrame.text("a").fragment, .ping("1"), .pong("x"), RawFrame.continuation("b").fragment, .ping("2"))
                .expect(.ping("1"), .pong("x"), .ping("2")).expectReplies(.pong("1"), .pong("2"))
            try peer.sends(.continuation("c"), .text("d")).expect(.message(.text, "abc"), .message(.text, "d"))
        }
    }

    @Test("ten thousand small messages in one read")
    func manyInOneRead() throws {
        let peer = ScriptedPeer(of: .server)
        let reaction = peer.sends((0..<10_000).map { RawFrame.text("\($0)") })
        #expect(reaction.events.count == 10_000)
        #expect(reaction.events.enumerated().allSatisfy { $1 == .message(.text, "\($0)") })
    }

    @Test("an echo answers each message before the answer to the ping that follows it")
    func answersAreInOrder() throws {
        let peer = ScriptedPeer(of: .server) { event, machine, output in
            if case .message(let kind, let payload) = event { machine.send(payload, kind, into: &output) }
        }
        try peer.sends(.text("1"), .ping("2"), .binary([3]), .ping("4"), .close(1000))
            .expectReplies(.text("1"), .pong("2"), .binary([3]), .pong("4"), .close(1000))
    }

    @Test("two machines talk: messages, fragments and pings both ways, at every cut")
    func twoMachines() {
        for splitting: Splitting in [.whole, .everyByte, .every(5), .random(seed: 3, upTo: 9)] {
            let pair = MachinePair(splitting: splitting)
            for end in [pair.client, pair.server] {
                end.machine.send(ByteBuffer(string: "Hello"), .text, into: &end.output)
                end.machine.sendFragment(ByteBuffer(string: "wor"), .binary, isFinal: false, into: &end.output)
                end.machine.ping(ByteBuffer(string: "?"), into: &end.output)
                end.machine.sendFragment(ByteBuffer(string: "ld"), .binary, isFinal: true, into: &end.output)
            }
            pair.deliver()
            for end in [pair.client, pair.server] {
                #expect(end.events == [.message(.text, "Hello"), .ping("?"), .message(.binary, "world"), .pong("?")])
            }
        }
    }
}
