import PubSub

private final class Listener: BrokerReceiver {
    func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?) { use(publication) }
    func joined(_ info: ClientInfo, on channel: String) {}
    func left(_ info: ClientInfo, on channel: String) {}
}

private let data = [UInt8](repeating: 0x41, count: 128)
private let retention = Retention(size: 100, timeToLive: .seconds(300))

/// A broker with streams that are full.
private func broker(_ channels: [String], _ retention: Retention?) -> MemoryBroker {
    let broker = MemoryBroker()
    broker.start(Listener())
    let options = PublishOptions(retention: retention)
    for _ in 0..<(retention?.size ?? 1) { for channel in channels { broker.publish(data, to: channel, options) { _ in } } }
    return broker
}

private func publish(_ name: String, channels: Int, _ options: PublishOptions) -> Operation {
    Operation("publish: \(name)") {
        let names = (0..<channels).map { "namespace:channel-\($0)" }
        let broker = broker(names, options.retention)
        return { count in
            for number in 0..<count { broker.publish(data, to: names[number % names.count], options) { use($0) } }
        }
    }
}

private func history(_ name: String, _ query: HistoryQuery, size: Int) -> Operation {
    Operation("history: \(name)") {
        let retention = Retention(size: size, timeToLive: .seconds(300))
        let broker = broker(["news"], retention)
        return { count in for _ in 0..<count { broker.history(of: "news", query, retention: retention) { use($0) } } }
    }
}

let publishing: [Operation] = [
    publish("128 B without history", channels: 1, PublishOptions()),
    publish("128 B to a history of 100", channels: 1, PublishOptions(retention: retention)),
    publish("128 B to a history of 100, 1,000 channels in turn", channels: 1000, PublishOptions(retention: retention)),
    publish("128 B to a history of 100, with the base of a delta", channels: 1, PublishOptions(retention: retention, usesDelta: true)),
    publish("128 B that came before", channels: 1, PublishOptions(retention: retention, idempotencyKey: "key")),
    history("the position", HistoryQuery(), size: 100),
    history("300 publications", HistoryQuery(limit: .count(300)), size: 300),
]
