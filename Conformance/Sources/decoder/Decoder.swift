// One case per line on stdin, one verdict per line on stdout.
//
//   case:    ROLE LIMIT HEX          "server" or "client", the message limit, the bytes that the peer sent
//   verdict: EVENTS ENDING OUTPUT    such as  text:6869,ping:  violation:1002  8a00880203ea
//
// Each case is decoded whole, byte by byte, and split in two at every place (at a few places if it is long). All ways must agree; if they do not,
// the verdict is "SPLIT n EVENTS ENDING OUTPUT" for the first split that differs.

import NIOCore
import WebSocketProtocol

struct Case {
    var role: WebSocketRole
    var limit: Int
    var bytes: [UInt8]

    init?(_ line: String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let limit = Int(words[1]), let bytes = Self.bytes(words[2]) else { return nil }
        self.role = words[0] == "client" ? .client : .server
        self.limit = limit
        self.bytes = bytes
    }

    private static func bytes(_ hex: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in hex.utf8 {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            if let first = high { bytes.append(first << 4 | UInt8(value)) }
            high = high == nil ? UInt8(value) : nil
        }
        return bytes
    }

    /// Where to cut: nowhere, everywhere, and at each place.
    var splits: [[Int]] {
        let places = bytes.count <= 64 ? Array(1..<max(1, bytes.count)) : stride(from: 1, to: bytes.count, by: bytes.count / 24).map { $0 }
        return [[], Array(1..<max(1, bytes.count))] + places.map { [$0] }
    }
}

struct Verdict: Equatable, CustomStringConvertible {
    var events: [String] = []
    var ending = "open"
    var output = ByteBuffer()

    var description: String {
        "\(events.joined(separator: ",")) \(ending) \(hex(output))"
    }
}

func hex(_ buffer: ByteBuffer) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: buffer.readableBytesView.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

func decode(_ input: Case, cutAt cuts: [Int], settings: WebSocketMachineSettings) -> Verdict {
    var machine = WebSocketMachine(role: input.role, settings: settings)
    var batch = EventBatch()
    var verdict = Verdict()
    var start = 0
    for end in cuts + [input.bytes.count] {
        machine.receive(ByteBuffer(bytes: input.bytes[start..<end]), into: &batch)
        start = end
        while let event = machine.nextEvent(from: &batch, output: &verdict.output) {
            switch event {
            case .message(.text, let payload): verdict.events.append("text:" + hex(payload))
            case .message(.binary, let payload): verdict.events.append("binary:" + hex(payload))
            case .ping(let payload): verdict.events.append("ping:" + hex(payload))
            case .pong(let payload): verdict.events.append("pong:" + hex(payload))
            case .close(let reason): verdict.ending = "close:\(reason.code.rawValue)"
            case .violation(let violation): verdict.ending = "violation:\(violation.closeCode.rawValue)"
            case .part: verdict.ending = "unexpected"
            }
        }
    }
    return verdict
}

/// What a client sends is masked at random: compare it unmasked.
func comparable(_ verdict: Verdict) -> Verdict {
    var verdict = verdict
    var plain = ByteBuffer()
    while let first: UInt8 = verdict.output.readInteger(), let second: UInt8 = verdict.output.readInteger() {
        // Control frames alone are sent here: at most 125 bytes.
        let key = second & 0x80 == 0 ? [] : verdict.output.readBytes(length: 4) ?? []
        let payload = verdict.output.readBytes(length: Int(second & 0x7f)) ?? []
        plain.writeBytes([first, second & 0x7f])
        plain.writeBytes(payload.enumerated().map { key.isEmpty ? $1 : $1 ^ key[$0 % 4] })
    }
    verdict.output = plain
    return verdict
}

@main enum Decoder {
    static func main() {
        while let line = readLine() {
            guard let input = Case(line) else {
                print("not a case: \(line)")
                continue
            }
            let limits = WebSocketLimits(maxMessageSize: input.limit, controlFrameBurst: 1_000_000)
            let settings = WebSocketMachineSettings(limits: limits)
            let whole = comparable(decode(input, cutAt: [], settings: settings))
            let other = input.splits.dropFirst().first { comparable(decode(input, cutAt: $0, settings: settings)) != whole }
            if let other {
                let place = other.count == 1 ? "\(other[0])" : "everywhere"
                print("SPLIT \(place) \(comparable(decode(input, cutAt: other, settings: settings)))")
            } else {
                print(whole)
            }
        }
    }
}
