import LiveViews
import NIOCore
import Testing

@Suite("A piece of a file (live protocol §11)")
struct UploadPieceTests {
    private func piece(_ bytes: [UInt8]) -> UploadPiece? { UploadPiece(ByteBuffer(bytes: bytes)) }

    @Test("is a varint and bytes; the end has none")
    func pieces() {
        #expect(piece([1]) == UploadPiece(ByteBuffer(bytes: [1])))
        #expect(piece([1])?.id == 1 && piece([1])?.bytes.readableBytes == 0)
        #expect(piece([0xac, 0x02, 7, 8])?.id == 300)
        #expect(piece([0xac, 0x02, 7, 8])?.bytes == ByteBuffer(bytes: [7, 8]))
        #expect(piece([0x81, 0x80, 0x00])?.id == 1, "longer than it need be is still a number")
    }

    @Test("has a number of 63 bits at most")
    func numbers() {
        #expect(piece([UInt8](repeating: 0xff, count: 8) + [0x7f])?.id == Int.max)
        #expect(piece([UInt8](repeating: 0xff, count: 9)) == nil)
        #expect(piece([UInt8](repeating: 0x80, count: 9) + [0x01]) == nil)
    }

    @Test("is refused when it has no number, or more than 32 KiB")
    func refused() {
        #expect(piece([]) == nil && piece([0x80]) == nil && piece([0xff, 0xff]) == nil)
        #expect(piece([1] + [UInt8](repeating: 0, count: 32 << 10)) != nil)
        #expect(piece([1] + [UInt8](repeating: 0, count: (32 << 10) + 1)) == nil)
    }
}
