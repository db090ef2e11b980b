public import PubSub

/// The options of channels, by their names.
///
/// ```swift
/// var news = ChannelSettings()
/// news.allowSubscribe = [.clients, .anonymous]
/// let namespaces = Namespaces(named: ["news": news])   // news:today is open to all; nothing else exists
/// ```
///
/// A name is looked for among the patterns first, in their order; then its namespace decides, which is what is before the first colon.
public struct Namespaces: Sendable {
    /// Of channels whose names have no colon; nil: there are no such channels.
    public var withoutNamespace: ChannelSettings?
    /// By namespace.
    public var named: [String: ChannelSettings]
    /// By pattern, in their order; they come before namespaces.
    public var patterns: [Patterned]
    /// What a channel may be called.
    public var names: ChannelNameRules
    /// Which characters in a name have a meaning.
    public var syntax: ChannelSyntax
    /// Whether everyone may do everything that the options make possible. For development alone.
    public var isInsecure = false

    /// The options of all channels whose names match.
    public struct Patterned: Hashable, Sendable {
        public var pattern: ChannelPattern
        public var options: ChannelSettings

        public init(_ pattern: ChannelPattern, _ options: ChannelSettings) {
            self.pattern = pattern
            self.options = options
        }
    }

    public init(
        withoutNamespace: ChannelSettings? = nil, named: [String: ChannelSettings] = [:], patterns: [Patterned] = [],
        names: ChannelNameRules = ChannelNameRules(), syntax: ChannelSyntax = ChannelSyntax()
    ) {
        self.withoutNamespace = withoutNamespace
        self.named = named
        self.patterns = patterns
        self.names = names
        self.syntax = syntax
    }

    /// Why there is no such channel.
    public enum NameError: Error, Hashable, Sendable {
        /// The name breaks a rule: error 107.
        case badName
        /// It is in no namespace that there is: error 102.
        case unknown
    }

    /// The options of a channel; nil if there can be no such channel.
    public func options(of channel: String) -> ChannelSettings? {
        try? resolve(channel).options
    }

    /// The options of a channel, and the parts of its name.
    public func resolve(_ channel: String) throws(NameError) -> (name: ParsedChannelName, options: ChannelSettings) {
        do throws(ChannelNameRules.Violation) { try names.check(channel) } catch { throw .badName }
        let name = syntax.parse(channel)
        guard let options = options(of: name) else { throw .unknown }
        if isPattern(name, options) { throw .badName }
        if let regex = options.nameRegex, !regex.matches(name.rest) { throw .badName }
        return (name, options)
    }

    func options(of name: ParsedChannelName) -> ChannelSettings? {
        if let match = patterns.first(where: { $0.pattern.matches(name.withoutPrefix) }) { return match.options }
        guard let namespace = name.namespace else { return withoutNamespace }
        return named[String(namespace)]
    }
}
