import NIOCore
import RealtimeProtocol

extension ClientMachine {
    /// The server sent a batch.
    mutating func received(_ link: UInt64, _ batch: ByteBuffer, at now: Duration) {
        guard link == self.link, isLive else { return }
        heard(at: now)
        hasPonged = false
        var reader = ReplyReader(configuration.format, batch)
        do throws(Wire.DecodingError) {
            while let reply = try reader.next() {
                received(reply, at: now)
                // One of them may have ended the connection.
                guard link == self.link else { return }
            }
        } catch {
            violation(at: now)
        }
    }

    private mutating func received(_ reply: Wire.Reply, at now: Duration) {
        if let call = calls.removeValue(forKey: reply.id) {
            timers.cancel(.call(reply.id))
            answered(call, reply, at: now)
        } else if case .push(let push) = reply.body {
            received(push, at: now)
        } else if reply.id == 0, reply.error == nil, reply.body == nil {
            pong()
        }
    }

    /// One for all the pings of a batch: nobody makes us write more than they do.
    private mutating func pong() {
        guard answersPings, !hasPonged else { return }
        hasPonged = true
        do throws(RealtimeError) { try write(Wire.Command()) } catch { return }
    }

    // MARK: Replies

    private mutating func answered(_ call: Call, _ reply: Wire.Reply, at now: Duration) {
        let error = reply.error.map(RealtimeError.init)
        switch call {
        case .connect: connectAnswered(error, reply.body, at: now)
        case .refresh:
            guard case .refresh(let result) = reply.body ?? .refresh(Wire.RefreshResult()) else { return violation(at: now) }
            tokenRenewed(error, expires: result.expires, ttl: result.ttl, at: now)
        case .subscribe(let channel, let turn): subscribeAnswered(channel, turn, error, reply.body, at: now)
        case .unsubscribe: if error != nil { drop(.unsubscribeError, at: now) }
        case .subscriptionRefresh(let channel, let turn):
            guard subscriptions[channel]?.turn == turn else { return }
            guard case .subRefresh(let result) = reply.body ?? .subRefresh(Wire.SubRefreshResult()) else { return violation(at: now) }
            tokenRenewed(of: channel, error, expires: result.expires, ttl: result.ttl, at: now)
        case .request(let ticket): finish(ticket, error.map { .failure($0) } ?? .success(reply.body))
        }
    }

    private mutating func connectAnswered(_ error: RealtimeError?, _ body: Wire.Reply.Body?, at now: Duration) {
        if let error { return connectRefused(error, at: now) }
        guard case .connect(let result) = body ?? .connect(Wire.ConnectResult()) else { return violation(at: now) }
        connected(result, at: now)
    }

    private mutating func subscribeAnswered(
        _ channel: String, _ turn: UInt64, _ error: RealtimeError?, _ body: Wire.Reply.Body?, at now: Duration
    ) {
        // Before the answer to connect there is none to anything else.
        guard phase == .connected else { return violation(at: now) }
        guard subscriptions[channel]?.turn == turn else { return }
        if let error { return subscribeRefused(channel, error, at: now) }
        guard case .subscribe(let result) = body ?? .subscribe(Wire.SubscribeResult()) else { return violation(at: now) }
        subscribed(channel, result, at: now)
    }

    mutating func callTimedOut(_ id: UInt32, at now: Duration) {
        switch calls.removeValue(forKey: id) {
        case .connect: connectRefused(.timeout, at: now)
        case .refresh: tokenRenewed(.timeout, expires: false, ttl: 0, at: now)
        case .subscribe(let channel, let turn): if subscriptions[channel]?.turn == turn { drop(.subscribeTimeout, at: now) }
        case .unsubscribe: drop(.unsubscribeError, at: now)
        case .subscriptionRefresh(let channel, let turn):
            if subscriptions[channel]?.turn == turn { tokenRenewed(of: channel, .timeout, expires: false, ttl: 0, at: now) }
        case .request(let ticket): finish(ticket, .failure(.timeout))
        case nil: break
        }
    }

    // MARK: Pushes

    private mutating func received(_ push: Wire.Push, at now: Duration) {
        let channel = push.channel.isEmpty ? numbers[push.id] ?? "" : push.channel
        switch push.body {
        case .disconnect(let disconnect):
            ended(by: DisconnectCode(UInt16(clamping: disconnect.code), reason: disconnect.reason), at: now)
        case .message(let message):
            guard phase == .connected else { return }
            offer(.message(message.data.detached))
        case .refresh(let refresh): if phase == .connected { tokenExpires(refresh.expires, ttl: refresh.ttl, at: now) }
        case .subscribe(let subscribe): if phase == .connected { serverSubscribed(channel, Wire.SubscribeResult(subscribe), at: now) }
        case .publication, .join, .leave, .unsubscribe:
            if subscriptions[channel]?.state == .subscribed {
                received(push.body, in: channel, at: now)
            } else if serverSide[channel] != nil {
                serverPushed(push.body, in: channel, at: now)
            }
        case .connect, nil: break
        }
    }
}

extension Wire.SubscribeResult {
    fileprivate init(_ push: Wire.Subscribe) {
        self.init(
            recoverable: push.recoverable, epoch: push.epoch, offset: push.offset, positioned: push.positioned, data: push.data)
    }
}
