import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketDeflate

/// One compressed form for many connections.
@Suite struct SharedDeflateTests {
    func shared(_ text: String) throws -> [UInt8] {
        Array(try #require(SharedDeflate.compress(ByteBuffer(string: text), configuration: .test())).readableBytesView)
    }

    @Test(
        "Every member reads it whose window is large enough",
        arguments: [
            .init(), .init(serverNoContextTakeover: true), .init(serverMaxWindowBits: 12),
            .init(serverNoContextTakeover: true, serverMaxWindowBits: 13),
        ] as [DeflateParameters])
    func everyMember(agreement: DeflateParameters) throws {
        let pair = CodecPair(agreement)
        #expect(pair.server.acceptsSharedMessages)
        // Longer than the window.
        let text = String(repeating: poem, count: 50)
        #expect(try pair.client.inflated(self.shared(text)) == Array(text.utf8))
    }

    @Test("A member with a smaller window gets the message plain", arguments: 8...11)
    func smallWindow(bits: Int) {
        #expect(!CodecPair(.init(serverMaxWindowBits: bits)).server.acceptsSharedMessages)
        #expect(CodecPair(.init(serverMaxWindowBits: bits)).client.acceptsSharedMessages, "the client's own window is another matter")
    }

    @Test("It needs nothing before itself: with takeover, members read it in the middle of a conversation")
    func inAConversation() throws {
        let pair = CodecPair()
        for round in 0..<20 {
            let own = "message \(round) to one: " + poem
            #expect(try pair.client.inflated(#require(pair.server.compressed(own))) == Array(own.utf8))
            let all = "message \(round) to all: " + poem.uppercased()
            #expect(try pair.client.inflated(self.shared(all)) == Array(all.utf8))
            pair.server.didSendSharedMessage()
        }
    }

    @Test("Without telling the codec, its next message would be misread: the peer's window has moved on")
    func whyItMustBeTold() throws {
        let pair = CodecPair()
        _ = try pair.client.inflated(#require(pair.server.compressed(poem)))
        _ = try pair.client.inflated(self.shared(poem.uppercased()))
        let wire = try #require(pair.server.compressed(poem))
        #expect((try? pair.client.inflated(wire)) != Array(poem.utf8))
    }

    @Test("Telling a codec that has not compressed yet, or keeps nothing, does no harm", arguments: [true, false])
    func toldEarly(noTakeover: Bool) throws {
        let pair = CodecPair(.init(serverNoContextTakeover: noTakeover))
        pair.server.didSendSharedMessage()
        for _ in 0..<2 {
            #expect(try pair.client.inflated(#require(pair.server.compressed(poem))) == Array(poem.utf8))
            pair.server.didSendSharedMessage()
        }
    }

    @Test("Too short, or not smaller: plain")
    func plain() {
        #expect(SharedDeflate.compress(ByteBuffer(), configuration: .test()) == nil)
        #expect(SharedDeflate.compress(ByteBuffer(string: "short")) == nil)
        #expect(SharedDeflate.compress(ByteBuffer(string: "a9$kZ"), configuration: .test()) == nil)
    }

    @Test("The default form agrees with the default agreement")
    func defaults() throws {
        let offer = ExtensionOffer(name: "permessage-deflate", parameters: [.init(name: "client_max_window_bits")])
        let (_, parameters) = try #require(PerMessageDeflate.accept([offer], configuration: DeflateConfiguration()))
        let codec = DeflateCodec(role: .client, parameters: parameters, configuration: DeflateConfiguration())
        let wire = try #require(SharedDeflate.compress(ByteBuffer(string: poem)))
        #expect(try codec.inflated(Array(wire.readableBytesView)) == Array(poem.utf8))
    }
}
