import FoundationEssentials
import PubSub
import RealtimeHub
import RealtimeHummingbird
import WebSocketProtocol
import Yams

/// What `heliograph serve --config FILE` reads: the channels, who may connect, and the HTTP API.
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
    /// Nil: there is no HTTP API.
    var api: ServerAPI.Configuration?
    /// Nil: there are no admin pages, unless a password comes from elsewhere.
    var adminPassword: String?

    /// Whether clients may do nearly everything without a token. For development, on this machine alone.
    public internal(set) var isInsecure = false
    /// What is allowed, but should be seen by whoever starts the server.
    public internal(set) var warnings: [String] = []

    /// Whether there is an HTTP API.
    public var hasAPI: Bool { api != nil }
    /// Whether there are admin pages.
    public var hasAdmin: Bool { adminPassword != nil }
    /// Whether clients may come by WebSocket.
    public var hasWebSocket: Bool { routes.transports.contains(.webSocket) }

    init() {}

    /// Reads a file in YAML or JSON.
    ///
    /// - Throws: ``ServeError`` with the line and the path of the first thing that is wrong: nothing is guessed, and nothing passed over.
    public init(file: String) async throws(ServeError) {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: file)) } catch {
            let reason = (error as? CocoaError)?.code == .fileReadNoSuchFile ? "there is no such file" : "it can't be read"
            throw ServeError("The configuration \(file): \(reason).")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw ServeError("The configuration \(file): it is not UTF-8.") }
        try await self.init(yaml: text, file: file)
    }

    init(yaml: String, file: String) async throws(ServeError) {
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch { throw Self.explained(error, file) }
        guard let root else { throw ServeError("\(file): there is nothing in it") }
        var section = try ConfigurationSection(ConfigurationValue(node: root, path: "", file: file))
        try section.read("insecure", into: &isInsecure)
        if let value = section.value("admin_password") { adminPassword = try Self.adminPassword(value) }
        let client = section.value("client")
        let channel = section.value("channel")
        let api = section.value("http_api")
        var transports: [String: ConfigurationValue] = [:]
        for name in Self.sections { transports[name] = section.value(name) }
        try section.finish()
        try readTransports(transports, section.value)
        if let channel {
            var section = try ConfigurationSection(channel)
            try readChannels(&section)
        }
        if let client {
            var section = try ConfigurationSection(client)
            try await readClient(&section)
        }
        if let api {
            var section = try ConfigurationSection(api)
            try readAPI(&section)
        }
        try check(section.value)
    }

    private static func adminPassword(_ value: ConfigurationValue) throws(ServeError) -> String {
        let text = try value.text()
        do throws(ServeError) { _ = try AdminPassword(text) } catch { throw value.error("\(error)") }
        return text
    }

    private static func explained(_ error: any Error, _ file: String) -> ServeError {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            ServeError("\(file):\(mark.line): \(problem)")
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            ServeError("\(file):\(context.mark.line): a key is given twice: \(keys.joined(separator: ", "))")
        default: ServeError("\(file): it is neither YAML nor JSON")
        }
    }

    // MARK: Channels

    private mutating func readChannels(_ section: inout ConfigurationSection) throws(ServeError) {
        try section.read("max_length", into: &namespaces.names.maximumBytes, 1...1_000)
        if let value = section.value("without_namespace") {
            var options = try ConfigurationSection(value)
            namespaces.withoutNamespace = try ChannelSettings(&options)
        }
        for value in try section.value("namespaces")?.list() ?? [] {
            var options = try ConfigurationSection(value)
            let name = try options.required("name")
            try addNamespace(name, &options)
        }
        for value in try section.value("patterns")?.list() ?? [] {
            var options = try ConfigurationSection(value)
            let name = try options.required("pattern")
            try addPattern(name, &options)
        }
        try section.finish()
    }

    private mutating func addNamespace(_ value: ConfigurationValue, _ options: inout ConfigurationSection) throws(ServeError) {
        let name = try value.text()
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isPartOfName) else {
            throw value.error("it must be letters, digits, -, _ and ., without the boundary that follows it in a channel's name")
        }
        guard namespaces.named[name] == nil else { throw value.error("there is a namespace \(name) already") }
        namespaces.named[name] = try ChannelSettings(&options)
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private mutating func addPattern(_ value: ConfigurationValue, _ options: inout ConfigurationSection) throws(ServeError) {
        let text = try value.text()
        let pattern: ChannelPattern
        do throws(ChannelRegex.SyntaxError) { pattern = try ChannelPattern(text) } catch { throw value.error("it is no pattern: \(error)") }
        guard text.contains("*") else { throw value.error("it has no star; give a namespace instead") }
        namespaces.patterns.append(Namespaces.Patterned(pattern, try ChannelSettings(&options)))
    }

    // MARK: Clients

    private mutating func readClient(_ section: inout ConfigurationSection) async throws(ServeError) {
        try section.read("allow_anonymous", into: &hub.allowsAnonymousConnections)
        try readTimes(&section)
        try readLimits(&section)
        if let value = section.value("allowed_origins") { try readOrigins(value) }
        if let value = section.value("subscribe_to_user_personal_channel") {
            var section = try ConfigurationSection(value)
            try readPersonalChannel(&section)
        }
        let token = section.value("token")
        let subscriptionToken = section.value("subscription_token")
        try section.finish()
        var connections: TokenRules?
        if let token {
            var section = try ConfigurationSection(token)
            connections = try await TokenRules(&section)
        }
        var subscriptions: TokenRules?
        if let subscriptionToken {
            var section = try ConfigurationSection(subscriptionToken)
            subscriptions = try await TokenRules(&section)
        }
        guard connections != nil || subscriptions != nil else { return }
        tokens = SignedTokenVerifier(connections: connections ?? TokenRules(keys: []), subscriptions: subscriptions)
        hasConnectionTokens = connections != nil
    }

    private var hasConnectionTokens = false

    private mutating func readTimes(_ section: inout ConfigurationSection) throws(ServeError) {
        let ping = section.value("ping_interval")
        if let ping { hub.pingInterval = try ping.duration() }
        let pong = section.value("pong_timeout")
        if let pong { hub.pongTimeout = try pong.duration() }
        guard hub.pingInterval.components.attoseconds == 0 else {
            throw (ping ?? section.value).error("it must be whole seconds, since clients are told so; 0s for no pings")
        }
        guard hub.pingInterval == .zero || hub.pongTimeout < hub.pingInterval else {
            throw (pong ?? ping ?? section.value).error(
                "pong_timeout must be less than ping_interval (\(hub.pongTimeout), \(hub.pingInterval))")
        }
        try section.read("stale_close_delay", into: &hub.staleTimeout, atLeast: .seconds(1))
        try section.read("expired_close_delay", into: &hub.expiredCloseDelay)
        try section.read("expired_sub_close_delay", into: &hub.expiredSubscriptionCloseDelay)
        try section.read("presence_update_interval", into: &hub.presenceInterval, atLeast: .seconds(1))
        try section.read("presence_ttl", into: &hub.presenceTimeToLive, atLeast: .seconds(2))
        try section.read("channel_position_check_delay", into: &hub.positionCheckInterval, atLeast: .seconds(1))
        guard hub.presenceInterval < hub.presenceTimeToLive else {
            throw section.value.error("presence_update_interval must be less than presence_ttl: clients would vanish in between")
        }
    }

    private mutating func readLimits(_ section: inout ConfigurationSection) throws(ServeError) {
        try section.read("channel_limit", into: &hub.maxChannelsPerClient, 1...100_000)
        try section.read("bad_token_limit", into: &hub.maxBadTokens, 1...1_000_000)
        try section.read("queue_max_size", into: &hub.maxBufferedBytes, 1_024...1 << 30)
        try section.read("recovery_max_publication_limit", into: &hub.maxRecoveredPublications, 1...100_000)
        try section.read("history_max_publication_limit", into: &hub.maxHistoryPublications, 1...100_000)
        try section.read("connect_include_server_time", into: &hub.sendsServerTime)
    }

    private mutating func readOrigins(_ value: ConfigurationValue) throws(ServeError) {
        var patterns: [String] = []
        for value in try value.list() {
            let pattern = try value.text()
            guard pattern == "*" || pattern == "null" || pattern.contains("://") else {
                throw value.error("it must be an origin such as https://example.com or https://*.example.com")
            }
            patterns.append(pattern)
        }
        guard !patterns.isEmpty else { throw value.error("it has none; without this key, pages of the same host may connect") }
        guard patterns.contains("*") else { return routes.origins = .allow(patterns) }
        routes.origins = .dangerouslyAllowAnyOrigin
        warnings.append("\(value.path) has *: a page of any site may connect with its visitors' browsers")
    }

    private mutating func readPersonalChannel(_ section: inout ConfigurationSection) throws(ServeError) {
        var isEnabled = false
        try section.read("enabled", into: &isEnabled)
        let name = section.value("personal_channel_namespace")
        try section.finish()
        guard isEnabled else { return }
        let namespace = try name?.text()
        hub.personalChannel = PersonalChannel(namespace: namespace)
        if let namespace, namespaces.named[namespace] == nil {
            throw (name ?? section.value).error("there is no namespace \(namespace) in channel.namespaces")
        }
        if namespace == nil, namespaces.withoutNamespace == nil {
            throw section.value.error(
                "channel.without_namespace must be there for channels such as #42, or give personal_channel_namespace")
        }
    }

    // MARK: API

    private mutating func readAPI(_ section: inout ConfigurationSection) throws(ServeError) {
        let value = try section.required("key")
        let key = try value.text()
        var maxBodyBytes = 1 << 20
        try section.read("max_body_size", into: &maxBodyBytes, 1_024...1 << 30)
        try section.finish()
        guard !key.isEmpty, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw value.error("it must be printable ASCII without spaces, as it travels in a header")
        }
        guard isInsecure || key.utf8.count >= 16 else {
            throw value.error("it has \(key.utf8.count) characters and needs at least 16; make one with `openssl rand -hex 32`")
        }
        api = ServerAPI.Configuration(key: key, maxBodyBytes: maxBodyBytes)
    }

    // MARK: All of it

    private mutating func check(_ root: ConfigurationValue) throws(ServeError) {
        if isInsecure {
            namespaces.isInsecure = true
            hub.allowsAnonymousConnections = true
            warnings.append(
                "insecure: true. Anybody may connect without a token and read and write all channels. Never do this in production")
        }
        guard hasConnectionTokens || hub.allowsAnonymousConnections else {
            throw root.error("nobody could connect: give client.token a key, or set client.allow_anonymous")
        }
        guard hub.personalChannel == nil || hasConnectionTokens else {
            throw root.error(
                "client.subscribe_to_user_personal_channel: without client.token nobody has a user, so nobody would have a channel")
        }
        guard namespaces.withoutNamespace != nil || !namespaces.named.isEmpty || !namespaces.patterns.isEmpty else {
            throw root.error("there are no channels: give channel.without_namespace, channel.namespaces or channel.patterns")
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
