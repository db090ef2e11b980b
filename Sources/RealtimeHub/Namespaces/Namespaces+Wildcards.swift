// Strategy: a pattern is a channel's name with a star in it, in a namespace that allows such. It is subscribed to by the rules for its own
// name; what it matches is decided for each channel, once: the same namespace, neither private nor for users.

import PubSub

extension Namespaces {
    private static let star = UInt8(ascii: "*")

    /// The pattern that a name is, and the options of a subscription to it; nil if it is none.
    ///
    /// - Throws: ``NameError/badName`` if it has a star that means nothing: before the boundary of the namespace, with the prefix of private
    ///   channels or with users, or three in a row.
    func wildcard(_ text: String) throws(NameError) -> (pattern: ChannelPattern, options: ChannelSettings)? {
        guard text.utf8.contains(Self.star) else { return nil }
        let name = syntax.parse(text)
        guard let options = options(of: name), options.allowWildcards else { return nil }
        do { try names.check(text) } catch { throw .badName }
        guard !name.isPrivate, name.users == nil, name.namespace?.utf8.contains(Self.star) != true, let pattern = try? ChannelPattern(text)
        else {
            throw .badName
        }
        return (pattern, options.ofWildcard)
    }

    /// The parts of a channel's name, if what is published there may reach subscribers of patterns.
    func reachesWildcards(_ channel: String) -> ParsedChannelName? {
        guard let (name, options) = try? resolve(channel), options.allowWildcards, !name.isPrivate, name.users == nil else { return nil }
        return name
    }

    /// Whether the name has a star although stars make patterns there.
    func isPattern(_ name: ParsedChannelName, _ options: ChannelSettings) -> Bool {
        options.allowWildcards && name.withoutPrefix.utf8.contains(Self.star)
    }
}

extension ChannelSettings {
    /// Many streams have no common position, and with it no history, recovery or deltas; and nobody is present in a pattern.
    var ofWildcard: ChannelSettings {
        var options = self
        options.historySize = 0
        options.allowsDelta = false
        options.presence = false
        options.joinLeave = false
        return options
    }
}
