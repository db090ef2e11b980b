import BackendHooks
import RealtimeHub
import RealtimeHummingbird

/// Which backends are asked about clients, and told of them.
extension RealtimeConfiguration {
    /// Before channels, which name the backends.
    mutating func readHooks(_ root: ConfigurationSection) {
        let named = readProxies(root)
        if let client = root.section("client")?.section("proxy") {
            hooks.connect = Self.enabled(client, "connect")
            hooks.refresh = Self.enabled(client, "refresh")
        }
        let channel = root.section("channel")?.section("proxy")
        hooks.subscribe = Self.add(channel?.section("subscribe"), to: named)
        hooks.publish = Self.add(channel?.section("publish"), to: named)
        hooks.subscriptionRefresh = Self.add(channel?.section("sub_refresh"), to: named)
        if let calls = root.section("rpc") { readCalls(calls, Self.add(calls.section("proxy"), to: named)) }
        if let section = root.section("events") { events = EventConfiguration(section, isGiven: root.section(given: "events")) }
    }

    private func readProxies(_ root: ConfigurationSection) -> [String: HookEndpoint] {
        var named: [String: HookEndpoint] = [:]
        for section in root.sections("proxies") {
            let place = section.required("name")
            let name = place?.string ?? ""
            if section.required("endpoint") == nil { continue }
            guard let endpoint = HookEndpoint(section, name: name), let place else { continue }
            if name.utf8.count < 2 || !name.utf8.allSatisfy(Self.isPartOfName) {
                place.report("it must be at least two letters, digits, -, _ and .")
            } else if named[name] != nil || name == Self.usual {
                place.report("there is a proxy \(name) already")
            }
            named[name] = endpoint
        }
        return named
    }

    private static let usual = "default"

    private static func enabled(_ section: ConfigurationSection, _ key: String) -> HookEndpoint? {
        guard let section = section.section(key) else { return nil }
        var isEnabled = false
        section.read("enabled", into: &isEnabled)
        let endpoint = HookEndpoint(section, name: key)
        guard isEnabled else { return nil }
        _ = section.required("endpoint")
        return endpoint
    }

    private static func add(_ section: ConfigurationSection?, to named: [String: HookEndpoint]) -> [String: HookEndpoint] {
        var endpoints = named
        if let section { endpoints[usual] = HookEndpoint(section, name: usual) }
        return endpoints
    }

    // MARK: Calls

    private mutating func readCalls(_ section: ConfigurationSection, _ endpoints: [String: HookEndpoint]) {
        if let part = section.section("without_namespace") {
            hooks.calls[""] = Self.proxy("proxy", part, "rpc.proxy", endpoints).flatMap { endpoints[$0] }
        }
        for part in section.sections("namespaces") {
            let name = part.required("name")
            let proxy = Self.proxy("proxy", part, "rpc.proxy", endpoints)
            guard let name, let text = name.string else { continue }
            if text.isEmpty || !text.utf8.allSatisfy(Self.isPartOfName) {
                name.report("it must be letters, digits, -, _ and .")
            } else if hooks.calls[text] != nil {
                name.report("there is a namespace \(text) already")
            }
            hooks.calls[text] = proxy.flatMap { endpoints[$0] }
        }
    }

    // MARK: Channels

    /// What a channel's options say of backends.
    func readHooks(_ section: ConfigurationSection, into settings: inout ChannelSettings) {
        settings.asks = AskedHandlers(
            subscribe: Self.proxy("subscribe_proxy", section, "channel.proxy.subscribe", hooks.subscribe),
            publish: Self.proxy("publish_proxy", section, "channel.proxy.publish", hooks.publish),
            refresh: Self.proxy("sub_refresh_proxy", section, "channel.proxy.sub_refresh", hooks.subscriptionRefresh))
        section.read("events_enabled", into: &settings.tellsLifecycle)
    }

    /// The name of a backend; nil if none is asked.
    private static func proxy(
        _ key: String, _ section: ConfigurationSection, _ usualPlace: String, _ endpoints: [String: HookEndpoint]
    ) -> String? {
        var isEnabled = false
        section.read("\(key)_enabled", into: &isEnabled)
        let place = section.value("\(key)_name")
        let name = place?.string ?? usual
        guard isEnabled else { return nil }
        if endpoints[name] == nil {
            (place ?? section.value("\(key)_enabled") ?? section.value).report(
                name == usual ? "\(usualPlace) has no endpoint" : "there is no proxy \(name) in proxies")
        }
        return name
    }
}

extension EventConfiguration {
    /// Nil: there are no events, or it is not said right where they go.
    init?(_ section: ConfigurationSection, isGiven: Bool) {
        let address = section.value("endpoint")
        let secrets = section.list("secrets")
        self.init(url: address?.string ?? "", secrets: secrets.compactMap(\.string))
        readTypes(section)
        section.read("timeout", into: &timeout)
        section.read("batch_size", into: &batchSize)
        section.read("batch_delay", into: &batchDelay)
        section.read("vacated_delay", into: &vacatedDelay)
        section.read("flush_timeout", into: &flushTimeout)
        var (least, most) = (retryPause.lowerBound, retryPause.upperBound)
        section.read("retry_min", into: &least)
        section.read("retry_max", into: &most)
        if least > .zero, least <= most {
            retryPause = least...most
        } else {
            (section.value("retry_min") ?? section.value).report("it must be more than nothing, and not more than retry_max")
        }
        if timeout == .zero { (section.value("timeout") ?? section.value).report("it must be longer than that") }
        if let queue = section.section("queue") {
            self.queue.directory = queue.text("directory")
            queue.read("max_bytes", into: &self.queue.maxBytes)
            queue.read("sync", into: &self.queue.sync, ["always": .always, "interval": .interval, "never": .never])
        }
        if let http = section.section("http") {
            staticFields = http.fields("static_headers")
            tls = HookTLS(http)
        }
        guard let address else {
            if isGiven { section.value.report("it has no endpoint") }
            return nil
        }
        guard section.isEndpoint(address) else { return nil }
        if secrets.isEmpty { section.value.report("it has no secrets; make one with `openssl rand -hex 32`") }
        for secret in secrets where (secret.string?.utf8.count ?? 16) < 16 { secret.report("it needs at least 16 characters") }
    }

    private mutating func readTypes(_ section: ConfigurationSection) {
        let words = section.list("types")
        guard section.value("types") != nil else { return }
        types = []
        for word in words {
            guard let text = word.string else { continue }
            if let type = EventType(rawValue: text) {
                types.insert(type)
            } else {
                let near = Spelling.nearest(text, among: Setting.eventTypes).map { "; did you mean \($0)?" } ?? ""
                word.report("there is no event \(text)\(near)")
            }
        }
        if words.isEmpty { section.value("types")?.report("it has none; without this key, there are all") }
    }
}
