import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketDeflate

/// The examples of RFC 7692 §7.2.3, byte by byte.
@Suite struct RFC7692ExampleTests {
    let hello = Array("Hello".utf8)

    @Test("§7.2.3.1: a message compressed using one compressed DEFLATE block")
    func oneBlock() throws {
        let pair = CodecPair()
        #expect(try pair.server.inflated([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]) == self.hello)
        // zlib finds the same form.
        #expect(pair.client.compressed("Hello") == nil, "seven bytes for five: sent plain")
    }

    @Test("§7.2.3.1: the same in two fragments")
    func twoFragments() throws {
        #expect(try CodecPair().server.inflated([[0xF2, 0x48, 0xCD], [0xC9, 0xC9, 0x07, 0x00]]) == self.hello)
    }

    @Test("§7.2.3.2: sharing the LZ77 sliding window")
    func sharedWindow() throws {
        let server = CodecPair().server
        #expect(try server.inflated([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]) == self.hello)
        #expect(try server.inflated([0xF2, 0x00, 0x11, 0x00, 0x00]) == self.hello)
    }

    @Test("§7.2.3.2: without context takeover there is no window to share")
    func windowNotShared() throws {
        let server = CodecPair(.init(clientNoContextTakeover: true)).server
        #expect(try server.inflated([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]) == self.hello)
        #expect(throws: DecompressionFailure.corrupt) { try server.inflated([0xF2, 0x00, 0x11, 0x00, 0x00]) }
    }

    @Test("§7.2.3.3: a DEFLATE block with no compression")
    func storedBlock() throws {
        #expect(try CodecPair().server.inflated([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]) == self.hello)
    }

    @Test("§7.2.3.4: a DEFLATE block with BFINAL set to 1")
    func finalBlock() throws {
        let server = CodecPair().server
        #expect(try server.inflated([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]) == self.hello)
        #expect(try server.inflated([0xF2, 0x00, 0x11, 0x00, 0x00]) == self.hello, "and the window goes on behind it")
    }

    @Test("§7.2.3.5: two DEFLATE blocks in one message")
    func twoBlocks() throws {
        let message: [UInt8] = [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]
        #expect(try CodecPair().server.inflated(message) == self.hello)
    }

    @Test("§7.2.3.6: an empty message is one byte")
    func emptyMessage() throws {
        let server = CodecPair().server
        #expect(try server.inflated([0x00]) == [])
        #expect(try server.inflated([0x02, 0x00]) == [], "an empty block with fixed codes")
    }
}
