import RealtimeHub

/// What clients may take.
extension RealtimeConfiguration {
    mutating func readLimits(_ client: ConfigurationSection) {
        hub.limits.connections = client.limit("connection_limit")
        hub.limits.connectionRate = client.limit("connection_rate_limit").map { .perSecond($0) }
        hub.limits.connectionsPerUser = client.limit("user_connection_limit")
        hub.limits.connectionsPerAddress = client.limit("address_connection_limit")
        hub.limits.connectionRatePerAddress = client.limit("address_connection_rate_limit").map { .perSecond($0) }
        hub.limits.subscriptions = client.limit("subscription_limit")
        hub.limits.subscriptionsPerUser = client.limit("user_subscription_limit")
        client.read("connect_concurrency", into: &hub.limits.connectsAtOnce)
        client.read("connect_queue_size", into: &hub.limits.waitingConnects)
        client.read("connect_queue_timeout", into: &hub.limits.connectWait)
        client.read("recovery_concurrency", into: &hub.limits.recoveriesAtOnce)
        if hub.limits.connectWait >= hub.staleTimeout {
            (client.value("connect_queue_timeout") ?? client.value).report("connect_queue_timeout must be less than stale_close_delay")
        }
        guard let section = client.section("rate_limit") else { return }
        section.read("max_remembered", into: &hub.limits.maxRemembered)
        if let limits = section.commandLimits(.connection) { hub.limits.connectionCommands = limits }
        if let limits = section.commandLimits(.user) { hub.limits.userCommands = limits }
        if let limits = section.commandLimits(.address) { hub.limits.addressCommands = limits }
        if let errors = section.section("client_error") {
            let rates = errors.buckets("total")
            var isEnabled = false
            errors.read("enabled", into: &isEnabled)
            if isEnabled { hub.limits.errors = rates ?? [] }
        }
    }

    /// A message that a connection may send must fit into its bytes, and into what may wait for whoever gets it.
    func checkLimits(_ root: ConfigurationValue) {
        let longest = longestMessage
        if longest > max(hub.maxBufferedBytes, TransportRules().maxMessageSize) {
            root.report(
                "client.queue_max_size must be at least \(longest), as much as a client may send at once, or that is too much for whoever gets it"
            )
        }
        let limits = [hub.limits.connectionCommands, hub.limits.userCommands, hub.limits.addressCommands]
        guard limits.contains(where: { $0.bytes.contains { $0.tokens < longest } }) else { return }
        root.report("client.rate_limit: a rate of bytes must be at least \(longest), or no message of that size could ever be sent")
    }
}

extension ConfigurationSection {
    /// A number; nil: it is not given, or 0.
    fileprivate func limit(_ key: String) -> Int? {
        var number = 0
        read(key, into: &number)
        return number > 0 ? number : nil
    }

    /// Nil: they don't hold.
    fileprivate func commandLimits(_ scope: RateLimitScope) -> CommandLimits? {
        guard let section = section(scope.rawValue) else { return nil }
        var isEnabled = false
        section.read("enabled", into: &isEnabled)
        var limits = CommandLimits()
        section.read("disconnect", into: &limits.disconnects)
        limits.total = section.buckets("total") ?? []
        limits.usual = section.buckets("default") ?? []
        limits.bytes = section.buckets("bytes") ?? []
        for operation in scope.operations { limits.operations[operation] = section.buckets(operation.rawValue) }
        for method in section.section("rpc")?.sections("method_overrides") ?? [] {
            let name = method.required("method")?.string
            if let rates = method.buckets, let name { limits.methods[name] = rates }
        }
        return isEnabled ? limits : nil
    }

    /// The rates of a part; nil: it is not there, or not enabled.
    fileprivate func buckets(_ key: String) -> [BucketRate]? { section(key)?.buckets }

    fileprivate var buckets: [BucketRate]? {
        var isEnabled = false
        let given = value("enabled")
        read("enabled", into: &isEnabled)
        let rates = sections("buckets").compactMap(\.rate)
        if given == nil, !rates.isEmpty { value.report("it has buckets, and does not hold without `enabled: true`") }
        if isEnabled, rates.isEmpty { value.report("it is enabled and has no buckets, such as {interval: 1s, rate: 20}") }
        return isEnabled ? rates : nil
    }

    private var rate: BucketRate? {
        var (interval, tokens) = (Duration.zero, 0)
        read("interval", into: &interval)
        read("rate", into: &tokens)
        if interval > .seconds(86_400) { value.report("an interval is at most a day") }
        guard interval > .zero, tokens > 0 else {
            if value("interval") == nil || value("rate") == nil { value.report("it must have an interval and a rate") }
            return nil
        }
        return BucketRate(tokens, per: interval)
    }
}
