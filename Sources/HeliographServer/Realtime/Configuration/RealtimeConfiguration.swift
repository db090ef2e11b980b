import BackendHooks
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import WebSocketProtocol

/// What a configuration says of channels, of who may connect, and of the HTTP API.
public struct RealtimeConfiguration: Sendable {
    var hub = HubConfiguration()
    var namespaces = Namespaces()
    var tokens: SignedTokenVerifier?
    /// The transports, and which pages may use them.
    var routes: RealtimeOptions = {
        var routes = RealtimeOptions()
        routes.transports = Self.usualTransports
        return routes
    }()
    /// What each transport has for itself. See ``options(of:)``.
    var rules: [RealtimeTransport: TransportRules] = [:]
    /// Nil: there is no HTTP API.
    var api: ServerAPI.Configuration?
    /// Which backends are asked.
    var hooks = BackendHooks.Configuration()
    /// Nil: no backend is told of events.
    var events: EventConfiguration?

    /// Whether clients may do nearly everything without a token. For development, on this machine alone.
    public internal(set) var isInsecure = false
    /// What is allowed, but should be seen by whoever starts the server.
    public internal(set) var warnings: [String] = []

    /// Whether there is an HTTP API.
    public var hasAPI: Bool { api != nil }
    /// Whether clients may come by WebSocket.
    public var hasWebSocket: Bool { routes.transports.contains(.webSocket) }

    private var hasConnectionTokens = false

    init() {}

    /// The top-level keys that are of channels and clients; where none is given there are no channels but the demos'.
    static let sections =
        ["insecure", "client", "channel", "http_api", "emulation", "rpc", "proxies", "events"] + RealtimeTransport.allCases.map(\.rawValue)

    /// What the sections of the whole configuration say. What is wrong is noted with the section's reading.
    init(_ root: ConfigurationSection) async {
        root.read("insecure", into: &isInsecure)
        readTransports(root)
        readHooks(root)
        if let channel = root.section("channel") { readChannels(channel) } else if isInsecure { namespaces.withoutNamespace = .development }
        if let client = root.section("client") { await readClient(client) }
        if let api = root.section("http_api") { await readAPI(api) }
        makeRoom()
        // One mistake would lead to others here.
        if !root.value.reading.hasProblems { check(root.value) }
        if isInsecure { open() }
    }

    // MARK: Clients

    private mutating func readClient(_ section: ConfigurationSection) async {
        section.read("allow_anonymous", into: &hub.allowsAnonymousConnections)
        var refusesAnonymousTokens = false
        section.read("disallow_anonymous_connection_tokens", into: &refusesAnonymousTokens)
        readUserField(section)
        readTimes(section)
        readLimits(section)
        section.read("channel_limit", into: &hub.maxChannelsPerClient)
        section.read("bad_token_limit", into: &hub.maxBadTokens)
        section.read("queue_max_size", into: &hub.maxBufferedBytes)
        section.read("recovery_max_publication_limit", into: &hub.maxRecoveredPublications)
        section.read("history_max_publication_limit", into: &hub.maxHistoryPublications)
        section.read("connect_include_server_time", into: &hub.sendsServerTime)
        if let value = section.value("allowed_origins") { readOrigins(value) }
        if let section = section.section("connect_code_to_unidirectional_disconnect") { readRefusals(section) }
        if let section = section.section("subscribe_to_user_personal_channel") { readPersonalChannel(section) }
        let connections = await TokenRules(section.section("token"))
        let subscriptions = await TokenRules(section.section("subscription_token"))
        guard connections != nil || subscriptions != nil else { return }
        tokens = SignedTokenVerifier(connections: connections ?? TokenRules(keys: []), subscriptions: subscriptions)
        tokens?.allowsAnonymous = !refusesAnonymousTokens
        hasConnectionTokens = connections != nil
    }

    private mutating func readUserField(_ section: ConfigurationSection) {
        guard let value = section.value("user_id_http_header"), let name = value.string else { return }
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }) else {
            return value.report("it must be the name of a header, such as X-User-Id")
        }
        routes.userField = name.lowercased()
    }

    private mutating func readTimes(_ section: ConfigurationSection) {
        section.read("ping_interval", into: &hub.pingInterval)
        section.read("pong_timeout", into: &hub.pongTimeout)
        section.read("stale_close_delay", into: &hub.staleTimeout)
        section.read("expired_close_delay", into: &hub.expiredCloseDelay)
        section.read("expired_sub_close_delay", into: &hub.expiredSubscriptionCloseDelay)
        section.read("presence_update_interval", into: &hub.presenceInterval)
        section.read("presence_ttl", into: &hub.presenceTimeToLive)
        section.read("channel_position_check_delay", into: &hub.positionCheckInterval)
        let (ping, pong) = (section.value("ping_interval"), section.value("pong_timeout"))
        if hub.pingInterval.components.attoseconds != 0 {
            (ping ?? section.value).report("it must be whole seconds, since clients are told so; 0s for no pings")
        }
        if hub.pingInterval != .zero, hub.pongTimeout >= hub.pingInterval {
            (pong ?? ping ?? section.value).report("pong_timeout must be less than ping_interval (\(hub.pongTimeout), \(hub.pingInterval))")
        }
        if hub.presenceInterval >= hub.presenceTimeToLive {
            section.value.report("presence_update_interval must be less than presence_ttl: clients would vanish in between")
        }
    }

    private mutating func readOrigins(_ value: ConfigurationValue) {
        let origins = value.read { (value) throws(ServeError) in try value.list() } ?? []
        for origin in origins {
            guard let pattern = origin.string, pattern != "*", pattern != "null", !pattern.contains("://") else { continue }
            origin.report("it must be an origin such as https://example.com or https://*.example.com")
        }
        let patterns = origins.compactMap(\.string)
        guard !patterns.isEmpty else { return value.report("it has none; without this key, pages of the same host may connect") }
        guard patterns.contains("*") else { return routes.origins = .allow(patterns) }
        routes.origins = .dangerouslyAllowAnyOrigin
        warnings.append("\(value.path) has *: a page of any site may connect with its visitors' browsers")
    }

    /// What is off is checked all the same.
    private mutating func readRefusals(_ section: ConfigurationSection) {
        var isEnabled = false
        section.read("enabled", into: &isEnabled)
        var codes: [UInt32: DisconnectCode] = [:]
        for transform in section.sections("transforms") {
            var (error, disconnect) = (0, 0)
            transform.read("code", into: &error)
            let target = transform.section("to")
            target?.read("code", into: &disconnect)
            let reason = target?.text("reason") ?? ""
            guard let error = UInt32(exactly: error), error > 0, let code = UInt16(exactly: disconnect), code > 0 else {
                transform.value.report("it must have a code, and to.code")
                continue
            }
            if codes[error] != nil { transform.value.report("there is a transform of \(error) already") }
            if reason.utf8.count > 123 { transform.value.report("to.reason must have at most 123 bytes") }
            codes[error] = DisconnectCode(code, reason: reason)
        }
        if isEnabled { hub.unidirectionalRefusals = codes }
    }

    private mutating func readPersonalChannel(_ section: ConfigurationSection) {
        var isEnabled = false
        section.read("enabled", into: &isEnabled)
        let name = section.value("personal_channel_namespace")
        guard isEnabled else { return }
        let namespace = name?.string
        hub.personalChannel = PersonalChannel(namespace: namespace)
        if let namespace, namespaces.named[namespace] == nil {
            (name ?? section.value).report("there is no namespace \(namespace) in channel.namespaces")
        }
        if name == nil, namespaces.withoutNamespace == nil {
            section.value.report(
                "channel.without_namespace must be there for channels such as #42, or give personal_channel_namespace")
        }
    }

    // MARK: All of it

    private mutating func open() {
        namespaces.isInsecure = true
        hub.allowsAnonymousConnections = true
        warnings.append(
            "insecure: true. Anybody may connect without a token and read and write all channels. Never do this in production")
    }

    private func check(_ root: ConfigurationValue) {
        checkLimits(root)
        guard hasConnectionTokens || hooks.connect != nil || routes.userField != nil || hub.allowsAnonymousConnections || isInsecure else {
            return root.report("nobody could connect: give client.token a key, enable client.proxy.connect, or set client.allow_anonymous")
        }
        if hub.personalChannel != nil, !hasConnectionTokens, hooks.connect == nil {
            root.report(
                "client.subscribe_to_user_personal_channel: without client.token nobody has a user, so nobody would have a channel")
        }
        if namespaces.withoutNamespace == nil, namespaces.named.isEmpty, namespaces.patterns.isEmpty {
            root.report("there are no channels: give channel.without_namespace, channel.namespaces or channel.patterns")
        }
    }

    /// Whether the server may listen there.
    func check(host: String) throws(ServeError) {
        guard isInsecure, host != "localhost", host != "::1", !host.hasPrefix("127.") else { return }
        throw ServeError(
            "insecure: true lets anybody in, and \(host) is open to other machines. Listen on 127.0.0.1 with --host, or allow in the "
                + "configuration what is to be allowed (client.allow_anonymous, allow_subscribe_for_client, ...).")
    }
}

extension ChannelSettings {
    /// For looking around, where a configuration has no channels of its own.
    fileprivate static var development: ChannelSettings {
        var settings = ChannelSettings()
        settings.presence = true
        settings.joinLeave = true
        settings.historySize = 100
        settings.historyTTL = .seconds(300)
        settings.allowRecovery = true
        settings.asks = .none
        return settings
    }
}
