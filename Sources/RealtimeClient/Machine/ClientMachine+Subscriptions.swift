import NIOCore
import RealtimeProtocol

/// A subscription: its channel, and a number that a later one to the same channel does not have.
struct SubscriptionKey: Hashable, Sendable {
    let channel: String
    let id: UInt64
}

struct SubscriptionEntry: Sendable {
    let id: UInt64
    let options: Client.SubscriptionOptions
    // Assigned in ClientMachine+Subscriptions.swift alone.
    fileprivate(set) var state = Client.SubscriptionState.unsubscribed
    /// Answers to an earlier one are late.
    fileprivate(set) var turn: UInt64 = 0
    /// The server has our subscribe.
    fileprivate var isAsked = false
    fileprivate var number: Int64 = 0
    fileprivate var backoff = Backoff()
    /// The server said that it has not all (error 112).
    fileprivate var hasLostPosition = false
    fileprivate var usesDelta: Bool
    var token: String
    var tokenRequest: TokenRequest?
    var stream: ChannelStream
    var mailbox: Mailbox<Client.SubscriptionEvent>
    /// Nil: nobody wants to know who comes and leaves.
    var presence: Mailbox<Client.PresenceChange>?
    /// Where the reader is.
    var readPosition: Client.StreamPosition?

    init(_ channel: String, id: UInt64, _ options: Client.SubscriptionOptions, _ configuration: Client.Configuration) {
        self.id = id
        self.options = options
        token = options.token
        usesDelta = options.delta != nil
        readPosition = options.since
        stream = ChannelStream(channel, since: options.since)
        mailbox = Mailbox(maxCount: configuration.maxBufferedEvents, maxCost: configuration.maxBufferedBytes)
    }

    mutating func dropToken() {
        if options.getToken != nil { token = "" }
    }

    /// What the client knows is no longer true (2502, 3014).
    mutating func invalidate() {
        dropToken()
        stream.forget()
    }
}

extension ClientMachine {
    // MARK: Calls of the application

    /// The subscription to a channel; a new one if there is none. One that is unsubscribed begins.
    ///
    /// - Throws: for a name that no channel can have (protocol §1.6), and for one more than is allowed.
    mutating func subscribe(
        _ channel: String, _ options: Client.SubscriptionOptions, at now: Duration
    ) throws(RealtimeError) -> SubscriptionKey {
        guard !channel.isEmpty, channel.utf8.count <= 255 else { throw .badData("a channel's name has 1 to 255 bytes") }
        if subscriptions[channel] == nil {
            guard subscriptions.count < configuration.maxSubscriptions else { throw .overLimit("subscriptions") }
            subscriptions[channel] = SubscriptionEntry(channel, id: newNumber(), options, configuration)
        }
        let key = SubscriptionKey(channel: channel, id: subscriptions[channel]?.id ?? 0)
        resume(key, at: now)
        return key
    }

    mutating func resume(_ key: SubscriptionKey, at now: Duration) {
        guard has(key), subscriptions[key.channel]?.state == .unsubscribed else { return }
        enter(key.channel, .subscribing, .subscribing(.subscribeCalled))
        startSubscription(key.channel, at: now)
    }

    mutating func unsubscribe(_ key: SubscriptionKey, at now: Duration) {
        if has(key) { endSubscription(key.channel, .unsubscribeCalled, at: now) }
    }

    mutating func remove(_ key: SubscriptionKey, at now: Duration) {
        guard has(key) else { return }
        unsubscribe(key, at: now)
        subscriptions.removeValue(forKey: key.channel)
        perform(.wake(key))
    }

    func has(_ key: SubscriptionKey) -> Bool { subscriptions[key.channel]?.id == key.id }

    // MARK: Asking the server

    /// One attempt: with a token, if one is needed. Without a connection it waits for one.
    mutating func startSubscription(_ channel: String, at now: Duration) {
        cancelAttempt(channel)
        guard isLive, let entry = subscriptions[channel], entry.state == .subscribing else { return }
        guard entry.token.isEmpty, let getToken = entry.options.getToken else { return sendSubscribe(channel, at: now) }
        let request = requestToken(.open, at: now) { try await getToken(channel) }
        subscriptions[channel]?.tokenRequest = request
    }

    mutating func sendSubscribe(_ channel: String, at now: Duration) {
        guard let entry = subscriptions[channel] else { return }
        do throws(RealtimeError) {
            try call(.subscribe(entry.request(channel)), for: .subscribe(channel: channel, turn: entry.turn), at: now)
            subscriptions[channel]?.isAsked = true
        } catch {
            endSubscription(channel, Client.Reason(error), at: now)
        }
    }

    mutating func retrySubscription(_ channel: String, at now: Duration) {
        cancelAttempt(channel)
        guard var entry = subscriptions[channel] else { return }
        let delay = entry.backoff.delay(
            at: now, from: configuration.minReconnectDelay, to: configuration.maxReconnectDelay, random: random())
        subscriptions[channel]?.backoff = entry.backoff
        timers.set(.subscriptionRetry(channel), at: now + delay)
    }

    /// What was under way for it is late from now on.
    private mutating func cancelAttempt(_ channel: String) {
        let turn = newNumber()
        subscriptions[channel]?.turn = turn
        timers.cancel(.subscriptionRetry(channel))
        timers.cancel(.subscriptionExpiry(channel))
        cancelToken(of: channel)
    }

    // MARK: The server's answer

    mutating func subscribed(_ channel: String, _ result: Wire.SubscribeResult, at now: Duration) {
        guard var event = subscriptions[channel]?.accept(result, at: now), let turn = subscriptions[channel]?.turn else { return }
        if result.id != 0 { numbers[result.id] = channel }
        tokenExpires(of: channel, result.expires, ttl: result.ttl, at: now)
        if subscriptions[channel]?.hasLostPosition == true {
            event.wasRecovering = true
            event.recovered = false
            subscriptions[channel]?.hasLostPosition = false
        }
        enter(channel, .subscribed, .subscribed(event))
        offer(Client.PresenceChange.reset, in: channel)
        if event.wasRecovering, !event.recovered { missed(channel) }
        for publication in result.publications where subscriptions[channel]?.turn == turn {
            take(publication, in: channel, isRecovered: true, at: now)
        }
        sendWaiting(at: now)
    }

    mutating func subscribeRefused(_ channel: String, _ error: RealtimeError, at now: Duration) {
        subscriptions[channel]?.isAsked = false
        switch error.code {
        case Wire.ErrorReply.Code.tokenExpired.number:
            guard subscriptions[channel]?.options.getToken != nil else { return endSubscription(channel, .unauthorized, at: now) }
            subscriptions[channel]?.dropToken()
        case Wire.ErrorReply.Code.unrecoverablePosition.number:
            subscriptions[channel]?.hasLostPosition = true
            subscriptions[channel]?.stream.forget()
        default:
            guard error.isTemporary else { return endSubscription(channel, Client.Reason(error), at: now) }
        }
        emit(.error(error), in: channel)
        retrySubscription(channel, at: now)
    }

    /// The server ended it (protocol §1.6, §1.16).
    mutating func unsubscribed(_ channel: String, by push: Wire.Unsubscribe, at now: Duration) {
        let code = UnsubscribeCode(push.code, reason: push.reason)
        forgetNumber(of: channel)
        subscriptions[channel]?.isAsked = false
        if code.isTerminal { return endSubscription(channel, Client.Reason(code), at: now) }
        if code.number > UnsubscribeCode.insufficientState.number { subscriptions[channel]?.dropToken() }
        if code.number == UnsubscribeCode.stateInvalidated.number { subscriptions[channel]?.invalidate() }
        resubscribe(channel, Client.Reason(code), at: now)
    }

    /// Its state is not what the server's is: from the position that we have, and after a while, it is asked for anew.
    private mutating func resubscribe(_ channel: String, _ reason: Client.Reason, at now: Duration) {
        guard subscriptions[channel]?.state == .subscribed else { return }
        enter(channel, .subscribing, .subscribing(reason))
        retrySubscription(channel, at: now)
    }

    /// A delta does not fit: without deltas, then.
    mutating func deltaFailed(_ channel: String, _ error: RealtimeError, at now: Duration) {
        subscriptions[channel]?.usesDelta = false
        leave(channel, at: now)
        emit(.error(error), in: channel)
        resubscribe(channel, Client.Reason(.insufficientState), at: now)
    }

    /// Its reader has caught up: what it missed is asked for. If it is not subscribed now, that is done once it is.
    mutating func recoverMissed(_ channel: String, at now: Duration) {
        guard let entry = subscriptions[channel], entry.state == .subscribed, entry.stream.isRecoverable else { return }
        leave(channel, at: now)
        enter(channel, .subscribing, .subscribing(.slowReader))
        startSubscription(channel, at: now)
    }

    // MARK: The end

    /// The connection is gone: it is asked for again on the next one.
    mutating func subscriptionLost(_ channel: String, _ reason: Client.Reason) {
        cancelAttempt(channel)
        subscriptions[channel]?.isAsked = false
        subscriptions[channel]?.number = 0
        if subscriptions[channel]?.state == .subscribed { enter(channel, .subscribing, .subscribing(reason)) }
    }

    /// For good, until ``resume(_:at:)``.
    mutating func endSubscription(_ channel: String, _ reason: Client.Reason, at now: Duration) {
        guard let entry = subscriptions[channel], entry.state != .unsubscribed else { return }
        leave(channel, at: now)
        cancelAttempt(channel)
        enter(channel, .unsubscribed, .unsubscribed(reason))
        failRequests(of: SubscriptionKey(channel: channel, id: entry.id))
    }

    private mutating func leave(_ channel: String, at now: Duration) {
        forgetNumber(of: channel)
        guard subscriptions[channel]?.isAsked == true else { return }
        subscriptions[channel]?.isAsked = false
        guard isLive else { return }
        do throws(RealtimeError) {
            try call(.unsubscribe(Wire.UnsubscribeRequest(channel: channel)), for: .unsubscribe, at: now)
        } catch {
            drop(.unsubscribeError, error, at: now)
        }
    }

    private mutating func forgetNumber(of channel: String) {
        guard let number = subscriptions[channel]?.number, number != 0 else { return }
        numbers.removeValue(forKey: number)
        subscriptions[channel]?.number = 0
    }

    private mutating func enter(
        _ channel: String, _ state: Client.SubscriptionState, _ event: Client.SubscriptionEvent
    ) {
        subscriptions[channel]?.state = state
        emit(event, in: channel)
    }
}

extension SubscriptionEntry {
    fileprivate func request(_ channel: String) -> Wire.SubscribeRequest {
        var request = Wire.SubscribeRequest(channel: channel, token: token, data: options.data)
        request.positioned = options.isPositioned
        request.recoverable = options.isRecoverable
        request.joinLeave = options.joinLeave
        request.delta = usesDelta ? options.delta?.rawValue ?? "" : ""
        request.tagsFilter = options.tagsFilter
        request.flag = Wire.SubscribeRequest.Flag.channelCompaction.rawValue
        stream.askForMissed(&request)
        return request
    }

    fileprivate mutating func accept(_ result: Wire.SubscribeResult, at now: Duration) -> Client.Subscribed {
        backoff.succeeded(at: now)
        number = result.id
        return stream.subscribed(result, keepsPosition: mailbox.isBehind)
    }
}
