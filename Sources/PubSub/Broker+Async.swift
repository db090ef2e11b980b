// The same for tasks. Nothing here is cancelled: what a broker was asked to do, it does.

extension Broker {
    /// This node wants the channel's publications, joins and leaves.
    public func subscribe(_ channel: String) async throws(BrokerError) {
        try await withCheckedContinuation { continuation in subscribe(channel) { continuation.resume(returning: $0) } }.get()
    }

    /// Publishes, and returns when the broker has it.
    @discardableResult
    public func publish(
        _ data: [UInt8], to channel: String, _ options: PublishOptions = PublishOptions()
    ) async throws(BrokerError) -> PublishResult {
        try await withCheckedContinuation { continuation in publish(data, to: channel, options) { continuation.resume(returning: $0) } }
            .get()
    }

    /// What the channel's stream holds.
    public func history(
        of channel: String, _ query: HistoryQuery = HistoryQuery(), retention: Retention? = nil
    ) async throws(BrokerError) -> History {
        try await withCheckedContinuation { continuation in
            history(of: channel, query, retention: retention) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Forgets the channel's publications, but not its position.
    public func removeHistory(of channel: String) async throws(BrokerError) {
        try await withCheckedContinuation { continuation in removeHistory(of: channel) { continuation.resume(returning: $0) } }.get()
    }
}
