import Logging
import NIOCore
public import WebSocketProtocol

extension WebSocketConnection {
    // MARK: Opening

    func attach(_ context: ChannelHandlerContext) {
        self.context = context
        guard transport == .plainSocket else { return }
        try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor = CInt($0) }
    }

    func open() {
        loop.add(self)
        delegate?.opened(self)
    }

    // MARK: Closing

    /// Starts the closing handshake (RFC 6455 §7.1.2). The delegate's `closed` follows when the peer has answered, or after
    /// `WebSocketLimits.closeTimeout`. A no-op if the socket is closing already.
    ///
    /// - Parameters:
    ///   - code: 1000–1003, 1007–1014 or 3000–4999; another sends a Close frame without a code.
    ///   - reason: for logs; cut to 123 bytes.
    public func close(code: CloseCode = .normalClosure, reason: String = "") {
        guard isOpen else { return }
        settleRooms()
        prepareOutput()
        machine.close(code: code, reason: reason, into: &output)
        scheduleFlush()
    }

    func shouldLeave() {
        loop.leave(self)
    }

    func closeForShutdown() {
        close(code: settings.configuration.shutdownCode, reason: "the server shuts down")
    }

    func failed(_ violation: ProtocolViolation) {
        self.violation = violation
        logger.debug(
            "the peer broke a rule", metadata: ["socket": "\(id)", "rule": "\(violation.rule)", "code": "\(violation.closeCode.rawValue)"])
        end()
    }

    /// The connection is over for the application, whatever is still to be done with the bytes.
    func end() {
        guard !isOver, let reason = machine.state.reason else { return }
        isOver = true
        leaveRooms()
        deferred = []
        let receiver = delegate
        delegate = nil
        handle?.closed(reason)
        receiver?.closed(self, reason)
        updateReading()
    }

    /// Everything is sent: does what the state of the closing handshake asks for.
    func finishIfDone() {
        if machine.wantsDisconnect {
            end()
            closeChannel()
        } else if machine.wantsHalfClose {
            halfClose()
        } else if machine.isHandshakeOver {
            end()
        }
    }

    /// The peer may still be sending. Ending only our side lets our Close frame reach it: closing at once would answer its next bytes
    /// with a reset, which throws away what it has not read yet.
    private func halfClose() {
        guard !hasHalfClosed else { return }
        hasHalfClosed = true
        context?.close(mode: .output, promise: nil)
    }

    private func closeChannel() {
        guard !isClosingChannel else { return }
        isClosingChannel = true
        descriptor = -1
        context?.close(promise: nil)
    }

    /// Ends the connection without a closing handshake, or without waiting for the rest of one.
    func drop(_ reason: CloseReason) {
        guard !isClosingChannel else { return }
        logger.debug("dropping the connection", metadata: ["socket": "\(id)", "reason": "\(reason)"])
        machine.abandon(reason)
        discardOutput()
        end()
        closeChannel()
    }

    private func discardOutput() {
        if isStaging { unstage() }
        queue = []
        queuedBytes = 0
        output = ByteBuffer()
    }

    // MARK: What the transport tells

    /// The peer has ended its side of the stream.
    func inputEnded() {
        machine.receiveEnd()
        end()
        isInReadEvent = false
        if bufferedBytes > 0 { flush() }
        closeChannel()
    }

    func transportFailed(_ error: any Error) {
        logger.debug("the transport failed", metadata: ["socket": "\(id)", "error": "\(error)"])
        machine.receiveEnd("\(error)")
        end()
        closeChannel()
    }

    /// The channel is gone.
    func transportEnded() {
        guard context != nil else { return }
        isClosingChannel = true
        descriptor = -1
        context = nil
        machine.receiveEnd()
        end()
        discardOutput()
        loop.remove(self)
        handle = nil
    }

    // MARK: Time

    /// About once a second.
    func advance(to now: MonotonicTime) {
        if let reason = brokenWriteDeadline(now) { return drop(reason) }
        var control = ByteBuffer()
        switch machine.advance(to: now, output: &control) {
        case .nothing: break
        case .pinged:
            append(control)
            scheduleFlush()
        case .violation(let violation):
            append(control)
            failed(violation)
            scheduleFlush()
        case .dead(let reason):
            drop(reason)
        }
    }

    private func brokenWriteDeadline(_ now: MonotonicTime) -> CloseReason? {
        guard bytesInFlight > 0 else { return nil }
        let left = bytesLeftInChannel()
        guard let stall, stall.bytesLeft == left else {
            stall = WriteStall(since: now, bytesLeft: left)
            return nil
        }
        guard now >= stall.since.advanced(by: settings.configuration.writeTimeout) else { return nil }
        return .lost("the peer read nothing for \(settings.configuration.writeTimeout)")
    }

    /// What the channel still has to write, where it can tell; any change of it is progress.
    private func bytesLeftInChannel() -> Int {
        guard let left = try? channel.syncOptions?.getOption(.bufferedWritableBytes) else { return bytesInFlight }
        return left
    }
}
