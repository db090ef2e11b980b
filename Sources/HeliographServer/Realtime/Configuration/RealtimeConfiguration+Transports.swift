import RealtimeHub
import RealtimeHummingbird
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

/// What one transport may take, and what it does with what it sends.
struct TransportRules: Sendable {
    /// Nil: off. Its memory is of the process's one budget.
    var compression: DeflateConfiguration?
    var maxMessageSize = WebSocketConfiguration.realtime.limits.maxMessageSize
    var writeTimeout = WebSocketConfiguration.realtime.writeTimeout
    var maxRequestBytes = RealtimeOptions().maxRequestBytes
}

/// How clients reach the server: a section for each transport.
extension RealtimeConfiguration {
    /// What a server has without being told: what the clients of the protocol look for by themselves.
    static let usualTransports: Set<RealtimeTransport> = [.webSocket, .httpStream, .serverSentEvents]

    mutating func readTransports(_ root: ConfigurationSection) {
        for transport in RealtimeTransport.allCases {
            guard let section = root.section(transport.rawValue) else { continue }
            // A section that is there is enabled unless it says otherwise.
            var isEnabled = true
            section.read("enabled", into: &isEnabled)
            if isEnabled { routes.transports.insert(transport) } else { routes.transports.remove(transport) }
            rules[transport] = transport.isSocket ? Self.socketRules(section) : Self.streamRules(section)
        }
        root.section("emulation")?.read("max_request_body_size", into: &routes.maxRequestBytes)
        if routes.transports.isEmpty {
            root.value.report("no client could connect: all transports are off; enable websocket, http_stream, sse or another")
        }
    }

    /// What is off is checked all the same.
    private static func socketRules(_ section: ConfigurationSection) -> TransportRules {
        var rules = TransportRules()
        var isCompressed = false
        var compression = DeflateConfiguration()
        section.read("compression", into: &isCompressed)
        section.read("compression_level", into: &compression.level)
        section.read("compression_min_size", into: &compression.minimumSize)
        if isCompressed { rules.compression = compression }
        section.read("message_size_limit", into: &rules.maxMessageSize)
        section.read("write_timeout", into: &rules.writeTimeout)
        return rules
    }

    private static func streamRules(_ section: ConfigurationSection) -> TransportRules {
        var rules = TransportRules()
        section.read("max_request_body_size", into: &rules.maxRequestBytes)
        return rules
    }

    /// The route of a transport: what all have, and its own rules.
    func options(of transport: RealtimeTransport) -> RealtimeOptions {
        let rules = rules[transport] ?? TransportRules()
        var options = routes
        options.webSocket.compression = rules.compression
        options.webSocket.limits.maxMessageSize = rules.maxMessageSize
        options.webSocket.writeTimeout = rules.writeTimeout
        options.maxRequestBytes = rules.maxRequestBytes
        return options
    }

    // MARK: Sizes

    /// The most bytes that a client may send at once, over any of the transports.
    var longestMessage: Int {
        routes.transports.map { transport in
            let rules = rules[transport] ?? TransportRules()
            if transport.isSocket { return rules.maxMessageSize }
            return transport.isEmulated ? max(rules.maxRequestBytes, routes.maxRequestBytes) : rules.maxRequestBytes
        }.max() ?? 0
    }

    /// What waits has room for some of the longest messages. That a client is too slow is for the hub to say, which knows what becomes of it then: its sockets hold more.
    mutating func makeRoom() {
        hub.maxWaitingBytes = max(hub.maxWaitingBytes, 4 * longestMessage)
        routes.webSocket.maxBufferedBytes = max(routes.webSocket.maxBufferedBytes, 4 * hub.maxBufferedBytes)
    }
}
