import Logging
import NIOCore
public import WebSocketProtocol

extension WebSocketConnection {
    // MARK: Opening

    func attach(_ context: ChannelHandlerContext) {
        self.context = context
        try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { handle in
            isSocket = true
            // Bytes of the handshake that the channel still has would be overtaken.
            guard transport == .plainSocket, try channel.syncOptions?.getOption(.bufferedWritableBytes) == 0 else { return }
            descriptor = CInt(handle)
        }
    }

    func open() {
        loop.add(self)
        delegate?.opened(self)
    }

    // MARK: Closing

    /// Starts the closing handshake (RFC 6455 §7.1.2). The delegate's `closed` follows when the peer has answered, or at the latest
    /// `WebSocketLimits.closeTimeout` after it last took bytes of ours. A no-op if the socket is closing already.
    ///
    /// What was sent before still goes out. Reading is resumed, so that the peer's answer can come: messages that it sent before reach
    /// the delegate.
    ///
    /// - Parameters:
    ///   - code: 1000–1003, 1007–1014 or 3000–4999; another sends a Close frame without a code.
    ///   - reason: for logs; cut to 123 bytes.
    public func close(code: CloseCode = .normalClosure, reason: String = "") {
        guard isOpen else { return }
        settleRooms()
        prepareOutput()
        machine.close(code: code, reason: reason, into: &output)
        if let reason = machine.state.reason { handle?.closing(reason) }
        updateReading()
        scheduleFlush()
    }

    func shouldLeave() {
        loop.leave(self)
    }

    func closeForShutdown() {
        if isOpen { delegate?.leaving(self) }
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
        _ = takeDeferred()
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
        expectEndOfTLS()
        context?.close(promise: nil)
    }

    /// While a peer may end its side of the stream alone, NIOSSL does not take the peer's answer to our end of TLS for the end of both: it
    /// would keep the connection for 5 s more.
    private func expectEndOfTLS() {
        guard transport == .tls else { return }
        try? channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
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

    /// The peer has ended its side of the stream. What waits for it may still be read, so the channel is closed behind that.
    func inputEnded() {
        guard !isClosingChannel else { return }
        machine.receiveEnd()
        end()
        isInReadEvent = false
        flush()
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
        guard !isClosingChannel else { return }
        if let reason = brokenWriteDeadline(now) { return drop(reason) }
        // The peer has time to answer a Close frame once it has left us.
        if bytesInFlight > 0, !machine.isOpen { return }
        var control = ByteBuffer()
        switch machine.advance(to: now, isListening: !isReadHeldBack, output: &control) {
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
}
