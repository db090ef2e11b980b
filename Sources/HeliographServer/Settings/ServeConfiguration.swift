public import Logging

/// What `heliograph serve` is told.
public struct ServeConfiguration: Sendable {
    /// The address to listen on. Default 127.0.0.1: this machine alone. 0.0.0.0 or :: for all.
    public var host = "127.0.0.1"
    /// The port; 0 takes a free one. Default 8080.
    public var port = 8080
    /// How many event loops there are. Default nil: one for each core.
    public var threads: Int?
    /// Certificate and key. With them the server speaks TLS, and HTTP/2 to those who want it; without, HTTP/1.1. Default nil.
    public var tls: TLSFiles?
    /// The listener for what is nobody's but yours: the API, admin pages, metrics and health. Default nil: there is none, and all is on the one listener.
    public var internalListener: InternalListener?
    /// `/metrics` on the public listener, if there is no other. Default nil: if it listens on this machine alone. False: nowhere.
    public var hasMetrics: Bool?
    /// `/health` and what is below it. Default nil: as ``hasMetrics``.
    public var hasHealth: Bool?
    /// How the server ends.
    public var shutdown = Shutdown()
    /// Where the log goes. Default: text to standard error.
    public var log = LogOutput()
    /// What is logged.
    public var logLevel = Logger.Level.info
    /// The pages, the chat, `/echo` and `/broadcast`, and without ``realtime`` channels that are open to everybody. Default true.
    public var hasDemo = true
    /// What the states of live views are sealed with, the same in all processes that serve the same pages; at least 16 random bytes. Default nil: random, so that a
    /// page does not outlive its server's process.
    public var liveSecret: String?
    /// Who knows it may see and do everything on the pages at `/admin`; at least 12 bytes. Default nil: there are no such pages.
    public var adminPassword: String?
    /// The channels, who may connect, and the HTTP API. Default nil: no more than the demo has.
    public var realtime: RealtimeConfiguration?

    /// What protects the process and its listener.
    var protection = Protection()

    /// What was given, by the settings' places: for telling what another reading has changed.
    var given: [String: String] = [:]

    /// The defaults.
    public init() {}

    /// A second listener.
    public struct InternalListener: Hashable, Sendable {
        /// The address. Default 127.0.0.1.
        public var host = "127.0.0.1"
        /// The port; 0 takes a free one.
        public var port: Int
        /// Default nil: without TLS.
        public var tls: TLSFiles?

        /// - Parameter port: 0 takes a free one.
        public init(port: Int) {
            self.port = port
        }
    }

    /// How a server ends when it is asked to.
    public struct Shutdown: Hashable, Sendable {
        /// How long all of it may take. Default 25 s: orchestrators often kill after 30.
        public var timeout: Duration = .seconds(25)
        /// How long it goes on as before after `/health/ready` says no. Default 0.
        public var delay: Duration = .zero
        /// Over what time connections are closed, if there are many. Default 5 s.
        public var window: Duration = .seconds(5)

        public init() {}
    }

    /// The form of the log, and where it goes.
    public struct LogOutput: Hashable, Sendable {
        public enum Format: String, CaseIterable, Sendable {
            /// Lines to read.
            case text
            /// An object a line.
            case json
        }

        public var format = Format.text
        /// A file to append to. Default nil: standard error.
        public var file: String?

        public init() {}
    }

    static let levels: KeyValuePairs<String, Logger.Level> = [
        "trace": .trace, "debug": .debug, "info": .info, "notice": .notice, "warning": .warning, "error": .error, "critical": .critical,
    ]
}

/// Why a server cannot start, in words for whom it concerns.
public struct ServeError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do; several things on a line each.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
