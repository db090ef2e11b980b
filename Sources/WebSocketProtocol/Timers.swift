public import NIOCore

/// What the passing of time brought.
public enum TimerOutcome: Hashable, Sendable {
    case nothing
    /// A Ping was appended to the output.
    case pinged
    /// The peer broke a time limit; our Close frame was appended to the output.
    case violation(ProtocolViolation)
    /// The connection is dead: drop it without a word.
    case dead(CloseReason)
}

/// The deadlines of a connection. They are compared with the time only when the owner tells it, about once a second: nothing on the
/// path of a message reads a clock.
struct Timers {
    private(set) var lastAdvance: MonotonicTime
    private var nextPing: MonotonicTime?
    private var pongDeadline: MonotonicTime?
    private var closeDeadline: MonotonicTime?
    private var messageDeadline: MonotonicTime?
    private var messageSerial: UInt32 = 0
    /// Bytes came since the last look.
    var heard = false

    init(settings: WebSocketMachineSettings, now: MonotonicTime, phase: Double) {
        lastAdvance = now
        if let interval = settings.keepalive?.interval {
            nextPing = now.advanced(by: interval * min(max(phase, 0), 1))
        }
    }
}

extension WebSocketMachine {
    /// Tells the machine the time. Call it about once a second.
    public mutating func advance(to now: MonotonicTime, output: inout ByteBuffer) -> TimerOutcome {
        let elapsed = now.nanoseconds &- min(now.nanoseconds, timers.lastAdvance.nanoseconds)
        let outcome = timers.advance(to: now, machine: TimerView(self))
        if elapsed > 0 { refillControlTokens(after: elapsed) }
        switch outcome {
        case .pinged: ping(into: &output)
        case .violation(let violation): fail(violation, into: &output)
        case .dead, .nothing: break
        }
        return outcome
    }

    private mutating func refillControlTokens(after nanoseconds: UInt64) {
        let seconds = Double(nanoseconds) / 1e9
        let earned = Int(min(seconds * Double(limits.controlFramesPerSecond), Double(limits.controlFrameBurst)))
        inbound.controlTokens = min(limits.controlFrameBurst, inbound.controlTokens &+ earned)
    }
}

/// What the timers need to know of the machine.
struct TimerView {
    let settings: WebSocketMachineSettings
    let state: ConnectionState
    let isMidMessage: Bool
    let messageSerial: UInt32

    init(_ machine: borrowing WebSocketMachine) {
        settings = machine.settings
        state = machine.state
        let inbound = machine.inbound
        isMidMessage = inbound.message != nil || inbound.payloadLeft > 0 || inbound.carryCount > 0
        messageSerial = inbound.serial
    }
}

extension Timers {
    mutating func advance(to now: MonotonicTime, machine: TimerView) -> TimerOutcome {
        lastAdvance = max(lastAdvance, now)
        defer { heard = false }
        switch machine.state {
        case .open: break
        case .closed: return .nothing
        case .closingByUs, .closingByPeer, .discarding: return advanceClosing(now, machine)
        }
        if isOverdue(machine, now) { return .violation(.messageTimedOut) }
        return advanceKeepalive(now, machine)
    }

    /// RFC 6455 §7.1.1: a peer that does not finish the closing handshake is not waited for.
    private mutating func advanceClosing(_ now: MonotonicTime, _ machine: TimerView) -> TimerOutcome {
        guard let deadline = closeDeadline else {
            closeDeadline = now.advanced(by: machine.settings.limits.closeTimeout)
            return .nothing
        }
        guard now >= deadline else { return .nothing }
        if case .closingByUs(_, answered: false) = machine.state { return .dead(.lost("the peer did not answer our Close frame")) }
        return .dead(machine.state.reason ?? .lost("the peer did not close the connection"))
    }

    private mutating func isOverdue(_ machine: TimerView, _ now: MonotonicTime) -> Bool {
        guard machine.isMidMessage else {
            messageDeadline = nil
            return false
        }
        guard let deadline = messageDeadline, messageSerial == machine.messageSerial else {
            messageDeadline = now.advanced(by: machine.settings.limits.unfinishedMessageTimeout)
            messageSerial = machine.messageSerial
            return false
        }
        return now >= deadline
    }

    private mutating func advanceKeepalive(_ now: MonotonicTime, _ machine: TimerView) -> TimerOutcome {
        guard let keepalive = machine.settings.keepalive, let due = nextPing else { return .nothing }
        if heard {
            pongDeadline = nil
            if now >= due { nextPing = now.advanced(by: keepalive.interval) }
            return .nothing
        }
        if let deadline = pongDeadline {
            return now >= deadline ? .dead(.lost("no answer to a Ping within \(keepalive.timeout)")) : .nothing
        }
        guard now >= due else { return .nothing }
        nextPing = now.advanced(by: keepalive.interval)
        pongDeadline = now.advanced(by: keepalive.timeout)
        return .pinged
    }
}
