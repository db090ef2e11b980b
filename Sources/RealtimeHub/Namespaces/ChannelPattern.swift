/// Names of channels with something left open: `market:*:trades`, `users.*`, `logs:**`.
///
/// `*` stands for one or more characters other than `:`, `.` and `/`; `**` for one or more of any.
public struct ChannelPattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let text: String
    private let regex: ChannelRegex
    /// What is before the first star. Most names are told apart by it.
    private let beginning: String

    public init(_ text: String) throws(ChannelRegex.SyntaxError) {
        var nodes: [RegexNode] = []
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "*" else {
                nodes.append(.scalar(.one(scalar)))
                continue
            }
            let isOpen = rest.first == "*"
            if isOpen { rest = rest.dropFirst() }
            guard rest.first != "*" else {
                throw ChannelRegex.SyntaxError(text: "three stars", offset: text.unicodeScalars.count - rest.count)
            }
            nodes.append(.repeated(.scalar(isOpen ? .any : Self.part), from: 1, to: nil))
        }
        self.text = text
        self.beginning = String(text.prefix { $0 != "*" })
        self.regex = try ChannelRegex(pattern: text, .sequence(nodes))
    }

    private static let part = ScalarSet(ranges: [":"...":", "."...".", "/"..."/"], isInverted: true)

    /// Whether the whole name matches.
    public func matches(_ name: some StringProtocol) -> Bool {
        name.hasPrefix(beginning) && regex.matches(name)
    }
}
