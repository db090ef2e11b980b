import Logging
import NIOCore
import PubSub
import RealtimeProtocol

/// Subscriptions that the client did not ask for.
extension Session {
    /// - Parameters:
    ///   - asked: what the client has of it, if it had it before.
    ///   - then: the caller tells the client, and then lets the subscription ``goLive(_:)``.
    func beginServerSide(
        _ channel: String, _ grant: SubscribeGrant, _ asked: Wire.SubscribeRequest,
        then: @escaping @Sendable (Result<Wire.SubscribeResult, HubRefusal>) -> Void
    ) {
        guard let settings = grant.options ?? loop.namespaces.options(of: channel) else {
            core.logger.warning("a server-side subscription to what can't be a channel", metadata: ["channel": "\(channel)"])
            return then(.failure(.error(.unknownChannel)))
        }
        var request = asked
        request.channel = channel
        request.joinLeave = true
        var options = settings.overridden(by: grant.override)
        if grant.recoversCache { options.autoCacheRecover = true }
        begin(request, options, grant, filter: nil, isServerSide: true, then: then)
    }

    /// Subscribes a connected client, which is told by a push.
    ///
    /// - Parameter position: what the client has of the channel already; nil: nothing.
    func subscribeServerSide(_ channel: String, _ grant: SubscribeGrant, since position: StreamPosition?) {
        perform { [self] in
            guard state == .connected, subscriptions[channel] == nil else { return }
            guard subscriptions.count < configuration.maxChannelsPerClient else { return disconnect(.channelLimit) }
            var asked = Wire.SubscribeRequest()
            if let position {
                asked.recover = true
                asked.offset = position.offset
                asked.epoch = position.epoch
            }
            beginServerSide(channel, grant, asked) { result in
                switch result {
                case .success(let result): self.announce(channel, result)
                // Nobody waits for an answer: the log was told.
                case .failure(.error): break
                case .failure(.disconnect(let code)): self.disconnect(code)
                }
            }
        }
    }

    private func announce(_ channel: String, _ result: Wire.SubscribeResult) {
        push(
            channel,
            .subscribe(
                Wire.Subscribe(
                    recoverable: result.recoverable, epoch: result.epoch, offset: result.offset, positioned: result.positioned,
                    data: result.data)))
        // The push has no place for them.
        for publication in result.publications { push(channel, .publication(publication)) }
        subscriptions[channel].map(goLive)
    }
}
