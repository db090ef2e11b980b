// Strategy: names are looked through as bytes, since this is done for every command; that is why the characters are ASCII.

/// Which characters in a channel's name have a meaning: ASCII ones. Nil: no character has it.
public struct ChannelSyntax: Hashable, Sendable {
    /// Before the name of a private channel: to subscribe needs a token.
    public var privatePrefix: Character? = "$"
    /// After the namespace.
    public var namespaceBoundary: Character? = ":"
    /// Before the users for whom alone the channel is.
    public var userBoundary: Character? = "#"
    /// Between these users.
    public var userSeparator: Character? = ","

    public init() {}

    /// The parts of a name.
    public func parse(_ name: String) -> ParsedChannelName {
        var rest = name.utf8[...]
        let isPrivate = privatePrefix?.asciiValue.map { rest.first == $0 } ?? false
        if isPrivate { rest = rest.dropFirst() }
        let whole = rest
        var namespace: Substring?
        if let boundary = namespaceBoundary?.asciiValue.flatMap(rest.firstIndex(of:)) {
            namespace = Substring(rest[..<boundary])
            rest = rest[boundary...].dropFirst()
        }
        let users = userBoundary?.asciiValue.flatMap(rest.lastIndex(of:)).map { Substring(rest[$0...].dropFirst()) }
        return ParsedChannelName(
            isPrivate: isPrivate, withoutPrefix: Substring(whole), namespace: namespace, rest: Substring(rest), users: users)
    }

    /// The name of the channel that is for one user alone.
    func personalChannel(of user: String, in namespace: String?) -> String? {
        guard let userBoundary else { return nil }
        guard let namespace else { return "\(userBoundary)\(user)" }
        return namespaceBoundary.map { "\(namespace)\($0)\(userBoundary)\(user)" }
    }

    /// Whether a user is among those of a channel. Nobody is the user with the empty name.
    func isUser(_ user: String, among users: Substring) -> Bool {
        guard !user.isEmpty else { return false }
        guard let separator = userSeparator?.asciiValue else { return users == user }
        return users.utf8.split(separator: separator).contains { Substring($0) == user }
    }
}

/// The parts of a channel's name: `$dialogs:room#7,8` is private, in the namespace `dialogs`, and for the users 7 and 8.
public struct ParsedChannelName: Hashable, Sendable {
    /// Whether it begins with the prefix of private channels.
    public var isPrivate: Bool
    /// The name without that prefix.
    public var withoutPrefix: Substring
    /// What is before the namespace's boundary; nil if there is no boundary.
    public var namespace: Substring?
    /// What is after the namespace's boundary, or all.
    public var rest: Substring
    /// What is after the users' boundary, separators and all; nil if there is no boundary.
    public var users: Substring?
}
