// A byte that says what follows: a list with weights as in `Accept`; a compressed body, cut as the next bytes say; or JSON, of which the depth is found.

import FuzzSupport
import NIOCore
import WebMiddleware

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    switch input.number(in: 0...2) {
    case 0: list(String(decoding: input.remainder(), as: UTF8.self))
    case 1: body(&input)
    default: depth(input.remainder())
    }
    return 0
}

private func list(_ text: String) {
    let elements = WeightedList([text]).elements
    require(elements.count <= WeightedList.maxElements, "the list has its bound")
    for element in elements {
        require(!element.value.isEmpty && element.value == element.value.lowercased(), "a value is there, in lower case")
        require((0...1_000).contains(element.weight), "a weight is one")
    }
    // What was read, written without its finesse, is read again.
    let plain = elements.filter { $0.value.utf8.allSatisfy { $0 > 0x20 && !#",;"\"#.utf8.contains($0) } }
    let again = WeightedList([plain.map { "\($0.value);q=\(weight($0.weight))" }.joined(separator: ",")]).elements
    require(again.map(\.value) == plain.map(\.value) && again.map(\.weight) == plain.map(\.weight), "it is read again")
}

private func weight(_ thousandths: Int) -> String {
    thousandths == 1_000 ? "1" : "0." + String("00\(thousandths)".suffix(3))
}

private let limit = 100_000

private func body(_ input: inout FuzzInput) {
    let coding: ContentCoding = input.flag() ? .gzip : .deflate
    let cuts = input.bytes(upTo: 4).map { Int($0) }
    let bytes = input.remainder()
    let whole = inflated([ByteBuffer(bytes: bytes)], coding)
    var pieces: [ByteBuffer] = []
    var rest = bytes[...]
    for cut in cuts {
        pieces.append(ByteBuffer(bytes: rest.prefix(cut)))
        rest = rest.dropFirst(cut)
    }
    pieces.append(ByteBuffer(bytes: rest))
    require(inflated(pieces, coding) == whole, "it does not matter where a body is cut")
    require(whole.map { $0.readableBytes <= limit } ?? true, "the limit is kept")
}

private func inflated(_ pieces: [ByteBuffer], _ coding: ContentCoding) -> ByteBuffer? {
    var output = ByteBuffer()
    do throws(Decompressor.Failure) {
        let decompressor = try Decompressor(coding, limit: limit)
        for piece in pieces { try decompressor.inflate(piece, into: &output) }
        try decompressor.finish()
        return output
    } catch {
        return nil
    }
}

private func depth(_ bytes: [UInt8]) {
    let text = ByteBuffer(bytes: bytes)
    let deepest = (0...bytes.count).first { !JSONDepth.exceeds($0, in: text) } ?? 0
    require(deepest <= bytes.filter { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }.count, "no deeper than it has brackets")
    require(deepest == 0 || JSONDepth.exceeds(deepest - 1, in: text), "and as deep as that")
}
