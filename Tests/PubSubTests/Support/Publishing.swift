import PubSub

extension Broker {
    /// For brokers that complete before they return.
    @discardableResult
    func publishNow(_ text: String, to channel: String, _ options: PublishOptions) -> PublishResult {
        let answer = Box<PublishResult>()
        publish(Array(text.utf8), to: channel, options) { answer.value = try? $0.get() }
        return answer.value ?? PublishResult(position: StreamPosition(offset: .max, epoch: "failed"))
    }

    /// Why a publication failed; nil: it did not.
    func refusal(of text: String, to channel: String, _ options: PublishOptions) -> BrokerError? {
        let answer = Box<BrokerError>()
        publish(Array(text.utf8), to: channel, options) { if case .failure(let error) = $0 { answer.value = error } }
        return answer.value
    }

    func historyNow(of channel: String, _ query: HistoryQuery = HistoryQuery(), _ retention: Retention?) -> Result<History, BrokerError> {
        let answer = Box<Result<History, BrokerError>>()
        history(of: channel, query, retention: retention) { answer.value = $0 }
        return answer.value ?? .failure(.unavailable("not completed"))
    }

    func positionNow(of channel: String, _ retention: Retention?) -> StreamPosition? {
        try? historyNow(of: channel, HistoryQuery(), retention).get().position
    }
}

/// `@unchecked Sendable`: only for closures that are called before the function returns that was given them.
private final class Box<Value>: @unchecked Sendable {
    var value: Value?
}

extension Retention {
    /// A hundred, for a minute.
    static let minute = Retention(size: 100, timeToLive: .seconds(60), metadataTimeToLive: .seconds(3600))
}

extension PublishOptions {
    static let kept = PublishOptions(retention: .minute)
}

extension MemoryBroker {
    /// One shard, so that what is used last is exactly known, and a clock that stands.
    convenience init(bytes: Int, keyBytes: Int = 1 << 20, shards: Int = 1, now: @escaping @Sendable () -> Duration = { .zero }) {
        var configuration = Configuration()
        configuration.maximumStreamBytes = bytes
        configuration.maximumIdempotencyBytes = keyBytes
        configuration.shardCount = shards
        self.init(configuration, now: now)
    }
}
