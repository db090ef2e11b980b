/// Which events a backend is told of, where and how.
public struct EventConfiguration: Hashable, Sendable {
    /// An address that ``EndpointRules`` has no objection to.
    public var url: String
    /// What the batches are signed with; all of them sign, so that a backend may know either while they change.
    public var secrets: [String]
    /// Default: all.
    public var types = Set(EventType.allCases)
    /// How long an answer may take. Default 5 s.
    public var timeout: Duration = .seconds(5)
    /// Fields of every request. Default none.
    public var staticFields: [String: String] = [:]
    public var tls = HookTLS()
    /// So many events at most are in a request. Default 200; the bytes of its body are at most about 512 KiB.
    public var batchSize = 200
    /// How long events gather before they are sent. Default 100 ms.
    public var batchDelay: Duration = .milliseconds(100)
    /// How long a channel must have been without subscribers to be vacated. Default 5 s: who reconnects makes no events.
    public var vacatedDelay: Duration = .seconds(5)
    /// How long the first pause after a failure is, and how long the longest is. Default 500 ms and 30 s.
    public var retryPause: ClosedRange<Duration> = .milliseconds(500) ... .seconds(30)
    /// So many events at most wait for the queue. Default 65,536. What comes beyond is dropped and counted.
    public var maxWaiting = 65_536
    /// How long what is in the queue has to leave when the server goes down. Default 5 s.
    public var flushTimeout: Duration = .seconds(5)
    /// Where events are until a backend has them. Default: in memory.
    public var queue = Queue()

    /// Events that no backend has taken yet.
    public struct Queue: Hashable, Sendable {
        /// A folder of the server's own; nil, the default: in memory, where they are lost with the process.
        public var directory: String?
        /// Default 64 MiB. When it is full the oldest are dropped, and counted.
        public var maxBytes = 64 << 20
        /// When what was written is on the disk for good. Default: within a second.
        public var sync = Sync.interval

        public enum Sync: Hashable, Sendable {
            /// With every batch that comes in.
            case always
            /// Within a second.
            case interval
            /// When the system likes. A process that dies loses nothing, a machine that does may.
            case never
        }

        public init() {}
    }

    /// - Parameters:
    ///   - url: where.
    ///   - secrets: at least one.
    public init(url: String, secrets: [String]) {
        self.url = url
        self.secrets = secrets
    }
}
