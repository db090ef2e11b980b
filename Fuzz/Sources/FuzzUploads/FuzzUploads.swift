// A byte, and a piece of a file; or, if the byte is even, how many bytes come at a time, and a form with files. A form is refused or read in the same way however it comes, its parts begin before they
// end, and no more is said to be in it than is there.

import FuzzSupport
import LiveViews
import NIOCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    if input.flag() {
        let message = ByteBuffer(bytes: input.remainder())
        guard let piece = UploadPiece(message) else { return 0 }
        require(piece.id >= 0 && piece.bytes.readableBytes <= UploadPiece.maxBytes, "a piece has a number, and no more than it may have")
        require(message.readableBytes - piece.bytes.readableBytes <= 9, "a number has nine bytes at most")
    } else {
        let step = Int(input.byte()) + 1
        let body = input.remainder()
        let whole = parse(body, by: max(1, body.count)), parts = parse(body, by: step)
        require(whole.isValid == parts.isValid, "a form is valid or not, however it comes")
        require(!whole.isValid || whole.words == parts.words, "a form says the same, however it comes")
        require(whole.size <= body.count, "a form says no more than is there")
    }
    return 0
}

struct Outcome {
    var words: [String] = []
    var size = 0
    var isValid = false
}

private func parse(_ body: [UInt8], by step: Int) -> Outcome {
    var outcome = Outcome(), isInPart = false, content: [UInt8] = []
    guard var parser = try? MultipartParser(contentType: "multipart/form-data; boundary=b") else { return outcome }
    for at in stride(from: 0, to: body.count, by: step) {
        guard let events = try? parser.receive(ByteBuffer(bytes: body[at..<min(at + step, body.count)])) else { return outcome }
        for event in events {
            switch event {
            case .part(let name, let filename, let type):
                require(!isInPart, "a part ends before the next begins")
                isInPart = true
                content = []
                outcome.words.append("\(name) \(filename ?? "") \(type)")
            case .bytes(let bytes):
                require(isInPart && bytes.readableBytes > 0, "bytes are in a part")
                content += bytes.readableBytesView
                outcome.size += bytes.readableBytes
            case .endOfPart:
                require(isInPart, "what ends has begun")
                isInPart = false
                outcome.words.append("\(content)")
            }
        }
    }
    outcome.isValid = (try? parser.finish()) != nil
    return outcome
}
