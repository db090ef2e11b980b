import NIOCore
import RealtimeProtocol

extension ClientMachine {
    // MARK: What comes in a channel

    mutating func received(_ body: Wire.Push.Body?, in channel: String, at now: Duration) {
        switch body {
        case .publication(let publication): take(publication, in: channel, isRecovered: false, at: now)
        case .join(let join):
            let info = Client.ClientInfo(join.info ?? Wire.ClientInfo())
            offer(Client.SubscriptionEvent.join(info), in: channel)
            offer(Client.PresenceChange.join(info), in: channel)
        case .leave(let leave):
            let info = Client.ClientInfo(leave.info ?? Wire.ClientInfo())
            offer(Client.SubscriptionEvent.leave(info), in: channel)
            offer(Client.PresenceChange.leave(info), in: channel)
        case .unsubscribe(let unsubscribe): unsubscribed(channel, by: unsubscribe, at: now)
        default: break
        }
    }

    /// A publication, live or recovered. If its reader is behind, our position stays where it is: from there it is recovered.
    mutating func take(_ wire: Wire.Publication, in channel: String, isRecovered: Bool, at now: Duration) {
        let decoded: Result<ByteBuffer?, RealtimeError>
        do throws(RealtimeError) {
            decoded = .success(
                try subscriptions[channel]?.stream.data(of: wire, format: configuration.format, limit: configuration.maxMessageSize))
        } catch {
            decoded = .failure(error)
        }
        switch decoded {
        case .failure(let error): deltaFailed(channel, error, at: now)
        case .success(let data):
            guard let data, isRecovered || subscriptions[channel]?.stream.hasSeen(wire) == false else { return }
            guard subscriptions[channel]?.mailbox.hasRoom() == true else { return }
            guard let publication = subscriptions[channel]?.stream.advance(over: wire, data: data) else { return }
            append(.publication(publication), in: channel)
        }
    }

    /// Publications are lost, and somebody must be told.
    mutating func missed(_ channel: String) {
        if subscriptions[channel]?.mailbox.hasRoom() == true {
            append(.missed, in: channel)
        } else {
            subscriptions[channel]?.mailbox.owesMissed = true
        }
    }

    // MARK: Events of a subscription

    /// Puts it into the mailbox if there is room. What is left out is made up for by ``caughtUp(_:at:)``.
    private mutating func offer(_ event: Client.SubscriptionEvent, in channel: String) {
        if subscriptions[channel]?.mailbox.hasRoom() == true { append(event, in: channel) }
    }

    /// The end is told whatever waits before it; two ends one after the other are one.
    mutating func emit(_ event: Client.SubscriptionEvent, in channel: String) {
        guard case .unsubscribed = event else { return offer(event, in: channel) }
        if let stream = subscriptions[channel]?.stream, subscriptions[channel]?.mailbox.isBehind == true {
            // Where there is a position, what is missing is recovered once it is subscribed to again.
            if !stream.isRecoverable { subscriptions[channel]?.mailbox.owesMissed = true }
            subscriptions[channel]?.mailbox.caughtUp()
        }
        if case .unsubscribed = subscriptions[channel]?.mailbox.last { subscriptions[channel]?.mailbox.dropLast() }
        payMissed(channel)
        append(event, in: channel)
    }

    private mutating func append(_ event: Client.SubscriptionEvent, in channel: String) {
        guard let id = subscriptions[channel]?.id else { return }
        subscriptions[channel]?.mailbox.append(event, cost: event.cost)
        perform(.wake(SubscriptionKey(channel: channel, id: id)))
    }

    private mutating func payMissed(_ channel: String) {
        guard subscriptions[channel]?.mailbox.owesMissed == true else { return }
        subscriptions[channel]?.mailbox.owesMissed = false
        // To be told so twice in a row is no more.
        if subscriptions[channel]?.mailbox.last != .missed { append(.missed, in: channel) }
    }

    // MARK: Readers

    /// What a reader gets.
    enum Taken<Event: Sendable>: Sendable {
        case event(Event)
        /// Nothing yet.
        case nothing
        /// There will be nothing more: unsubscribed, removed, or the client is disconnected, for this reason.
        case ended(Client.Reason?)
    }

    mutating func takeEvent(of key: SubscriptionKey, at now: Duration) -> Taken<Client.SubscriptionEvent> {
        guard has(key) else { return .ended(nil) }
        guard let event = subscriptions[key.channel]?.mailbox.popFirst() else {
            if subscriptions[key.channel]?.state == .unsubscribed { return .ended(nil) }
            return ending.map { .ended($0) } ?? .nothing
        }
        noteRead(event, in: key.channel)
        if let mailbox = subscriptions[key.channel]?.mailbox, mailbox.isBehind, mailbox.isDrained { caughtUp(key.channel, at: now) }
        return .event(event)
    }

    private mutating func noteRead(_ event: Client.SubscriptionEvent, in channel: String) {
        switch event {
        case .publication(let publication): subscriptions[channel]?.readPosition = publication.position
        case .subscribed(let subscribed): subscriptions[channel]?.readPosition = subscribed.position
        default: break
        }
    }

    /// A slow reader has room again: what it missed meanwhile is recovered, or it is told that it can't be.
    private mutating func caughtUp(_ channel: String, at now: Duration) {
        subscriptions[channel]?.mailbox.caughtUp()
        if subscriptions[channel]?.stream.isRecoverable == false { subscriptions[channel]?.mailbox.owesMissed = true }
        payMissed(channel)
        recoverMissed(channel, at: now)
    }
}
