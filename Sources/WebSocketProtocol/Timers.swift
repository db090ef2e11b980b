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
    var nextPing: MonotonicTime?
    var pongDeadline: MonotonicTime?
    var closeDeadline: MonotonicTime?
    var messageDeadline: MonotonicTime?
    /// The message that the deadline is for.
    var messageSerial: UInt32 = 0
    /// When control tokens were last earned.
    var refilled: MonotonicTime
    /// Bytes came since the last look.
    var heard = false

    init(settings: WebSocketMachineSettings, now: MonotonicTime, phase: Double) {
        refilled = now
        if let interval = settings.keepalive?.interval {
            nextPing = now.advanced(by: interval * min(1, max(0, phase)))
        }
    }
}

extension WebSocketMachine {
    /// Tells the machine the time. Call it about once a second.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - isListening: whether what the peer sends is read. While the owner holds reads back, silence and an unfinished message are not
    ///     the peer's fault.
    ///   - output: what is to be sent; a Ping or a Close frame is appended.
    public mutating func advance(to now: MonotonicTime, isListening: Bool = true, output: inout ByteBuffer) -> TimerOutcome {
        refillControlTokens(now)
        defer { timers.heard = false }
        switch state {
        case .closed: return .nothing
        case .closingByUs, .closingByPeer, .discarding: return advanceClosing(now)
        case .open: break
        }
        if !isListening {
            timers.messageDeadline = nil
            timers.pongDeadline = nil
        } else if isMessageOverdue(now) {
            fail(.messageTimedOut, into: &output)
            return .violation(.messageTimedOut)
        }
        return advanceKeepalive(now, isListening: isListening, &output)
    }

    /// What is less than a token is earned with the next: the time that it took is not counted as over.
    private mutating func refillControlTokens(_ now: MonotonicTime) {
        guard now > timers.refilled, limits.controlFramesPerSecond > 0 else { return }
        let rate = UInt64(limits.controlFramesPerSecond)
        let (product, overflow) = (now.nanoseconds - timers.refilled.nanoseconds).multipliedReportingOverflow(by: rate)
        let (earned, rest) = overflow ? (.max, 0) : product.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard earned > 0 else { return }
        timers.refilled = MonotonicTime(nanoseconds: now.nanoseconds - rest / rate)
        inbound.controlTokens += min(Int(clamping: earned), limits.controlFrameBurst - inbound.controlTokens)
    }

    /// RFC 6455 §7.1.1: a peer that does not finish the closing handshake is not waited for.
    private mutating func advanceClosing(_ now: MonotonicTime) -> TimerOutcome {
        // A Close frame that waits behind megabytes has not been seen yet; a peer that takes none of them is the owner's to drop.
        guard !outputIsBlocked else {
            timers.closeDeadline = nil
            return .nothing
        }
        guard let deadline = timers.closeDeadline else {
            timers.closeDeadline = now.advanced(by: limits.closeTimeout)
            return .nothing
        }
        guard now >= deadline else { return .nothing }
        if case .closingByUs(_, answered: false) = state { return .dead(.lost("the peer did not answer our Close frame")) }
        return .dead(state.reason ?? .lost("the peer did not close the connection"))
    }

    /// RFC 6455 §10.4: part of a frame, or of a message, has waited for the rest for too long.
    private mutating func isMessageOverdue(_ now: MonotonicTime) -> Bool {
        guard inbound.message != nil || inbound.payloadLeft > 0 || inbound.carryCount > 0 else { return false }
        guard let deadline = timers.messageDeadline, timers.messageSerial == inbound.serial else {
            timers.messageDeadline = now.advanced(by: limits.unfinishedMessageTimeout)
            timers.messageSerial = inbound.serial
            return false
        }
        return now >= deadline
    }

    private mutating func advanceKeepalive(_ now: MonotonicTime, isListening: Bool, _ output: inout ByteBuffer) -> TimerOutcome {
        guard let keepalive = settings.keepalive, let due = timers.nextPing else { return .nothing }
        if timers.heard {
            timers.pongDeadline = nil
            if now >= due { timers.nextPing = now.advanced(by: keepalive.interval) }
            return .nothing
        }
        if let deadline = timers.pongDeadline {
            return now >= deadline ? .dead(.lost("no answer to a Ping within \(keepalive.timeout)")) : .nothing
        }
        guard now >= due else { return .nothing }
        timers.nextPing = now.advanced(by: keepalive.interval)
        timers.pongDeadline = isListening ? now.advanced(by: keepalive.timeout) : nil
        ping(into: &output)
        return .pinged
    }
}
