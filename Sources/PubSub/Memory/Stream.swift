/// One incarnation of a channel's stream.
struct Stream {
    let epoch: String
    private(set) var ring = PublicationRing()
    /// The application's version of the newest publication that had one.
    private(set) var version: UInt64 = 0
    private(set) var versionEpoch = ""
    private(set) var lastUsed: Tick
    private var timeToLive = Duration.zero
    private var forgottenAt: Tick

    init(epoch: String, lifetime: Duration, at now: Tick) {
        self.epoch = epoch
        self.lastUsed = now
        self.forgottenAt = now.advanced(by: lifetime)
    }

    /// What is in a free place.
    static let nothing = Stream(epoch: "", lifetime: .zero, at: .zero)

    var position: StreamPosition { StreamPosition(offset: ring.top, epoch: epoch) }

    /// Whether the time is over for which the position is kept.
    func isForgotten(at now: Tick) -> Bool { forgottenAt <= now }

    /// The stream lives on from now.
    mutating func use(for lifetime: Duration, at now: Tick) {
        lastUsed = now
        forgottenAt = max(forgottenAt, now.advanced(by: lifetime))
    }

    mutating func removeExpired(at now: Tick) {
        ring.removeExpired(timeToLive, at: now)
    }

    mutating func removePublications() {
        ring.removeAll()
    }

    mutating func removeOldest() {
        ring.removeFirst()
    }

    /// Whether the channel has this version or a newer one; if not, this is now the newest.
    mutating func hasSeen(_ version: UInt64, of versionEpoch: String) -> Bool {
        let isComparable = versionEpoch.isEmpty || versionEpoch == self.versionEpoch
        if isComparable, version <= self.version { return true }
        self.version = version
        if !versionEpoch.isEmpty { self.versionEpoch = versionEpoch }
        return false
    }

    mutating func append(_ publication: Publication, _ retention: Retention, at now: Tick) {
        timeToLive = retention.timeToLive
        ring.append(publication, at: now, limit: retention.size)
    }
}

extension Retention {
    /// How long a stream with this retention lives after it was used.
    var lifetime: Duration { max(timeToLive, metadataTimeToLive) }
}
