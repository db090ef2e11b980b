import ServerTestSupport
import Testing

import struct WebSocketTesting.SeededRandom

@testable import HeliographServer

@Suite("What a client of the chat may say")
struct ClientMessageTests {
    private func parse(_ json: String) throws(ChatRefusal) -> ClientMessage {
        try ClientMessage(json: Array(json.utf8), limits: ChatLimits())
    }

    @Test("a join, with and without the place to go on from")
    func join() throws {
        let key = "0123456789abcdef"
        guard case .join(let first) = try parse(#"{"type":"join","name":" Ada ","session":"\#(key)"}"#) else {
            throw Unexpected("not a join")
        }
        #expect(first.name.value == "Ada")
        #expect(first.session.value == key)
        #expect(first.position == nil)
        guard case .join(let again) = try parse(#"{"type":"join","name":"Ada","session":"\#(key)","epoch":"e","after":7}"#) else {
            throw Unexpected("not a join")
        }
        #expect(again.position == ChatPosition(epoch: "e", sequence: 7))
    }

    @Test("a text, typing, and a ping; fields that are not known do no harm")
    func others() throws {
        guard case .say(let ref, let text) = try parse(#"{"type":"say","ref":"0123456789abcdef","text":"h\u00e9","x":[{}]}"#) else {
            throw Unexpected("not a say")
        }
        #expect(ref.value == "0123456789abcdef")
        #expect(text.value == "hé")
        #expect(try parse(#"{"type":"typing"}"#) == .typing(isActive: true))
        #expect(try parse(#"{"type":"typing","active":false}"#) == .typing(isActive: false))
        #expect(try parse(#"{"type":"ping"}"#) == .ping)
    }

    @Test(
        "nothing else, and the refusal says why",
        arguments: [
            ("", .badJSON), ("{", .badJSON), ("null", .badJSON), ("[]", .badJSON), ("7", .badJSON), (#""join""#, .badJSON),
            ("{}", .badJSON),
            (#"{"type":null}"#, .badJSON), (#"{"type":7}"#, .badJSON), (#"{"type":"shutdown"}"#, .badJSON), (#"{"type":"JOIN"}"#, .badJSON),
            (#"{"type":"ping"} x"#, .badJSON), (#"{"type":"pi\ud800ng"}"#, .badJSON), (#"{"type":"say","ref":7}"#, .badJSON),
            (#"{"type":"join","session":"0123456789abcdef","name":["Ada"]}"#, .badJSON),
            (#"{"type":"join","session":"0123456789abcdef","name":"Ada","epoch":"e","after":1e400}"#, .badJSON),
            (#"{"type":"join","session":"0123456789abcdef","name":"Ada","epoch":"e","after":1.5}"#, .badJSON),
            (#"{"type":"join","session":"0123456789abcdef","name":"Ada","epoch":"e","after":99999999999999999999}"#, .badJSON),
            (#"{"type":"typing","active":"yes"}"#, .badJSON),
            (#"{"type":"join","name":"Ada"}"#, .badSession), (#"{"type":"join","name":"Ada","session":"short"}"#, .badSession),
            (#"{"type":"join","session":"0123456789abcdef"}"#, .badName),
            (#"{"type":"join","session":"0123456789abcdef","name":"\u0000"}"#, .badName),
            (#"{"type":"say","text":"hi"}"#, .badReference), (#"{"type":"say","ref":"../../etc/passwd!","text":"hi"}"#, .badReference),
            (#"{"type":"say","ref":"0123456789abcdef"}"#, .badText), (#"{"type":"say","ref":"0123456789abcdef","text":""}"#, .badText),
        ] as [(String, ChatRefusal.Code)])
    func refusals(json: String, code: ChatRefusal.Code) {
        let refusal = #expect(throws: ChatRefusal.self) { try parse(json) }
        #expect(refusal?.code == code)
        #expect(refusal?.message.isEmpty == false)
    }

    @Test("a refused text comes with its reference, so that the page can mark it")
    func reference() {
        let refusal = #expect(throws: ChatRefusal.self) { try parse(#"{"type":"say","ref":"0123456789abcdef","text":" "}"#) }
        #expect(refusal?.reference == "0123456789abcdef")
    }

    @Test("bytes that are not UTF-8 are no JSON")
    func notUTF8() {
        #expect(throws: ChatRefusal.self) { try ClientMessage(json: [0xff, 0xfe, 0x00, 0x22], limits: ChatLimits()) }
    }

    @Test("bombs are refused, up to the greatest size of a message", arguments: ["[", #"{"a":"#, #"{"type":"#, "[[{\"type\":"])
    func bombs(piece: String) {
        let limits = ChatLimits()
        let bomb = String(repeating: piece, count: limits.frameBytes / piece.utf8.count)
        #expect(throws: ChatRefusal.self) { try parse(bomb) }
        #expect(throws: ChatRefusal.self) { try parse(#"{"type":"ping","x":"# + bomb) }
    }

    @Test("a thousand keys of one name are one")
    func duplicates() throws {
        let keys = String(repeating: #""type":"ping","#, count: 1_000)
        #expect(try parse("{" + keys + #""active":true}"#) == .ping)
    }

    @Test("whatever bytes come, the answer is a message or a refusal", arguments: 1...8)
    func noise(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let limits = ChatLimits()
        let good = [
            #"{"type":"join","name":"Ada \ud83d\ude00","session":"0123456789abcdef","epoch":"e1","after":12}"#,
            #"{"type":"say","ref":"0123456789abcdef","text":"h\u00e9llo\n","x":[1,-2.5e3,null,true,{}]}"#,
            #"{"type":"typing","active":false}"#,
        ].map { Array($0.utf8) }
        for _ in 1...2_000 {
            var bytes = good[Int.random(in: good.indices, using: &random)]
            for _ in 1...Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.insert(contentsOf: bytes[index...].prefix(9), at: Int.random(in: bytes.indices, using: &random))
                default: bytes.removeSubrange(index..<min(bytes.endIndex, index + 3))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            _ = try? ClientMessage(json: bytes, limits: limits)
        }
    }
}
