import RealtimeProtocol

extension ClientMachine {
    /// Somebody reads who comes and leaves: from now on that is kept for them.
    mutating func watchPresence(of key: SubscriptionKey) {
        guard has(key), subscriptions[key.channel]?.presence == nil else { return }
        subscriptions[key.channel]?.presence = Mailbox(
            maxCount: configuration.maxBufferedEvents, maxCost: configuration.maxBufferedBytes)
        if subscriptions[key.channel]?.state == .subscribed { offer(Client.PresenceChange.reset, in: key.channel) }
    }

    /// Puts it into the mailbox, if somebody reads it and there is room.
    mutating func offer(_ change: Client.PresenceChange, in channel: String) {
        guard let id = subscriptions[channel]?.id, subscriptions[channel]?.presence?.hasRoom() == true else { return }
        subscriptions[channel]?.presence?.append(change, cost: change.cost)
        perform(.wake(SubscriptionKey(channel: channel, id: id)))
    }

    /// Who was too slow is told to ask anew; the answer has what was left out.
    mutating func takePresence(of key: SubscriptionKey) -> Taken<Client.PresenceChange> {
        guard has(key) else { return .ended(nil) }
        guard let change = subscriptions[key.channel]?.presence?.popFirst() else {
            if subscriptions[key.channel]?.state == .unsubscribed { return .ended(nil) }
            return ending.map { .ended($0) } ?? .nothing
        }
        if let mailbox = subscriptions[key.channel]?.presence, mailbox.isBehind, mailbox.isDrained {
            subscriptions[key.channel]?.presence?.caughtUp()
            offer(Client.PresenceChange.reset, in: key.channel)
        }
        return .event(change)
    }
}
