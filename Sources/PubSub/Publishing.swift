/// How long a channel's publications are kept.
public struct Retention: Hashable, Sendable {
    /// How many publications are kept; 0 keeps none.
    public var size: Int
    /// How long each is kept; zero keeps none.
    public var timeToLive: Duration
    /// How long the stream's position outlives the last use of the stream. When it is forgotten, the stream begins anew, with another
    /// epoch; clients that come back later have to load everything again. Not shorter than `timeToLive`, whatever is set.
    public var metadataTimeToLive: Duration

    /// - Parameters:
    ///   - size: how many publications are kept.
    ///   - timeToLive: how long each is kept.
    ///   - metadataTimeToLive: how long the position is kept after the last use. Default 30 days.
    public init(size: Int, timeToLive: Duration, metadataTimeToLive: Duration = .seconds(30 * 24 * 3600)) {
        self.size = size
        self.timeToLive = timeToLive
        self.metadataTimeToLive = metadataTimeToLive
    }

    /// Whether anything is kept at all: both a size and a time are needed.
    public var keepsHistory: Bool { size > 0 && timeToLive > .zero }
}

/// What comes with the data of a publication.
public struct PublishOptions: Hashable, Sendable {
    /// What the channel keeps; nil if this publication is to be in no stream.
    public var retention: Retention?
    /// A name for this publication, so that it can be sent again when nobody knows whether it arrived: the second is suppressed.
    public var idempotencyKey: String?
    /// For how long the key is remembered.
    public var idempotencyWindow: Duration
    /// The version of what the channel is about. What is not newer than the newest of its channel is suppressed. 0: none.
    public var version: UInt64
    /// The incarnation of the versions: with another name than that of the newest, any version is newer. Empty: the versions are those of
    /// the newest, whatever it said.
    public var versionEpoch: String
    /// Subscribers may be sent the difference to the publication before this one.
    public var usesDelta: Bool
    /// A client that is not told, though it is subscribed: most often the one that published.
    public var excludedClient: String?
    /// The client that published.
    public var info: ClientInfo?
    /// What filters may ask for.
    public var tags: [String: String]
    /// When it was published, in milliseconds since 1970. The broker has no such clock; 0 if nobody said.
    public var time: Int64

    public init(
        retention: Retention? = nil, idempotencyKey: String? = nil, idempotencyWindow: Duration = .seconds(300), version: UInt64 = 0,
        versionEpoch: String = "", usesDelta: Bool = false, excludedClient: String? = nil, info: ClientInfo? = nil,
        tags: [String: String] = [:], time: Int64 = 0
    ) {
        self.retention = retention
        self.idempotencyKey = idempotencyKey
        self.idempotencyWindow = idempotencyWindow
        self.version = version
        self.versionEpoch = versionEpoch
        self.usesDelta = usesDelta
        self.excludedClient = excludedClient
        self.info = info
        self.tags = tags
        self.time = time
    }
}

/// What became of a publication.
public struct PublishResult: Hashable, Sendable {
    /// Why a publication was not passed on. It is no error: the publisher wanted it so.
    public enum Suppression: Hashable, Sendable {
        /// The same idempotency key was seen before. The position is that of the first.
        case duplicate
        /// The channel has that version, or a newer one. The position is that of the stream.
        case oldVersion
    }

    /// Where the publication is in the stream; offset 0 and an empty epoch if it is in none.
    public var position: StreamPosition
    /// Why nobody was told, if so.
    public var suppression: Suppression?

    public init(position: StreamPosition = StreamPosition(), suppression: Suppression? = nil) {
        self.position = position
        self.suppression = suppression
    }
}
