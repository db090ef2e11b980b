// Time as a value: keepalive, the close timer (RFC 6455 §7.1.1), unfinished messages (§10.4; F8, F10, F21).

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Timers")
struct TimersTests {
    static func machine(
        keepalive: Keepalive? = Keepalive(), phase: Double = 0, limits: WebSocketLimits = WebSocketLimits(), deliversParts: Bool = false
    ) -> RecordedMachine {
        let settings = WebSocketMachineSettings(limits: limits, keepalive: keepalive, deliversParts: deliversParts)
        return RecordedMachine(WebSocketMachine(role: .server, settings: settings, phase: phase))
    }

    static func bytes(_ frame: RawFrame) -> [UInt8] { frame.bytes(from: .client) }

    // MARK: Keepalive

    @Test("the first Ping comes at its phase of the interval", arguments: [0, 0.25, 0.5, 0.99, 1])
    func phase(_ phase: Double) throws {
        let machine = Self.machine(phase: phase)
        let due = 25 * phase
        if due > 0 { #expect(machine.advance(toSecond: due - 0.001) == .nothing) }
        #expect(machine.advance(toSecond: due) == .pinged)
        let frames = try machine.takeFrames()
        #expect(frames.map(\.opcode) == [.ping])
    }

    @Test(
        "a phase out of range is held to the interval", arguments: [(-1, 0.0), (.nan, 0), (7, 25), (.infinity, 25)] as [(Double, Double)])
    func phaseOutOfRange(phase: Double, due: Double) {
        let machine = Self.machine(phase: phase)
        if due > 0 { #expect(machine.advance(toSecond: due - 0.001) == .nothing) }
        #expect(machine.advance(toSecond: due) == .pinged)
    }

    @Test("a quiet peer that answers is pinged every 25 s")
    func interval() throws {
        let machine = Self.machine(phase: 1)
        var pings: [Int] = []
        for second in 1...200 where machine.advance(toSecond: Double(second)) == .pinged {
            pings.append(second)
            machine.receive(Self.bytes(.pong()))
        }
        #expect(pings == [25, 50, 75, 100, 125, 150, 175, 200])
    }

    @Test("a peer of which not a byte comes for 10 s after the Ping is dead")
    func deadPeer() {
        let machine = Self.machine(phase: 1)
        #expect(machine.advance(toSecond: 25) == .pinged)
        for second in 26...34 { #expect(machine.advance(toSecond: Double(second)) == .nothing) }
        #expect(machine.advance(toSecond: 34.999) == .nothing)
        guard case .dead(let reason) = machine.advance(toSecond: 35) else {
            Issue.record("not dead")
            return
        }
        #expect(reason.code == 1006)
        #expect(reason.origin == .lost)
        #expect(!reason.isClean)
    }

    @Test("any byte is a sign of life, not the Pong alone")
    func anyByteCounts() {
        for bytes in [Self.bytes(.text("x")), Self.bytes(.pong("other")), [0x82]] {
            let machine = Self.machine(phase: 1)
            #expect(machine.advance(toSecond: 25) == .pinged)
            machine.receive(bytes)
            #expect(machine.advance(toSecond: 34) == .nothing)
            #expect(machine.advance(toSecond: 36) == .nothing)
        }
    }

    @Test("a peer that was heard of when the Ping is due is not pinged")
    func busyPeer() throws {
        let machine = Self.machine(phase: 1)
        for second in 1...100 {
            machine.receive(Self.bytes(.text("x")))
            #expect(machine.advance(toSecond: Double(second)) == .nothing)
        }
        #expect(machine.takeOutput().isEmpty)
        #expect(machine.advance(toSecond: 124) == .nothing)
        #expect(machine.advance(toSecond: 125) == .pinged)
    }

    @Test("no keepalive, no Ping")
    func noKeepalive() {
        let machine = Self.machine(keepalive: nil)
        for second in stride(from: 1.0, to: 1e6, by: 12_345) { #expect(machine.advance(toSecond: second) == .nothing) }
    }

    @Test("a jump of time brings a Ping before a verdict, and traps nowhere")
    func jumps() {
        let machine = Self.machine(phase: 0.5)
        var output = ByteBuffer()
        #expect(machine.machine.advance(to: MonotonicTime(nanoseconds: .max), output: &output) == .pinged)
        let back = machine.machine.advance(to: MonotonicTime(nanoseconds: 0), output: &output)
        #expect(back == .nothing)
        // At the end of time a deadline is at the end of time.
        guard case .dead = machine.machine.advance(to: MonotonicTime(nanoseconds: .max), output: &output) else {
            Issue.record("not dead")
            return
        }
    }

    @Test("intervals of any length: none, and for ever")
    func extremes() {
        for interval: Duration in [.zero, .seconds(-5), .seconds(Int64.max), .nanoseconds(1)] {
            for timeout: Duration in [.zero, .seconds(-5), .seconds(Int64.max)] {
                let machine = Self.machine(keepalive: Keepalive(interval: interval, timeout: timeout), phase: 0.5)
                for second in [0.0, 1, 2, 1e9, 1e10] { machine.advance(toSecond: second) }
                #expect(machine.machine.isOpen)
            }
        }
    }

    @Test("time that does not advance, or goes back, changes nothing")
    func backwards() {
        let machine = Self.machine(phase: 1)
        for second in [10.0, 10, 5, 24, 3, 24.9] { #expect(machine.advance(toSecond: second) == .nothing) }
        #expect(machine.advance(toSecond: 25) == .pinged)
    }

    // MARK: Closing

    @Test("a peer that does not answer our Close frame in 5 s is dropped: 1006")
    func unansweredClose() {
        let machine = Self.machine(phase: 1)
        machine.machine.close(into: &machine.output)
        #expect(machine.advance(toSecond: 100) == .nothing)
        #expect(machine.advance(toSecond: 104.9) == .nothing)
        guard case .dead(let reason) = machine.advance(toSecond: 105) else {
            Issue.record("not dead")
            return
        }
        #expect(reason.code == 1006)
        #expect(machine.receiveEnd().code == 1006)
    }

    @Test("a peer that does not end the connection after both Close frames is dropped; the reason stays")
    func unendedClose() {
        let byPeer = Self.machine()
        byPeer.receive(Self.bytes(.close(4000, "bye")))
        let byUs = Self.machine()
        byUs.machine.close(code: 4000, reason: "bye", into: &byUs.output)
        byUs.receive(Self.bytes(.close(4000)))
        let broken = Self.machine()
        broken.receive(Self.bytes(RawFrame.text("x").reserved(1)))
        for (machine, code, origin) in [(byPeer, 4000, .peer), (byUs, 4000, .us), (broken, 1002, .us)]
            as [(RecordedMachine, CloseCode, CloseReason.Origin)]
        {
            #expect(machine.advance(toSecond: 1) == .nothing)
            guard case .dead(let reason) = machine.advance(toSecond: 6) else {
                Issue.record("not dead")
                continue
            }
            #expect(reason.code == code)
            #expect(reason.origin == origin)
        }
    }

    @Test("while closing, no Ping is sent; once closed nothing happens")
    func noPingWhileClosing() {
        let machine = Self.machine(phase: 0, limits: WebSocketLimits(closeTimeout: .seconds(1_000)))
        machine.receive(Self.bytes(.close(1000)))
        for second in 1...100 { #expect(machine.advance(toSecond: Double(second)) == .nothing) }
        machine.receiveEnd()
        #expect(machine.advance(toSecond: 1e9) == .nothing)
    }

    // MARK: Unfinished messages

    /// What may be left unfinished: half a header, half a frame, half a message, half a control frame.
    static let unfinished: [[UInt8]] = [
        [0x82], [0x82, 0x85, 1], Array(bytes(.binary([1, 2, 3])).dropLast()), bytes(RawFrame.text("a").fragment),
        Array(bytes(.ping("abc")).dropLast()), Array(bytes(.close(1000)).dropLast()),
    ]

    @Test("what is left unfinished for 30 s ends with 1008", arguments: unfinished)
    func unfinishedMessage(_ bytes: [UInt8]) throws {
        let machine = Self.machine(keepalive: nil)
        machine.receive(bytes)
        #expect(machine.advance(toSecond: 1) == .nothing)
        #expect(machine.advance(toSecond: 30.9) == .nothing)
        #expect(machine.advance(toSecond: 31) == .violation(.messageTimedOut))
        #expect(try machine.takeFrames().map(\.closeCode) == [1008])
        #expect(machine.machine.wantsHalfClose)
    }

    @Test("a byte now and then, or fragments and pings, do not prolong it: F8, F10")
    func slowMessage() {
        let slow = Self.machine(keepalive: nil), fragments = Self.machine(keepalive: nil)
        let frame = Self.bytes(.binary([UInt8](repeating: 0, count: 100)))
        fragments.receive(Self.bytes(RawFrame.binary([]).fragment))
        for second in 1..<31 {
            slow.receive([frame[second - 1]])
            fragments.receive(Self.bytes(.ping()) + Self.bytes(RawFrame.continuation("x").fragment), splitting: .everyByte)
            #expect(slow.advance(toSecond: Double(second)) == .nothing)
            #expect(fragments.advance(toSecond: Double(second)) == .nothing)
        }
        #expect(slow.advance(toSecond: 31) == .violation(.messageTimedOut))
        #expect(fragments.advance(toSecond: 31) == .violation(.messageTimedOut))
    }

    @Test("a new message has its time for itself, although the look always falls into one that is unfinished")
    func busyStream() {
        for frame in [RawFrame.binary([UInt8](repeating: 0, count: 20)), .binary([]), .ping("abc")] {
            let bytes = Self.bytes(frame)
            for cut in 1..<bytes.count {
                let machine = Self.machine(keepalive: nil)
                machine.receive(Array(bytes[..<cut]))
                for second in 1...100 {
                    #expect(machine.advance(toSecond: Double(second)) == .nothing)
                    machine.receive(Array(bytes[cut...] + bytes[..<cut]))
                }
            }
        }
    }

    @Test("parts that were delivered are progress; empty fragments, and a part that does not come, are not")
    func parts() {
        let machine = Self.machine(keepalive: nil, deliversParts: true)
        machine.receive(Self.bytes(RawFrame.binary([]).declaring(1_000)))
        for second in 1...100 {
            machine.receive([1])
            #expect(machine.advance(toSecond: Double(second)) == .nothing)
        }
        #expect(machine.advance(toSecond: 129) == .nothing)
        #expect(machine.advance(toSecond: 130) == .violation(.messageTimedOut))

        let empty = Self.machine(keepalive: nil, deliversParts: true)
        empty.receive(Self.bytes(RawFrame.text("").fragment))
        for second in 1..<31 {
            empty.receive(Self.bytes(RawFrame.continuation("").fragment))
            #expect(empty.advance(toSecond: Double(second)) == .nothing)
        }
        #expect(empty.advance(toSecond: 31) == .violation(.messageTimedOut))
    }

    @Test("between messages there is no deadline, however long it is quiet")
    func quiet() {
        let machine = Self.machine(keepalive: nil)
        machine.receive(Self.bytes(RawFrame.text("a").fragment))
        machine.advance(toSecond: 1)
        machine.receive(Self.bytes(.continuation("b")))
        for second in [30.0, 40, 1e6] { #expect(machine.advance(toSecond: second) == .nothing) }
    }

    // MARK: The clock

    @Test("a time is held at the end of time, and a duration at 63 bits of nanoseconds")
    func saturates() {
        #expect(MonotonicTime(nanoseconds: 5).advanced(by: .nanoseconds(7)) == MonotonicTime(nanoseconds: 12))
        #expect(MonotonicTime(nanoseconds: .max - 1).advanced(by: .seconds(1)) == MonotonicTime(nanoseconds: .max))
        #expect(MonotonicTime(nanoseconds: 5).advanced(by: .seconds(-1)) == MonotonicTime(nanoseconds: 5))
        #expect(Duration.seconds(Int64.max).clampedNanoseconds == UInt64(Int64.max))
        #expect(Duration.milliseconds(1_500).clampedNanoseconds == 1_500_000_000)
        #expect(Duration.nanoseconds(-1).clampedNanoseconds == 0)
        #expect(MonotonicTime(nanoseconds: 1) < MonotonicTime(nanoseconds: 2))
    }
}
