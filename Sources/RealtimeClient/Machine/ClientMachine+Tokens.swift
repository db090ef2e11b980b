import NIOCore
import RealtimeProtocol

/// A token that was asked for.
struct TokenRequest: Hashable, Sendable {
    enum Purpose: Hashable, Sendable {
        /// To connect, or to subscribe.
        case open
        /// To go on.
        case renew
    }

    let id: UInt64
    let purpose: Purpose
}

extension ClientMachine {
    // MARK: Asking

    mutating func requestToken(
        _ purpose: TokenRequest.Purpose, at now: Duration, _ get: @escaping @Sendable () async throws -> String
    ) -> TokenRequest {
        let request = TokenRequest(id: newNumber(), purpose: purpose)
        timers.set(.token(request.id), at: now + configuration.tokenTimeout)
        perform(.getToken(id: request.id, get))
        return request
    }

    mutating func cancelToken() {
        if let request = tokenRequest { retire(request) }
        tokenRequest = nil
    }

    mutating func cancelToken(of channel: String) {
        if let request = subscriptions[channel]?.tokenRequest { retire(request) }
        subscriptions[channel]?.tokenRequest = nil
    }

    private mutating func retire(_ request: TokenRequest) {
        timers.cancel(.token(request.id))
        perform(.cancelToken(id: request.id))
    }

    /// There is one, an empty one (the user may not), or none for now.
    mutating func tokenArrived(_ id: UInt64, _ result: Result<String, RealtimeError>, at now: Duration) {
        if let request = tokenRequest, request.id == id {
            cancelToken()
            connectionTokenArrived(request.purpose, result, at: now)
        } else if let (channel, request) = awaited(id) {
            cancelToken(of: channel)
            subscriptionTokenArrived(channel, request.purpose, result, at: now)
        }
    }

    private func awaited(_ id: UInt64) -> (String, TokenRequest)? {
        for (channel, entry) in subscriptions {
            if let request = entry.tokenRequest, request.id == id { return (channel, request) }
        }
        return nil
    }

    // MARK: Of the connection

    private mutating func connectionTokenArrived(
        _ purpose: TokenRequest.Purpose, _ result: Result<String, RealtimeError>, at now: Duration
    ) {
        switch (result, purpose) {
        case (.success(""), _): end(.unauthorized)
        case (.success(let new), .open):
            token = new
            dial()
        case (.success(let new), .renew):
            token = new
            do throws(RealtimeError) {
                try call(.refresh(Wire.RefreshRequest(token: new)), for: .refresh, at: now)
            } catch {
                end(.badConfiguration(error.message))
            }
        case (.failure(let error), .open):
            emit(.error(error))
            retry(at: now)
        case (.failure(let error), .renew):
            emit(.error(error))
            renewSoon(.expiry, at: now)
        }
    }

    /// The connection lives for so many seconds (protocol §1.5).
    mutating func tokenExpires(_ expires: Bool, ttl: UInt32, at now: Duration) {
        timers.cancel(.expiry)
        if expires, configuration.getToken != nil { timers.set(.expiry, at: now + Self.timeToRenew(ttl)) }
    }

    mutating func renewToken(at now: Duration) {
        guard phase == .connected, let getToken = configuration.getToken else { return }
        tokenRequest = requestToken(.renew, at: now, getToken)
    }

    mutating func tokenRenewed(_ error: RealtimeError?, expires: Bool, ttl: UInt32, at now: Duration) {
        guard let error else { return tokenExpires(expires, ttl: ttl, at: now) }
        guard error.mayRenewAgain else { return end(Client.Reason(error)) }
        emit(.error(error))
        renewSoon(.expiry, at: now)
    }

    // MARK: Of a subscription

    private mutating func subscriptionTokenArrived(
        _ channel: String, _ purpose: TokenRequest.Purpose, _ result: Result<String, RealtimeError>, at now: Duration
    ) {
        switch (result, purpose) {
        case (.success(""), _): endSubscription(channel, .unauthorized, at: now)
        case (.success(let new), .open):
            subscriptions[channel]?.token = new
            sendSubscribe(channel, at: now)
        case (.success(let new), .renew):
            subscriptions[channel]?.token = new
            sendRefresh(of: channel, token: new, at: now)
        case (.failure(let error), .open):
            emit(.error(error), in: channel)
            retrySubscription(channel, at: now)
        case (.failure(let error), .renew):
            emit(.error(error), in: channel)
            renewSoon(.subscriptionExpiry(channel), at: now)
        }
    }

    private mutating func sendRefresh(of channel: String, token: String, at now: Duration) {
        guard let turn = subscriptions[channel]?.turn else { return }
        do throws(RealtimeError) {
            let request = Wire.SubRefreshRequest(channel: channel, token: token)
            try call(.subRefresh(request), for: .subscriptionRefresh(channel: channel, turn: turn), at: now)
        } catch {
            endSubscription(channel, Client.Reason(error), at: now)
        }
    }

    mutating func tokenExpires(of channel: String, _ expires: Bool, ttl: UInt32, at now: Duration) {
        timers.cancel(.subscriptionExpiry(channel))
        guard expires, subscriptions[channel]?.options.getToken != nil else { return }
        timers.set(.subscriptionExpiry(channel), at: now + Self.timeToRenew(ttl))
    }

    mutating func renewToken(of channel: String, at now: Duration) {
        guard let entry = subscriptions[channel], entry.state == .subscribed, let getToken = entry.options.getToken else { return }
        let request = requestToken(.renew, at: now) { try await getToken(channel) }
        subscriptions[channel]?.tokenRequest = request
    }

    mutating func tokenRenewed(of channel: String, _ error: RealtimeError?, expires: Bool, ttl: UInt32, at now: Duration) {
        guard let error else { return tokenExpires(of: channel, expires, ttl: ttl, at: now) }
        guard error.mayRenewAgain else { return endSubscription(channel, Client.Reason(error), at: now) }
        emit(.error(error), in: channel)
        renewSoon(.subscriptionExpiry(channel), at: now)
    }

    // MARK: When

    /// Before the token expires: a tenth of its life, but no more than half a minute. Servers have patience (25 s) for who is late.
    private static func timeToRenew(_ ttl: UInt32) -> Duration {
        let life = Duration.seconds(Int64(max(ttl, 1)))
        return life - min(life / 10, .seconds(30))
    }

    /// Within the server's patience.
    private mutating func renewSoon(_ key: Timers.Key, at now: Duration) {
        timers.set(key, at: now + .seconds(5) + .seconds(5) * random())
    }
}

extension RealtimeError {
    fileprivate var mayRenewAgain: Bool { isTemporary || code == Wire.ErrorReply.Code.tokenExpired.number }
}
