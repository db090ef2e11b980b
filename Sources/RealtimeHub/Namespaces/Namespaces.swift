public import PubSub

/// The options of channels, by their names.
///
/// ```swift
/// var news = ChannelOptions()
/// news.allowSubscribe = [.clients, .anonymous]
/// let namespaces = Namespaces(named: ["news": news])   // news:today is open to all; nothing else exists
/// ```
///
/// A name is looked for among the patterns first, in their order; then its namespace decides, which is what is before the first colon.
public struct Namespaces: Sendable {
    /// Of channels whose names have no colon; nil: there are no such channels.
    public var withoutNamespace: ChannelOptions?
    /// By namespace.
    public var named: [String: ChannelOptions]
    /// By pattern, for names that no namespace describes.
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
        public var options: ChannelOptions

        public init(_ pattern: ChannelPattern, _ options: ChannelOptions) {
            self.pattern = pattern
            self.options = options
        }
    }

    public init(
        withoutNamespace: ChannelOptions? = nil, named: [String: ChannelOptions] = [:], patterns: [Patterned] = [],
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
    public func options(of channel: String) -> ChannelOptions? {
        try? resolve(channel).options
    }

    /// The options of a channel, and the parts of its name.
    public func resolve(_ channel: String) throws(NameError) -> (name: ParsedChannelName, options: ChannelOptions) {
        do throws(ChannelNameRules.Violation) { try names.check(channel) } catch { throw .badName }
        let name = syntax.parse(channel)
        guard let options = options(of: name) else { throw .unknown }
        if let regex = options.nameRegex, !regex.matches(name.rest) { throw .badName }
        return (name, options)
    }

    private func options(of name: ParsedChannelName) -> ChannelOptions? {
        if let match = patterns.first(where: { $0.pattern.matches(name.withoutPrefix) }) { return match.options }
        guard let namespace = name.namespace else { return withoutNamespace }
        return named[String(namespace)]
    }
}
