import PubSub
import PubSubTesting
import Testing

/// Random operations, compared with a broker that is too simple to be wrong.
@Suite("The broker in memory does what a naive one does")
struct ModelTests {
    /// Without memory limits, without locks, and with everything done by looking through lists.
    private struct NaiveBroker {
        struct Channel {
            var incarnation: Int
            var kept: [(offset: UInt64, text: String, time: Duration)] = []
            var top: UInt64 = 0
            var version: UInt64 = 0
            var versionEpoch = ""
            var timeToLive = Duration.zero
            var forgottenAt: Duration
        }
        var channels: [String: Channel] = [:]
        var keys: [(channel: String, key: String, position: (UInt64, Int), expires: Duration)] = []
        var incarnations = 0
        var now = Duration.zero

        mutating func channel(_ name: String, _ retention: Retention?) -> Channel? {
            if let known = channels[name], known.forgottenAt <= now { channels[name] = nil }
            if channels[name] == nil, retention != nil {
                incarnations += 1
                channels[name] = Channel(incarnation: incarnations, forgottenAt: now)
            }
            guard var channel = channels[name] else { return nil }
            channel.kept.removeAll { $0.time + channel.timeToLive <= now }
            if let retention {
                channel.forgottenAt = max(channel.forgottenAt, now + max(retention.metadataTimeToLive, retention.timeToLive))
            }
            channels[name] = channel
            return channel
        }

        /// The offset and the incarnation.
        mutating func publish(_ text: String, to name: String, _ options: PublishOptions) -> (UInt64, Int, PublishResult.Suppression?) {
            if let key = options.idempotencyKey,
                let known = keys.last(where: { $0.channel == name && $0.key == key && $0.expires > now })
            {
                return (known.position.0, known.position.1, .duplicate)
            }
            var result: (UInt64, Int) = (0, 0)
            let lifetime = options.retention ?? (options.version > 0 ? Retention(size: 1, timeToLive: .seconds(1000)) : nil)
            if var channel = channel(name, lifetime) {
                if options.version > 0 {
                    let isComparable = options.versionEpoch.isEmpty || options.versionEpoch == channel.versionEpoch
                    if isComparable, options.version <= channel.version {
                        return options.retention == nil ? (0, 0, .oldVersion) : (channel.top, channel.incarnation, .oldVersion)
                    }
                    channel.version = options.version
                    if !options.versionEpoch.isEmpty { channel.versionEpoch = options.versionEpoch }
                }
                if let retention = options.retention {
                    channel.top += 1
                    channel.timeToLive = retention.timeToLive
                    channel.kept = (channel.kept + [(channel.top, text, now)]).suffix(retention.size)
                    result = (channel.top, channel.incarnation)
                }
                channels[name] = channel
            }
            if let key = options.idempotencyKey { keys.append((name, key, result, now + options.idempotencyWindow)) }
            return (result.0, result.1, nil)
        }

        mutating func history(_ name: String, _ query: HistoryQuery, _ retention: Retention?) -> (offsets: [UInt64], Channel?) {
            guard let channel = channel(name, retention) else { return ([], nil) }
            var offsets = channel.kept.map(\.offset)
            if let since = query.since { offsets = offsets.filter { query.isReversed ? $0 < since.offset : $0 > since.offset } }
            if query.isReversed { offsets.reverse() }
            switch query.limit {
            case .none: offsets = []
            case .count(let count): offsets = Array(offsets.prefix(max(0, count)))
            case .all: break
            }
            return (offsets, channel)
        }
    }

    @Test("Whatever is asked, in whatever order", arguments: 0..<40)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let clock = ManualClock()
        let broker = MemoryBroker(bytes: 1 << 30, shards: seed % 2 == 0 ? 1 : 8, now: clock.now)
        let receiver = RecordingReceiver()
        broker.start(receiver)
        defer { broker.stop() }
        var model = NaiveBroker()
        var epochs: [Int: String] = [0: ""]
        var told: [String: Int] = [:]
        func check(_ position: StreamPosition, _ offset: UInt64, _ incarnation: Int) {
            #expect(position.offset == offset)
            if let epoch = epochs[incarnation] {
                #expect(position.epoch == epoch)
            } else {
                #expect(!epochs.values.contains(position.epoch))
            }
            epochs[incarnation] = position.epoch
        }
        let retentions: [Retention?] = [
            nil, Retention(size: 1, timeToLive: .seconds(5), metadataTimeToLive: .seconds(8)),
            Retention(size: 3, timeToLive: .seconds(9), metadataTimeToLive: .seconds(4)),
            Retention(size: 10, timeToLive: .seconds(30), metadataTimeToLive: .seconds(60)),
        ]
        for step in 0..<400 {
            let channel = "channel-\(Int.random(in: 0..<4, using: &random))"
            let retention = retentions.randomElement(using: &random) ?? nil
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<6:
                var options = PublishOptions(retention: retention)
                if Int.random(in: 0..<4, using: &random) == 0 {
                    options.idempotencyKey = "\(Int.random(in: 0..<5, using: &random))"
                    options.idempotencyWindow = .seconds(Int.random(in: 0..<20, using: &random))
                }
                if Int.random(in: 0..<3, using: &random) == 0 {
                    options.version = .random(in: 1..<20, using: &random)
                    options.versionEpoch = ["", "a", "b"].randomElement(using: &random) ?? ""
                }
                // The lifetime of a version without history is the broker's own; only the longest is like the model's.
                if options.version > 0, retention == nil { options.version = 0 }
                let result = broker.publishNow("\(step)", to: channel, options)
                let wanted = model.publish("\(step)", to: channel, options)
                #expect(result.suppression == wanted.2)
                check(result.position, wanted.0, wanted.1)
                if wanted.2 == nil { told[channel, default: 0] += 1 }
                #expect(receiver.publications(on: channel).count == told[channel] ?? 0)
            case 6..<9:
                let limit: HistoryQuery.Limit = [.none, .all, .count(2), .count(0)].randomElement(using: &random) ?? .all
                let since = Bool.random(using: &random) ? StreamPosition(offset: .random(in: 0..<20, using: &random)) : nil
                let query = HistoryQuery(since: since, limit: limit, isReversed: .random(using: &random))
                let history = try broker.historyNow(of: channel, query, retention).get()
                let wanted = model.history(channel, query, retention)
                #expect(history.publications.map(\.offset) == wanted.offsets)
                check(history.position, wanted.1?.top ?? 0, wanted.1?.incarnation ?? 0)
            case 9:
                broker.removeHistory(of: channel) { _ in }
                model.channels[channel]?.kept = []
            case 10:
                broker.sweep()
            default:
                let duration = Duration.milliseconds(Int.random(in: 0..<6000, using: &random))
                clock.move(by: duration)
                model.now += duration
            }
        }
    }
}
