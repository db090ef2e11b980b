import RealtimeHub
import RealtimeHummingbird

/// How clients reach the server: a section for each transport.
extension RealtimeConfiguration {
    static let sections = RealtimeTransport.allCases.map(\.rawValue) + ["emulation"]

    /// What a server has without being told: what the clients of the protocol look for by themselves.
    static let usualTransports: Set<RealtimeTransport> = [.webSocket, .httpStream, .serverSentEvents]

    mutating func readTransports(_ sections: [String: ConfigurationValue], _ root: ConfigurationValue) throws(ServeError) {
        for transport in RealtimeTransport.allCases {
            guard let value = sections[transport.rawValue] else { continue }
            var section = try ConfigurationSection(value)
            var isEnabled = true
            try section.read("enabled", into: &isEnabled)
            try section.finish()
            if isEnabled { routes.transports.insert(transport) } else { routes.transports.remove(transport) }
        }
        if let value = sections["emulation"] {
            var section = try ConfigurationSection(value)
            try section.read("max_request_body_size", into: &routes.maxRequestBytes, 1_024...16 << 20)
            try section.finish()
        }
        guard !routes.transports.isEmpty else {
            throw root.error("no client could connect: all transports are off; enable websocket, http_stream, sse or another")
        }
    }
}
