// Bytes of a peer, to a machine of either role: read whole, byte by byte, or cut as the input says, they mean the same; and what the machine
// sends in answer, an echo included, a machine of the other role takes without complaint.

import FuzzSupport
import NIOCore
import WebSocketDeflate
import WebSocketProtocol
import WebSocketTesting

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let setup = Setup(&input)
    let cut = Splitting.random(seed: UInt64(input.byte()), upTo: input.number(in: 1...64))
    let bytes = setup.isHonest ? honest(&input, from: setup.role == .server ? .client : .server) : input.remainder()

    let whole = setup.read(bytes, .whole)
    for splitting in [cut, .everyByte] {
        let other = setup.read(bytes, splitting)
        require(setup.meaning(of: whole.events) == setup.meaning(of: other.events), "\(splitting): \(whole.events) != \(other.events)")
        require(setup.isCompressed || whole.machine.state == other.machine.state, "the state is the same")
    }
    requireAcceptable(whole.takeOutput(), setup)
    return 0
}

/// What kind of connection the bytes come over.
private struct Setup {
    let role: WebSocketRole
    let deliversParts: Bool
    let isCompressed: Bool
    /// The input is payloads and choices of which we make frames, rather than the bytes of frames.
    let isHonest: Bool
    let settings: WebSocketMachineSettings

    init(_ input: inout FuzzInput) {
        let choices = input.byte()
        self.role = choices & 1 == 0 ? .server : .client
        self.deliversParts = choices & 2 == 2
        self.isCompressed = choices & 4 == 4
        self.isHonest = choices & 8 == 8
        self.settings = Self.settings[self.deliversParts ? 1 : 0]
    }

    private static let settings = [false, true].map {
        WebSocketMachineSettings(limits: WebSocketLimits(maxMessageSize: 4_096, maxFragments: 64), deliversParts: $0)
    }
    private static let deflate = DeflateConfiguration(minimumSize: 0)

    func machine(_ role: WebSocketRole, _ settings: WebSocketMachineSettings) -> WebSocketMachine {
        let codec = self.isCompressed ? DeflateCodec(role: role, parameters: DeflateParameters(), configuration: Self.deflate) : nil
        return WebSocketMachine(role: role, settings: settings, compressor: codec)
    }

    /// A machine that echoes.
    func read(_ bytes: [UInt8], _ splitting: Splitting) -> RecordedMachine {
        let recorded = RecordedMachine(self.machine(self.role, self.settings)) { event, machine, output in
            if case .message(let kind, let payload) = event { _ = machine.send(payload, kind, into: &output) }
        }
        recorded.receive(bytes, splitting: splitting)
        return recorded
    }

    /// The events, without what depends on where the reads were cut: the parts of a message are put together, those of an unfinished one left
    /// out, and of a compressed message that breaks two rules (its text, its size, its compression) no matter which was seen first.
    func meaning(of events: [WebSocketEvent]) -> [WebSocketEvent] {
        var meaning: [WebSocketEvent] = []
        var open = ByteBuffer()
        for event in events {
            switch event {
            case .part(let kind, var bytes, let isFinal):
                open.writeBuffer(&bytes)
                guard isFinal else { continue }
                meaning.append(.message(kind, open))
                open.clear()
            case .violation where self.isCompressed:
                meaning.append(.pong(ByteBuffer(string: "a rule is broken")))
            default:
                meaning.append(event)
            }
        }
        return meaning
    }
}

/// Frames that keep most rules, made of the input: each has a byte of choices, a length and a payload.
private func honest(_ input: inout FuzzInput, from sender: WebSocketRole) -> [UInt8] {
    let opcodes: [Opcode] = [.text, .binary, .continuation, .ping, .pong, .close, .continuation, .text]
    var bytes: [UInt8] = []
    while !input.isEmpty, bytes.count < 16_384 {
        let choices = input.byte()
        var frame = RawFrame(opcodes[Int(choices & 7)], [])
        frame.isFinal = choices & 8 == 0
        if choices & 16 == 16 { frame.reservedBits = 4 }
        let count = Int(input.byte()) << (choices & 32 == 32 ? 3 : 0)
        frame.payload = input.bytes(upTo: count)
        if choices & 64 == 64 { frame.payload += frame.payload + frame.payload }
        bytes += frame.bytes(from: sender)
    }
    return bytes
}

private func requireAcceptable(_ sent: [UInt8], _ setup: Setup) {
    let limits = WebSocketLimits(maxMessageSize: 1 << 20, controlFramesPerSecond: 1_000_000, controlFrameBurst: 1_000_000)
    let peer = RecordedMachine(setup.machine(setup.role == .server ? .client : .server, WebSocketMachineSettings(limits: limits)))
    peer.receive(sent)
    for event in peer.events {
        if case .violation(let violation) = event { require(false, "we break \(violation)") }
    }
}
