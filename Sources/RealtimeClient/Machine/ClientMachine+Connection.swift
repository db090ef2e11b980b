import NIOCore
import RealtimeProtocol

extension ClientMachine {
    // MARK: Calls of the application

    mutating func connect(at now: Duration) {
        guard phase == .idle else { return }
        ending = nil
        enter(.connecting)
        emit(.connecting(.connectCalled))
        open(at: now)
    }

    mutating func disconnect() {
        end(.disconnectCalled)
    }

    // MARK: Opening

    /// The next attempt begins: with a token, if one is needed.
    mutating func open(at now: Duration) {
        timers.cancel(.retry)
        guard token.isEmpty, let getToken = configuration.getToken else { return dial() }
        phase = .fetchingToken
        tokenRequest = requestToken(.open, at: now, getToken)
    }

    mutating func dial() {
        phase = .dialing
        link &+= 1
        perform(.open(link: link))
    }

    /// There is a WebSocket: the connect goes first, and the subscriptions with it (protocol §1.17).
    mutating func opened(_ link: UInt64, at now: Duration) {
        guard link == self.link, phase == .dialing else { return }
        phase = .opening
        do throws(RealtimeError) {
            try call(.connect(connectRequest()), for: .connect, at: now)
        } catch {
            return end(.badConfiguration(error.message))
        }
        for channel in subscriptions.keys.sorted() where subscriptions[channel]?.state == .subscribing {
            startSubscription(channel, at: now)
        }
    }

    private func connectRequest() -> Wire.ConnectRequest {
        var request = Wire.ConnectRequest(token: token, data: configuration.data, headers: configuration.headers)
        request.name = configuration.name
        request.version = configuration.version
        for (channel, stream) in serverSide where stream.isRecoverable {
            var subscribe = Wire.SubscribeRequest()
            stream.askForMissed(&subscribe)
            request.subs[channel] = subscribe
        }
        return request
    }

    /// The server has accepted us.
    mutating func connected(_ result: Wire.ConnectResult, at now: Duration) {
        phase = .connected
        backoff.succeeded(at: now)
        clientID = result.client
        answersPings = result.pong
        patience = result.ping == 0 ? nil : .seconds(Int64(min(result.ping, 1_000_000))) + configuration.maxServerPingDelay
        heard(at: now)
        tokenExpires(result.expires, ttl: result.ttl, at: now)
        enter(.connected)
        emit(.connected(Client.Connected(client: result.client, version: result.version, data: result.data.detached)))
        serverSubscriptions(are: result.subs, at: now)
        sendWaiting(at: now)
    }

    /// The connect was answered with an error (protocol §1.5).
    mutating func connectRefused(_ error: RealtimeError, at now: Duration) {
        switch error.code {
        case Wire.ErrorReply.Code.tokenExpired.number:
            guard configuration.getToken != nil else { return end(.unauthorized) }
            token = ""
        case Wire.ErrorReply.Code.unrecoverablePosition.number:
            for channel in serverSide.keys { serverSide[channel]?.forget() }
        default:
            guard error.isTemporary else { return end(Client.Reason(error)) }
        }
        drop(Client.Reason(code: Client.Reason.transportClosed.code, reason: error.message), error, at: now)
    }

    // MARK: The end of a connection

    /// No WebSocket could be opened.
    mutating func failed(_ link: UInt64, _ error: RealtimeError, isFinal: Bool, at now: Duration) {
        guard link == self.link, phase == .dialing else { return }
        if isFinal { end(.badConfiguration(error.message)) } else { drop(.transportClosed, error, at: now) }
    }

    /// The WebSocket is closed.
    mutating func closed(_ link: UInt64, code: UInt16, reason: String, at now: Duration) {
        guard link == self.link, isLive || phase == .dialing else { return }
        ended(by: DisconnectCode(code, reason: reason), at: now)
    }

    /// The ranges of codes (protocol §1.16).
    mutating func ended(by code: DisconnectCode, at now: Duration) {
        let reason = Client.Reason(code: UInt32(code.number), reason: code.reason)
        if code.number == 1_009 { return end(.messageSizeLimit) }
        if code.isTerminal { return end(reason) }
        if code.number == DisconnectCode.stateInvalidated.number { invalidateState() }
        drop(code.number >= 3_000 ? reason : .transportClosed, at: now)
    }

    private mutating func invalidateState() {
        if configuration.getToken != nil { token = "" }
        for channel in subscriptions.keys { subscriptions[channel]?.invalidate() }
        for channel in serverSide.keys { serverSide[channel]?.forget() }
    }

    /// What the server says breaks the protocol. Before it has accepted us it may be something else that answers, so that is tried again.
    mutating func violation(at now: Duration) {
        if phase == .connected { end(.badProtocol) } else { drop(.transportClosed, at: now) }
    }

    /// The connection is lost; the next attempt follows.
    ///
    /// - Parameter delay: nil: as the back-off says.
    mutating func drop(
        _ reason: Client.Reason, _ error: RealtimeError = .transportClosed, after delay: Duration? = nil, at now: Duration
    ) {
        guard phase != .idle else { return }
        letGo(last: false)
        retry(after: delay, at: now)
        if state == .connecting {
            emit(.error(error))
        } else {
            enter(.connecting)
            emit(.connecting(reason))
            for channel in serverSide.keys.sorted() { emit(.subscribing(channel: channel, reason)) }
        }
        connectionLost(reason)
    }

    /// For good, until ``connect(at:)``.
    mutating func end(_ reason: Client.Reason) {
        guard phase != .idle else { return }
        letGo(last: reason.isCalled)
        phase = .idle
        ending = reason
        enter(.disconnected)
        emit(.disconnected(reason))
        connectionLost(reason)
        for ticket in requests.keys.sorted() { finish(ticket, .failure(.disconnected)) }
        perform(.wakeClient)
        for (channel, entry) in subscriptions { perform(.wake(SubscriptionKey(channel: channel, id: entry.id))) }
    }

    mutating func retry(after delay: Duration? = nil, at now: Duration) {
        phase = .waiting
        let pause =
            delay
            ?? backoff.delay(at: now, from: configuration.minReconnectDelay, to: configuration.maxReconnectDelay, random: random())
        timers.set(.retry, at: now + pause)
    }

    /// Nothing more of this connection counts.
    ///
    /// - Parameter last: whether what waits to be written still is.
    private mutating func letGo(last: Bool) {
        if isLive || phase == .dialing { perform(.close(link: link, last: last ? outbox.takeFrames() : [])) }
        link &+= 1
        for key in [Timers.Key.retry, .silence, .expiry] { timers.cancel(key) }
        cancelToken()
        numbers = [:]
        clientID = ""
        patience = nil
    }

    /// What was under way fails, what waits for a connection goes on waiting.
    private mutating func connectionLost(_ reason: Client.Reason) {
        let calls = calls
        forgetCalls()
        for channel in subscriptions.keys.sorted() { subscriptionLost(channel, reason) }
        for id in calls.keys.sorted() {
            if case .request(let ticket) = calls[id] { finish(ticket, .failure(.transportClosed)) }
        }
    }

    private mutating func enter(_ state: Client.State) {
        self.state = state
        perform(.state(state))
    }

    // MARK: Silence

    /// Whatever comes shows that the server is there (protocol §1.5).
    mutating func heard(at now: Duration) {
        if let patience { timers.set(.silence, at: now + patience) }
    }
}
