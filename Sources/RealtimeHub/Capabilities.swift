// Strategy: a capability is about names as they are written. A star in it stands for part of an ordinary name, and never opens what its own text does not
// say: private channels, channels for users, and patterns of channels.

/// What a connection token allows in channels, besides what their options do (`caps`).
///
/// ```swift
/// let own = try Capabilities.Capability([ChannelPattern("orders:42:*")], [.subscribe, .history])
/// claims.capabilities = Capabilities([own])
/// ```
public struct Capabilities: Hashable, Sendable {
    /// Operations in all channels whose names match.
    public struct Capability: Hashable, Sendable {
        public var patterns: [ChannelPattern]
        public var operations: Set<Namespaces.Operation>

        public init(_ patterns: [ChannelPattern], _ operations: Set<Namespaces.Operation>) {
            self.patterns = patterns
            self.operations = operations
        }
    }

    public var list: [Capability]

    public init(_ list: [Capability] = []) {
        self.list = list
    }

    /// So many patterns at most may a token have: each is compared with the name of a channel that something is asked about.
    public static let maxPatterns = 256
}

extension Namespaces {
    /// Whether capabilities allow something in a channel, or in what is asked for by a pattern of channels.
    func allows(_ operation: Operation, in channel: String, by capabilities: Capabilities) -> Bool {
        guard !capabilities.list.isEmpty else { return false }
        let name = syntax.parse(channel)
        return capabilities.list.contains { capability in
            capability.operations.contains(operation) && capability.patterns.contains { covers($0, channel, name) }
        }
    }

    private func covers(_ pattern: ChannelPattern, _ channel: String, _ name: ParsedChannelName) -> Bool {
        if pattern.text == channel { return true }
        let own = syntax.parse(pattern.text)
        guard own.isPrivate == name.isPrivate, (own.users == nil) == (name.users == nil) else { return false }
        // A star may not stand for a star: `news:*` would listen to `news:**`. What is open to any depth has all of it.
        guard !channel.utf8.contains(UInt8(ascii: "*")) else {
            return pattern.text.hasSuffix("**") && channel.hasPrefix(pattern.text.dropLast(2))
        }
        return pattern.matches(channel)
    }
}
