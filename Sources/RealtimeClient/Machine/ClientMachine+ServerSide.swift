import NIOCore
import RealtimeProtocol

extension ClientMachine {
    /// The answer to connect names all of them.
    mutating func serverSubscriptions(are subs: [String: Wire.SubscribeResult], at now: Duration) {
        let link = link
        for channel in serverSide.keys.sorted() where subs[channel] == nil {
            serverUnsubscribed(channel, Wire.Unsubscribe(.server))
        }
        for (channel, result) in subs.sorted(by: { $0.key < $1.key }) where link == self.link {
            serverSubscribed(channel, result, at: now)
        }
    }

    mutating func serverSubscribed(_ channel: String, _ result: Wire.SubscribeResult, at now: Duration) {
        guard serverSide[channel] != nil || serverSide.count < configuration.maxSubscriptions else { return violation(at: now) }
        let event = serverSide[channel, default: ChannelStream(channel)].subscribed(result, keepsPosition: mailbox.isBehind)
        if result.id != 0, numbers.count < 2 * configuration.maxSubscriptions { numbers[result.id] = channel }
        offer(.subscribed(event))
        if event.wasRecovering, !event.recovered { offer(.missed(channel: channel)) }
        let link = link
        for publication in result.publications where link == self.link {
            serverTake(publication, in: channel, isRecovered: true, at: now)
        }
    }

    mutating func serverPushed(_ body: Wire.Push.Body?, in channel: String, at now: Duration) {
        switch body {
        case .publication(let publication): serverTake(publication, in: channel, isRecovered: false, at: now)
        case .join(let join): offer(.join(channel: channel, Client.ClientInfo(join.info ?? Wire.ClientInfo())))
        case .leave(let leave): offer(.leave(channel: channel, Client.ClientInfo(leave.info ?? Wire.ClientInfo())))
        case .unsubscribe(let unsubscribe): serverUnsubscribed(channel, unsubscribe)
        default: break
        }
    }

    private mutating func serverUnsubscribed(_ channel: String, _ push: Wire.Unsubscribe) {
        serverSide.removeValue(forKey: channel)
        offer(.unsubscribed(channel: channel, Client.Reason(code: push.code, reason: push.reason)))
    }

    private mutating func serverTake(_ wire: Wire.Publication, in channel: String, isRecovered: Bool, at now: Duration) {
        do throws(RealtimeError) {
            guard var stream = serverSide[channel] else { return }
            let data = try stream.data(of: wire, format: configuration.format, limit: configuration.maxMessageSize)
            defer { serverSide[channel] = stream }
            guard isRecovered || !stream.hasSeen(wire), mailbox.hasRoom() else { return }
            append(.publication(stream.advance(over: wire, data: data)))
        } catch {
            // Another connection, and another base.
            drop(Client.Reason(.insufficientState), error, at: now)
        }
    }

    // MARK: Events of the client

    /// Puts it into the mailbox if there is room. What is left out is made up for by ``caughtUp(at:)``.
    mutating func offer(_ event: Client.Event) {
        if mailbox.hasRoom() { append(event) } else { mailbox.owesMissed = true }
    }

    /// Ends are told whatever waits before them; two one after the other are one.
    mutating func emit(_ event: Client.Event) {
        guard case .disconnected = event else {
            if mailbox.hasRoom() { append(event) }
            return
        }
        if case .disconnected = mailbox.last { mailbox.dropLast() }
        append(event)
    }

    private mutating func append(_ event: Client.Event) {
        mailbox.append(event, cost: event.cost)
        perform(.wakeClient)
    }

    mutating func takeEvent(at now: Duration) -> Taken<Client.Event> {
        guard let event = mailbox.popFirst() else { return ending.map { .ended($0) } ?? .nothing }
        if mailbox.isBehind, mailbox.isDrained { caughtUp(at: now) }
        return .event(event)
    }

    /// A slow reader has room again. Server-side subscriptions are recovered by connecting anew, and only so.
    private mutating func caughtUp(at now: Duration) {
        mailbox.caughtUp()
        if mailbox.owesMissed {
            mailbox.owesMissed = false
            append(.missed(channel: nil))
        }
        if phase == .connected, serverSide.values.contains(where: \.isRecoverable) { drop(.slowReader, after: .zero, at: now) }
    }
}
