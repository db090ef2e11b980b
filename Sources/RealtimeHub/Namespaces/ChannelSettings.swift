public import PubSub

/// What a channel can do. Everything is off, and nobody may do anything, unless it is said here.
public struct ChannelSettings: Hashable, Sendable {
    // MARK: Who is there

    /// Whether is kept who is subscribed.
    public var presence = false
    /// Whether subscribers can be told who comes and goes.
    public var joinLeave = false
    /// Whether they are told so even if they did not ask.
    public var forcePushJoinLeave = false

    // MARK: History

    /// How many publications are kept. History needs both a size and a time.
    public var historySize = 0
    /// How long each is kept.
    public var historyTTL: Duration = .zero
    /// How long the position of the stream is kept after its last use: who comes back later has to load everything anew.
    public var historyMetaTTL: Duration = .seconds(720 * 3_600)

    // MARK: Recovery

    /// Whether a subscriber that asks is told when it missed something.
    public var allowPositioning = false
    /// Whether all are.
    public var forcePositioning = false
    /// Whether a subscriber that asks gets what it missed.
    public var allowRecovery = false
    /// Whether all do.
    public var forceRecovery = false
    /// What who comes back gets.
    public var recoveryMode = RecoveryMode.stream
    /// Whether the latest publication is sent on subscribing even to those who did not ask; with ``RecoveryMode/cache``.
    public var autoCacheRecover = false

    // MARK: Publications

    /// Whether subscribers who ask get the difference between publications.
    public var allowsDelta = false
    /// Every publication is sent as a difference to those who asked for that, even if its publisher did not.
    public var deltaPublish = false
    /// Whether a subscriber may have publications sorted out by their tags.
    public var allowTagsFilter = false
    /// What the data of a publication must be.
    public var dataFormat = PublicationDataFormat.unchecked
    /// What becomes of a subscriber who reads too slowly.
    public var slowReaders = SlowReaders.disconnect
    /// Whether clients who understand that get a number in place of the channel's name.
    public var allowsCompaction = true

    // MARK: Who may do what without a token

    public var allowSubscribe: Openness = []
    public var allowPublish: Openness = []
    public var allowPresence: Openness = []
    public var allowHistory: Openness = []
    /// Whether channels whose names end with users, as in `dialog#7,8`, are open to these.
    public var allowUserLimitedChannels = false
    /// Whether a client that may subscribe to `news:*` gets what is published in every channel of the namespace that matches. Private
    /// channels and those for users are never among them. No name of a channel can have a star then. See ``ChannelPattern``.
    ///
    /// Whoever may subscribe to one channel here can then listen to all, also to those whose names are hard to guess.
    public var allowWildcards = false

    /// Which of the application's handlers, if there are any, are asked about the channel. Each question costs a task; a channel without is as
    /// fast as on a hub without handlers, and its options and the tokens decide alone.
    public var asks = AskedHandlers.all
    /// Whether the application's handlers are asked at all: ``asks`` with all or none.
    public var asksHandlers: Bool {
        get { asks != .none }
        set { asks = newValue ? .all : .none }
    }
    /// Whether the application is told who comes and goes in the channel (``HubHandlers/lifecycle``).
    public var tellsLifecycle = true

    // MARK: Names

    /// What the name must match, without its namespace.
    public var nameRegex: ChannelRegex?

    public init() {}

    /// Whether the channel keeps publications.
    public var hasHistory: Bool { historySize > 0 && historyTTL > .zero }

    /// What the broker keeps of the channel; nil: nothing.
    public var retention: Retention? {
        hasHistory ? Retention(size: historySize, timeToLive: historyTTL, metadataTimeToLive: historyMetaTTL) : nil
    }
}

/// Which handlers are asked about a channel, and what they are told to call who is to answer: an application with several backends knows by that
/// which one it is.
public struct AskedHandlers: Hashable, Sendable {
    /// About subscribing; nil: not asked.
    public var subscribe: String?
    /// About publishing; nil: not asked.
    public var publish: String?
    /// About subscriptions whose time is over; nil: the client has to refresh them.
    public var refresh: String?

    public init(subscribe: String? = nil, publish: String? = nil, refresh: String? = nil) {
        self.subscribe = subscribe
        self.publish = publish
        self.refresh = refresh
    }

    /// All, by the empty name.
    public static var all: AskedHandlers { AskedHandlers(subscribe: "", publish: "", refresh: "") }
    public static var none: AskedHandlers { AskedHandlers() }
}

/// What becomes of a subscriber who reads too slowly.
public enum SlowReaders: Hashable, Sendable {
    /// The client is disconnected with 3008, connects again and recovers. Always the case where a subscription is positioned, for nothing
    /// may be lost there without being told; but not with ``RecoveryMode/cache``, where the latest publication says everything.
    case disconnect
    /// The oldest publications are dropped; so many of the newest are kept.
    case dropOldest(keeping: Int)
    /// The newest publication alone is kept.
    case keepLatest
}

/// How much is recovered when a client comes back.
public enum RecoveryMode: Hashable, Sendable {
    /// All that was missed.
    case stream
    /// The latest publication alone.
    case cache
}

/// What the data of a channel's publications must be. Whatever it is, a client that speaks JSON must be able to get it.
public enum PublicationDataFormat: Hashable, Sendable {
    /// JSON from clients that speak JSON, anything from others.
    case unchecked
    /// JSON from everyone.
    case json
    /// A JSON object from everyone.
    case jsonObject
    /// Anything: only for channels whose subscribers all use Protobuf.
    case binary
}

/// Who may do something in a channel without a token.
public struct Openness: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Every client with a user.
    public static let clients = Openness(rawValue: 1)
    /// Clients without one.
    public static let anonymous = Openness(rawValue: 2)
    /// Those who are subscribed to the channel.
    public static let subscribers = Openness(rawValue: 4)
}

extension ChannelSettings {
    /// What in these options can have no effect, or contradicts itself; for whoever reads them from a file. Empty: nothing.
    public var contradictions: [String] {
        var found: [String] = []
        func object(_ isWrong: Bool, _ text: String) {
            if isWrong { found.append(text) }
        }
        object(historySize < 0 || historyTTL < .zero || historyMetaTTL < .zero, "history: a size or a time is less than zero")
        object((historySize > 0) != (historyTTL > .zero), "history: it needs both a size and a time")
        object(hasHistory && historyMetaTTL < historyTTL, "history: the position is forgotten before the publications")
        object(forcePushJoinLeave && !joinLeave, "force push of joins and leaves: they are off")
        let isPositioned = allowPositioning || forcePositioning || allowRecovery || forceRecovery
        object(isPositioned && !hasHistory, "positioning and recovery: there is no history")
        object(autoCacheRecover && recoveryMode != .cache, "automatic recovery of the latest: the mode of recovery is another")
        object(allowHistory != [] && !hasHistory, "history for clients: there is none")
        object(allowPresence != [] && !presence, "presence for clients: there is none")
        object(deltaPublish && !allowsDelta, "deltas of all publications: deltas are off")
        object(allowsDelta && !hasHistory, "deltas: they need a history, which has the publication before")
        object(allowSubscribe.contains(.subscribers), "subscribing for subscribers: nobody is one before")
        if case .dropOldest(let count) = slowReaders { object(count < 1, "slow readers: at least one publication must be kept") }
        return found
    }
}
