import RealtimeHub
import RealtimeHummingbird

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
        }
        root.section("emulation")?.read("max_request_body_size", into: &routes.maxRequestBytes)
        if routes.transports.isEmpty {
            root.value.report("no client could connect: all transports are off; enable websocket, http_stream, sse or another")
        }
    }
}
