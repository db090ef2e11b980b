import NIOCore
import RealtimeProtocol

/// Something that the application waits for.
struct Request: Sendable {
    /// What is asked; nil: only that it could be.
    var body: Wire.Command.Body?
    /// The subscription that must be there first; nil: a connection is enough.
    var subscription: SubscriptionKey?
    /// Once it was written.
    var call: UInt32?
    var cost: Int
}

extension ClientMachine {
    /// The application asks. ``Effect/complete(ticket:_:)`` tells what became of it, at once or later.
    mutating func request(
        _ ticket: UInt64, _ body: Wire.Command.Body?, needs subscription: SubscriptionKey? = nil, timeout: Duration? = nil, at now: Duration
    ) {
        let request = Request(body: body, subscription: subscription, cost: 64 &+ (body?.payloadBytes ?? 0))
        if let error = refusal(of: request) { return perform(.complete(ticket: ticket, .failure(error))) }
        requests[ticket] = request
        pendingBytes += request.cost
        timers.set(.request(ticket), at: now + (timeout ?? configuration.timeout))
        if isReady(request) { send(ticket, at: now) }
    }

    private func refusal(of request: Request) -> RealtimeError? {
        guard phase != .idle else { return .disconnected }
        if let key = request.subscription {
            guard let entry = subscriptions[key.channel], entry.id == key.id, entry.state != .unsubscribed else { return .unsubscribed }
        }
        guard requests.count < configuration.maxPendingRequests else { return .overLimit("requests that wait") }
        guard pendingBytes + outbox.bytes + request.cost <= configuration.maxPendingBytes else { return .overLimit("bytes that wait") }
        return nil
    }

    private func isReady(_ request: Request) -> Bool {
        guard let key = request.subscription else { return phase == .connected }
        return phase == .connected && has(key) && subscriptions[key.channel]?.state == .subscribed
    }

    /// Nobody waits for it any more.
    mutating func cancel(_ ticket: UInt64) {
        finish(ticket, .failure(.cancelled))
    }

    /// Those whose connection or subscription is there now, in the order in which they were asked.
    mutating func sendWaiting(at now: Duration) {
        let ready = requests.filter { $0.value.call == nil && isReady($0.value) }.keys.sorted()
        for ticket in ready { send(ticket, at: now) }
    }

    private mutating func send(_ ticket: UInt64, at now: Duration) {
        do throws(RealtimeError) {
            switch requests[ticket]?.body {
            case nil: finish(ticket, .success(nil))
            case .send(let message):
                try write(Wire.Command(body: .send(message)))
                finish(ticket, .success(nil))
            case .some(let body):
                // The request's own time is what counts.
                let id = try call(body, for: .request(ticket: ticket), at: now)
                timers.cancel(.call(id))
                requests[ticket]?.call = id
            }
        } catch {
            finish(ticket, .failure(error))
        }
    }

    mutating func finish(_ ticket: UInt64, _ result: Result<Wire.Reply.Body?, RealtimeError>) {
        guard let request = requests.removeValue(forKey: ticket) else { return }
        pendingBytes -= request.cost
        if let call = request.call { calls.removeValue(forKey: call) }
        timers.cancel(.request(ticket))
        perform(.complete(ticket: ticket, result))
    }

    /// A subscription is over: nothing can be asked of it.
    mutating func failRequests(of key: SubscriptionKey) {
        let waiting = requests.filter { $0.value.subscription == key && $0.value.call == nil }.keys.sorted()
        for ticket in waiting { finish(ticket, .failure(.unsubscribed)) }
    }
}

extension Wire.Command.Body {
    fileprivate var payloadBytes: Int {
        switch self {
        case .publish(let request): request.data.readableBytes &+ request.channel.utf8.count
        case .rpc(let request): request.data.readableBytes &+ request.method.utf8.count
        case .send(let request): request.data.readableBytes
        default: 0
        }
    }
}
