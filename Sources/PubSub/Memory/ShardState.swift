import Synchronization

/// What a shard keeps. Its rules are here; it has no lock.
struct ShardState {
    private var table = StreamTable()
    private var keys = IdempotencyTable()
    /// Where the next epoch comes from; not secret, since clients are told the epochs.
    private var seed = UInt64.random(in: 0 ... .max)
    /// What the streams cost, and how much of it was told.
    private var bytes = 0
    private var toldBytes = 0
    private var toldKeyBytes = 0
    private(set) var counters = MemoryBroker.Counters()

    /// What a stream without publications costs, with its place in the dictionary and some slack.
    private static let streamCost = 272

    private func cost(_ name: String) -> Int { Self.streamCost + name.utf8.count }

    // MARK: Publishing

    /// Decides on a publication, and gives it its place.
    mutating func accept(
        _ publication: inout Publication, _ base: inout Publication?, _ channel: String, _ options: PublishOptions, _ now: Tick,
        _ limits: BrokerLimits
    ) -> PublishResult {
        if let key = options.idempotencyKey, let position = keys.position(key, in: channel, at: now) {
            counters.duplicates &+= 1
            return PublishResult(position: position, suppression: .duplicate)
        }
        let result = place(&publication, &base, channel, options, now, limits)
        if result.suppression == .oldVersion {
            counters.oldVersions &+= 1
        } else if let key = options.idempotencyKey {
            remember(key, in: channel, result.position, until: now.advanced(by: options.idempotencyWindow), now, limits)
        }
        tell(limits)
        return result
    }

    private mutating func place(
        _ publication: inout Publication, _ base: inout Publication?, _ channel: String, _ options: PublishOptions, _ now: Tick,
        _ limits: BrokerLimits
    ) -> PublishResult {
        let retention = options.retention.flatMap { $0.keepsHistory ? $0 : nil }
        guard retention != nil || options.version > 0 else { return PublishResult() }
        let place = stream(of: channel, for: retention?.lifetime ?? limits.versionLifetime, now)
        return change(place) { stream in
            if options.version > 0, stream.hasSeen(options.version, of: options.versionEpoch) {
                return PublishResult(position: retention == nil ? StreamPosition() : stream.position, suppression: .oldVersion)
            }
            guard let retention else { return PublishResult() }
            if options.usesDelta { base = stream.ring.newest }
            publication.offset = stream.ring.top + 1
            publication.epoch = stream.epoch
            stream.append(publication, retention, at: now)
            return PublishResult(position: stream.position)
        }
    }

    /// The place of the channel's stream, which lives on from now; a new one if there is none, or it is to be forgotten.
    private mutating func stream(of channel: String, for lifetime: Duration, _ now: Tick) -> Int {
        if let place = table.place(of: channel) {
            if !table[place].isForgotten(at: now) {
                table.touch(place)
                change(place) { stream in
                    stream.removeExpired(at: now)
                    stream.use(for: lifetime, at: now)
                }
                return place
            }
            remove(place)
        }
        bytes += cost(channel)
        return table.insert(Stream(epoch: newEpoch(), lifetime: lifetime, at: now), named: channel)
    }

    /// Changes a stream, and counts what it cost and costs.
    @discardableResult
    private mutating func change<Result>(_ place: Int, _ body: (inout Stream) -> Result) -> Result {
        table.change(place) { stream in
            let (bytesBefore, countBefore) = (stream.ring.bytes, stream.ring.count)
            let result = body(&stream)
            bytes += stream.ring.bytes - bytesBefore
            counters.publications += stream.ring.count - countBefore
            return result
        }
    }

    private mutating func remember(
        _ key: String, in channel: String, _ position: StreamPosition, until expires: Tick, _ now: Tick, _ limits: BrokerLimits
    ) {
        keys.removeExpired(at: now)
        while limits.isOverIdempotencyBudget, !keys.isEmpty {
            keys.removeOldest()
            tellKeys(limits)
        }
        keys.remember(key, in: channel, position, until: expires)
    }

    /// Eight letters. Drawn by SplitMix64, since the system's generator is slow: a subscriber to a million channels makes as many streams.
    private mutating func newEpoch() -> String {
        seed &+= 0x9E37_79B9_7F4A_7C15
        var number = (seed ^ (seed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        number ^= number >> 31
        return String(unsafeUninitializedCapacity: 8) { text in
            for index in 0..<8 {
                let letter = UInt8(truncatingIfNeeded: number % 52)
                text[index] = letter < 26 ? 65 + letter : 71 + letter
                number /= 52
            }
            return 8
        }
    }

    // MARK: History

    mutating func history(
        of channel: String, _ query: HistoryQuery, _ retention: Retention?, _ now: Tick, _ limits: BrokerLimits
    ) -> Result<History, BrokerError> {
        defer { tell(limits) }
        let place: Int
        if let retention, retention.keepsHistory {
            place = stream(of: channel, for: retention.lifetime, now)
        } else {
            guard let known = table.place(of: channel), !table[known].isForgotten(at: now) else { return Self.read(nil, query) }
            place = known
            change(place) { $0.removeExpired(at: now) }
        }
        return Self.read(table[place], query)
    }

    private static func read(_ stream: Stream?, _ query: HistoryQuery) -> Result<History, BrokerError> {
        let position = stream?.position ?? StreamPosition()
        if let epoch = query.since?.epoch, !epoch.isEmpty, epoch != position.epoch { return .failure(.wrongEpoch(current: position)) }
        return .success(History(publications: stream?.ring.publications(query) ?? [], position: position))
    }

    mutating func removeHistory(of channel: String, _ limits: BrokerLimits) {
        guard let place = table.place(of: channel) else { return }
        change(place) { $0.removePublications() }
        tell(limits)
    }

    // MARK: Letting go

    private mutating func remove(_ place: Int) {
        change(place) { $0.removePublications() }
        bytes -= cost(table.name(at: place))
        table.remove(at: place)
    }

    /// When the stream was used that has not been used for longest; nil if there is none but the spared one.
    func oldestUse(sparing spared: String) -> Tick? {
        guard let place = table.oldestPlace, table.name(at: place) != spared else { return nil }
        return table[place].lastUsed
    }

    /// Forgets the stream that has not been used for longest.
    mutating func evictOldest(sparing spared: String, _ limits: BrokerLimits) {
        guard let place = table.oldestPlace, table.name(at: place) != spared else { return }
        remove(place)
        counters.evictions &+= 1
        tell(limits)
    }

    /// Lets go of the oldest publications of a stream that alone is more than the budget. Its newest stays.
    mutating func trim(_ channel: String, _ limits: BrokerLimits) {
        guard let place = table.place(of: channel) else { return }
        while limits.isOverStreamBudget, table[place].ring.count > 1 {
            change(place) { $0.removeOldest() }
            counters.trimmed &+= 1
            tell(limits)
        }
    }

    /// Lets go of what is over, at the next so many places; returns where to go on, nil at the end.
    mutating func sweep(from start: Int, count: Int, _ now: Tick, _ limits: BrokerLimits) -> Int? {
        let end = min(start + count, table.capacity)
        for place in start..<max(start, end) where !table.isFree(place) {
            if table[place].isForgotten(at: now) { remove(place) } else { change(place) { $0.removeExpired(at: now) } }
        }
        defer { tell(limits) }
        if end < table.capacity { return end }
        table.shrink()
        keys.removeExpired(at: now)
        return nil
    }

    // MARK: Counting

    var streamCount: Int { table.count }
    var streamBytes: Int { bytes }
    var idempotencyBytes: Int { keys.bytes }

    private mutating func tell(_ limits: BrokerLimits) {
        let change = bytes - toldBytes
        if change.magnitude > limits.grain {
            limits.streamBytes.add(change, ordering: .relaxed)
            toldBytes = bytes
        }
        tellKeys(limits)
    }

    private mutating func tellKeys(_ limits: BrokerLimits) {
        let change = keys.bytes - toldKeyBytes
        guard change.magnitude > limits.grain else { return }
        limits.idempotencyBytes.add(change, ordering: .relaxed)
        toldKeyBytes = keys.bytes
    }
}
