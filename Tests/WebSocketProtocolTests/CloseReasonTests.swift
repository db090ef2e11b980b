// RFC 6455 §5.5.1, §7.4: close codes and the body of Close frames; F20.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Close codes and reasons: RFC 6455 §5.5.1, §7.4")
struct CloseReasonTests {
    /// RFC 6455 §7.4.1, §7.4.2 and the IANA registry, written once more.
    static func maySend(_ code: UInt16) -> Bool {
        switch code {
        case 1004, 1005, 1006, 1015: false
        case 1000...1014: true
        case 3000...4999: true
        default: false
        }
    }

    static let roles: [WebSocketRole] = [.server, .client]

    @Test("every code from the peer: it is echoed, or refused with 1002", arguments: roles)
    func everyCodeFromThePeer(role: WebSocketRole) throws {
        for code in Array(UInt16(0)...5_000) + [5_001, 9_999, 32_768, 65_535] {
            let peer = ScriptedPeer(of: role)
            let reaction = peer.sends(.close(CloseCode(rawValue: code), "why"))
            if Self.maySend(code) {
                try reaction.expect(.close(CloseCode(rawValue: code), "why")).expectReplies(.close(CloseCode(rawValue: code)))
                #expect(peer.subject.machine.wantsDisconnect == (role == .server))
                #expect(peer.subject.receiveEnd() == CloseReason(code: CloseCode(rawValue: code), text: "why", origin: .peer))
            } else {
                try reaction.expectFailure(1002, clause: "RFC 6455 §7.4")
                #expect(peer.subject.receiveEnd().code == 1002)
            }
        }
    }

    @Test("every code from us: it is sent, or the Close frame is empty", arguments: roles)
    func everyCodeFromUs(role: WebSocketRole) throws {
        for code in UInt16(0)...5_000 {
            let peer = ScriptedPeer(of: role)
            let code = CloseCode(rawValue: code)
            let reaction = peer.after { machine, output in machine.close(code: code, reason: "why", into: &output) }
            try reaction.expectReplies(Self.maySend(code.rawValue) ? .close(code, "why") : .close())
            let known =
                Self.maySend(code.rawValue) ? CloseReason(code: code, text: "why", origin: .us) : CloseReason(code: 1005, origin: .us)
            #expect(reaction.state == .closingByUs(known, answered: false))
            try peer.sends(.close(code.isSendable ? code : nil)).expectReplies()
            #expect(peer.subject.receiveEnd() == known)
        }
    }

    @Test("both ends, both initiators: both learn the code, the text, and who closed", arguments: roles)
    func handshake(initiator: WebSocketRole) {
        for splitting: Splitting in [.whole, .everyByte] {
            let pair = MachinePair(splitting: splitting)
            let (first, second) = initiator == .client ? (pair.client, pair.server) : (pair.server, pair.client)
            first.machine.close(code: 4001, reason: "signed in elsewhere", into: &first.output)
            pair.deliver()
            #expect(first.machine.state == .closed(CloseReason(code: 4001, text: "signed in elsewhere", origin: .us)))
            #expect(second.machine.state == .closed(CloseReason(code: 4001, text: "signed in elsewhere", origin: .peer)))
            #expect(second.events == [.close(4001, "signed in elsewhere")])
        }
    }

    @Test("both ends close at once: each frame is the answer to the other")
    func closesCross() {
        let pair = MachinePair()
        pair.client.machine.close(code: 1001, into: &pair.client.output)
        pair.server.machine.close(code: 1012, into: &pair.server.output)
        pair.deliver()
        #expect(pair.client.machine.state == .closed(CloseReason(code: 1001, origin: .us)))
        #expect(pair.server.machine.state == .closed(CloseReason(code: 1012, origin: .us)))
    }

    @Test("no body: 1005 is told, and an empty Close frame answers", arguments: roles)
    func emptyBody(role: WebSocketRole) throws {
        let peer = ScriptedPeer(of: role)
        try peer.sends(.close()).expect(.close(1005)).expectReplies(.close())
    }

    @Test("a body of one byte is half a code", arguments: roles)
    func oneByte(role: WebSocketRole) throws {
        for byte: UInt8 in [0, 3, 255] {
            try BrokenFrames(role: role, frames: [.close(body: [byte])], code: 1002, clause: "RFC 6455 §5.5.1").run()
        }
    }

    @Test("a reason that is not UTF-8 is 1007, also if it only ends too early", arguments: roles)
    func badText(role: WebSocketRole) throws {
        for bytes: [UInt8] in [[0xff], [0xce], [0xed, 0xa0, 0x80], Array("ok".utf8) + [0xf0, 0x9f, 0x98]] {
            try BrokenFrames(role: role, frames: [.close(body: [3, 232] + bytes)], code: 1007, clause: "RFC 6455 §5.5.1").run()
        }
    }

    @Test("a reason of 123 bytes comes through, split anywhere")
    func longestText() throws {
        let text = String(repeating: "é", count: 61) + "x"
        for index in 0..<131 {
            let peer = ScriptedPeer(of: .server, splitting: .at(index))
            try peer.sends(.close(1000, text)).expect(.close(1000, text)).expectReplies(.close(1000))
        }
    }

    @Test("our reason is cut to 123 bytes at a character")
    func cut() throws {
        let family = "👨‍👩‍👧‍👦"  // one character of 25 bytes
        let table: [(text: String, sent: String)] = [
            (String(repeating: "a", count: 123), String(repeating: "a", count: 123)),
            (String(repeating: "a", count: 124), String(repeating: "a", count: 123)),
            (String(repeating: "a", count: 122) + "é", String(repeating: "a", count: 122)),
            (String(repeating: "a", count: 121) + "é", String(repeating: "a", count: 121) + "é"),
            (String(repeating: "€", count: 42), String(repeating: "€", count: 41)),
            (String(repeating: "😀", count: 40), String(repeating: "😀", count: 30)),
            (String(repeating: family, count: 6), String(repeating: family, count: 4)),
            ("e" + String(repeating: "\u{301}", count: 100), ""),
            ("", ""),
        ]
        for (text, sent) in table {
            let peer = ScriptedPeer(of: .server)
            try peer.after { machine, output in machine.close(code: 1000, reason: text, into: &output) }.expectReplies(.close(1000, sent))
            #expect(peer.subject.machine.state.reason?.text == sent)
        }
    }

    @Test("a reason of ten megabytes is cut in no time")
    func hugeText() {
        let text = String(repeating: "é", count: 5 << 20)
        let clock = ContinuousClock()
        let time = clock.measure { #expect(CloseReason.cut(text).utf8.count == 122) }
        #expect(time < .milliseconds(500))
    }

    @Test("after the peer's Close frame nothing is looked at or answered", arguments: roles)
    func dataAfterClose(role: WebSocketRole) throws {
        let peer = ScriptedPeer(of: role)
        try peer.sends(.close(1000), .text("late"), .ping("late"), .close(1001), RawFrame(.text).reserved(7))
            .expect(.close(1000)).expectReplies(.close(1000))
        try peer.sends(.text("later"), .ping(), .close(1000)).expectNothing()
    }

    @Test("descriptions name the code and who closed")
    func descriptions() {
        #expect(CloseCode.goingAway.description == "1001 (going away)")
        #expect(CloseCode(rawValue: 4001).description == "4001")
        #expect(CloseReason(code: 1000, origin: .peer).description == "1000 (normal closure) by the peer")
        #expect(CloseReason(code: 4001, text: "why", origin: .us).description == "4001 by us: why")
        #expect(CloseReason.lost("cable").description == "1006 (abnormal closure) lost: cable")
        let named = (UInt16(1000)...1015).filter { CloseCode(rawValue: $0).description != String($0) }
        #expect(named == Array(1000...1003) + Array(1005...1015))
        #expect(CloseReason.lost("").isClean == false)
        #expect(CloseReason(code: 1000, origin: .peer).isClean)
    }
}
