// Strategy: a peer is slow when the channel could not write all that it was given. Then reads stop, so that answers don't pile up, pings
// are answered with the last pong alone, rooms apply their policy, and at the cap or at the deadline the connection is dropped.

import NIOCore
import WebSocketProtocol

/// When the peer was last seen to take bytes, for the write deadline.
struct WriteStall {
    var since: MonotonicTime
    var bytesLeft: Int
}

extension WebSocketConnection {
    /// All that waited for a slow peer is sent.
    func caughtUp() {
        isBehind = false
        longestWaiting = 0
        releaseReadsIfDrained()
        for membership in memberships { membership.sendLatest() }
        handle?.settle(buffered: unsentBytes)
        delegate?.drained(self)
    }

    // MARK: Reads

    /// For a server's delegate, whose answers would pile up. A client reads on: if both ends stopped reading until the other reads, both
    /// would wait for ever. With the asynchronous API, who sends has to wait, and nothing else has to stop.
    func holdReadsIfSlow() {
        guard holdsReadsWhenSlow, !isPausedByOutput, bufferedBytes > maxBufferedBytes / 2 else { return }
        isPausedByOutput = true
        updateReading()
    }

    func releaseReadsIfDrained() {
        guard isPausedByOutput, bufferedBytes <= maxBufferedBytes / 4 else { return }
        isPausedByOutput = false
        updateReading()
    }

    // MARK: The cap

    /// Whether a message may be sent although more than the cap waits. Only bytes that the peer did not take count, and one long message
    /// does not: it would leave no room for the next, however quickly the peer reads.
    func admitOverCap() -> Bool {
        if isTakingFromOutbox { return true }
        sendWaiting()
        guard isOpen else { return false }
        if bufferedBytes - longestWaiting <= maxBufferedBytes { return true }
        dropSlowReader(.policyViolation, limit: maxBufferedBytes)
        return false
    }

    /// Whether more bytes than that wait because the peer does not take them: what it was not offered yet is offered now, and the longest message does not count. On the event loop.
    public func isSlow(over limit: Int) -> Bool {
        guard bufferedBytes > limit else { return false }
        sendWaiting()
        return bufferedBytes - longestWaiting > limit
    }

    func dropSlowReader(_ code: CloseCode, limit: Int) {
        drop(CloseReason(code: code, text: "over \(limit) bytes wait for the peer to read them", origin: .us))
    }

    // MARK: The deadline

    func brokenWriteDeadline(_ now: MonotonicTime) -> CloseReason? {
        guard bytesInFlight > 0 else { return nil }
        let left = bytesLeftInChannel()
        guard let stall, stall.bytesLeft == left else {
            stall = WriteStall(since: now, bytesLeft: left)
            return nil
        }
        let configuration = settings.configuration
        let timeout = machine.isOpen ? configuration.writeTimeout : min(configuration.writeTimeout, configuration.limits.closeTimeout)
        guard now >= stall.since.advanced(by: timeout) else { return nil }
        return .lost("the peer read nothing for \(timeout)")
    }

    /// What the channel still has to write, where it can tell; any change of it is progress. Only sockets are asked: a stream of HTTP/2
    /// ends the process when it is asked for an option that it does not know.
    private func bytesLeftInChannel() -> Int {
        guard isSocket, let left = try? channel.syncOptions?.getOption(.bufferedWritableBytes) else { return bytesInFlight }
        return left
    }
}
