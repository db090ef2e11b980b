import NIOCore
public import RealtimeProtocol

/// What a client that only listens had before, for the subscriptions that the server makes.
public enum Resumption: Sendable {
    /// What the request says, and no more.
    case asAsked
    /// Nothing yet, but it will come back: what can be recovered is to have a position.
    case first
    /// What the request says; of other channels it is not known what it missed, and it is told so (`recovered` is false).
    case again

    /// An epoch that no stream has.
    private static let unknownEpoch = "-"

    func complete(_ request: Wire.ConnectRequest, _ channels: some Collection<String>) -> Wire.ConnectRequest {
        guard self != .asAsked else { return request }
        var request = request
        for channel in channels {
            let unknown = Wire.SubscribeRequest(recover: self == .again, epoch: self == .again ? Self.unknownEpoch : "")
            var asked = request.subs[channel] ?? unknown
            asked.recoverable = true
            request.subs[channel] = asked
        }
        return request
    }
}

extension Session {
    /// Takes the only request of a client over a transport where the server alone speaks.
    public func connect(_ request: Wire.ConnectRequest, _ resumption: Resumption = .asAsked) {
        guard isOpen else { return }
        guard transport.isUnidirectional, state == .new, !isBusy else { return disconnect(.badRequest) }
        if let limits, !permits(Wire.Command(id: 0, body: .connect(request)), limits) { return }
        self.resumption = resumption
        connect(request, id: 0)
        flushReplies()
    }
}
