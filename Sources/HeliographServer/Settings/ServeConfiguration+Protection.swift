import WebSocketHummingbird

extension ServeConfiguration {
    /// What protects the process and its listener.
    struct Protection: Sendable {
        var proxies = TrustedProxies()
        var expectsProxyHeader = false
        var connections = ConnectionLimits()
        /// Nil: what the cgroup may, or what the machine has. 0: it is not watched.
        var memoryLimit: Int?
        var softPercent = 80
        var hardPercent = 90
        /// Zero: loops are not watched.
        var blockedThreshold: Duration = .milliseconds(500)
        /// Zero: a blocked loop does not matter to readiness.
        var unreadyAfter: Duration = .seconds(5)
    }

    mutating func readProtection(_ root: ConfigurationSection) {
        if let server = root.section("http_server") { readProxies(server) }
        if let memory = root.section("memory") {
            var limit = -1
            memory.read("limit", into: &limit)
            protection.memoryLimit = limit < 0 ? nil : limit
            memory.read("soft_percent", into: &protection.softPercent)
            memory.read("hard_percent", into: &protection.hardPercent)
            if protection.softPercent >= protection.hardPercent { memory.value.report("soft_percent must be less than hard_percent") }
        }
        if let watchdog = root.section("watchdog") {
            watchdog.read("threshold", into: &protection.blockedThreshold)
            watchdog.read("unready_after", into: &protection.unreadyAfter)
            let (threshold, unready) = (protection.blockedThreshold, protection.unreadyAfter)
            if threshold != .zero, threshold < .milliseconds(50) { watchdog.value.report("threshold must be at least 50ms, or 0s") }
            if unready != .zero, unready < threshold { watchdog.value.report("unready_after must not be less than threshold") }
        }
    }

    private mutating func readProxies(_ server: ConfigurationSection) {
        for value in server.list("trusted_proxies") {
            guard let text = value.string else { continue }
            guard let network = IPNetwork(text) else {
                value.report("\(text) must be an address or a network such as 10.0.0.0/8, without bits beyond its length")
                continue
            }
            protection.proxies.networks.append(network)
        }
        server.read("forwarded_header", into: &protection.proxies.field, Self.forwardedFields)
        server.read("proxy_protocol", into: &protection.expectsProxyHeader)
        if protection.expectsProxyHeader, protection.proxies.networks.isEmpty {
            (server.value("proxy_protocol") ?? server.value).report("without http_server.trusted_proxies nobody could connect")
        }
        protection.connections.total = server.count("max_connections")
        protection.connections.perAddress = server.count("max_connections_per_address")
    }

    private static let forwardedFields: KeyValuePairs<String, TrustedProxies.Field> = [
        "X-Forwarded-For": .xForwardedFor, "Forwarded": .forwarded, "X-Real-IP": .xRealIP,
    ]
}

extension ConfigurationSection {
    /// Nil: it is not given.
    fileprivate func count(_ key: String) -> Int? {
        var number = 0
        read(key, into: &number)
        return number > 0 ? number : nil
    }
}
