/// A `ws` or `wss` URL (RFC 6455 §3), checked strictly: what is not allowed by RFC 3986 is an error, never repaired.
///
/// A stricter reading than most libraries', on purpose. A host that only looks like a number (`127.1`, `0x7f.0.0.1`) is refused, because the
/// system's resolver would take it for an address that nobody wrote; a fragment is refused, because RFC 6455 says so; text that is not ASCII
/// must come as percent-encoding (path) or Punycode (host).
public struct WebSocketURL: Hashable, Sendable, CustomStringConvertible {
    /// How long a URL may be: 8 KiB.
    public static let maxBytes = 8_192

    /// Whether the scheme is `wss`.
    public let isSecure: Bool
    /// The host in lower case; an IPv6 address without its brackets.
    public let host: String
    /// The port, or the scheme's: 80 and 443.
    public let port: Int
    /// Path and query as they go into the request line (RFC 6455 §3: the resource name); `/` when the URL has none.
    public let target: String
    /// What userinfo (`user:password@`) means as an `Authorization` field; nil without one.
    package let basicAuthorization: String?

    /// Reads a URL such as `wss://example.com/chat?room=1`.
    ///
    /// - Throws: ``WebSocketURLError``, which says what is wrong with it.
    public init(_ text: String) throws(WebSocketURLError) {
        guard text.utf8.count <= Self.maxBytes else { throw WebSocketURLError("it is longer than \(Self.maxBytes) bytes") }
        var rest = Substring(text)
        self.isSecure = try Self.takeScheme(&rest)
        try URLGrammar.requireText(rest)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = try URLAuthority(rest[..<end])
        self.host = authority.host
        self.port = authority.port ?? Self.defaultPort(isSecure: self.isSecure)
        self.basicAuthorization = authority.basicAuthorization
        self.target = try Self.requireTarget(rest[end...])
    }

    init(isSecure: Bool, host: String, port: Int, target: String, basicAuthorization: String?) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.target = target
        self.basicAuthorization = basicAuthorization
    }

    /// The URL without userinfo, safe to log.
    public var description: String { "\(self.isSecure ? "wss" : "ws")://\(self.authority)\(self.target)" }

    /// Host and, when it is not the scheme's, port: the `Host` field (RFC 6455 §4.1, item 4 of the request's requirements).
    public var authority: String {
        self.port == Self.defaultPort(isSecure: self.isSecure) ? self.bracketedHost : "\(self.bracketedHost):\(self.port)"
    }

    /// Whether the host is an IP address rather than a name.
    public var hostIsAddress: Bool { URLGrammar.isAddress(self.host) }

    /// Host and port in full, as CONNECT wants them (RFC 9110 §9.3.6).
    var connectTarget: String { "\(self.bracketedHost):\(self.port)" }

    private var bracketedHost: String { self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]" : self.host }

    static func defaultPort(isSecure: Bool) -> Int { isSecure ? 443 : 80 }

    private static func takeScheme(_ rest: inout Substring) throws(WebSocketURLError) -> Bool {
        guard let colon = rest.firstIndex(of: ":"), rest[colon...].hasPrefix("://") else {
            throw WebSocketURLError("it must start with ws:// or wss://")
        }
        let scheme = rest[..<colon].lowercased()
        rest = rest[colon...].dropFirst(3)
        switch scheme {
        case "ws": return false
        case "wss": return true
        default: throw WebSocketURLError("its scheme must be ws or wss")
        }
    }

    static func requireTarget(_ text: Substring) throws(WebSocketURLError) -> String {
        guard URLGrammar.isPathAndQuery(text) else {
            throw WebSocketURLError("its path or query has a character that must be percent-encoded (RFC 3986 §3.3)")
        }
        return text.first == "/" ? String(text) : "/" + text
    }
}

/// What is wrong with a URL.
public struct WebSocketURLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that was broken.
    public let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// The reason, as half a sentence after "the URL is refused".
    public var description: String { "the URL is refused: \(self.reason)" }
}

/// `[userinfo "@"] host [":" port]` (RFC 3986 §3.2).
struct URLAuthority {
    let host: String
    let port: Int?
    package let basicAuthorization: String?

    init(_ text: Substring) throws(WebSocketURLError) {
        var rest = text
        self.basicAuthorization = try Self.takeUserinfo(&rest)
        self.host = try Self.takeHost(&rest)
        self.port = try Self.takePort(rest)
    }

    /// RFC 3986 §3.2.1. A second "@" is an error, because readers differ on which one ends the userinfo.
    private static func takeUserinfo(_ rest: inout Substring) throws(WebSocketURLError) -> String? {
        guard let at = rest.firstIndex(of: "@") else { return nil }
        let userinfo = rest[..<at]
        rest = rest[at...].dropFirst()
        guard !rest.contains("@"), userinfo.utf8.allSatisfy({ URLGrammar.isUserinfoByte($0) }) else {
            throw WebSocketURLError("its userinfo has a character that must be percent-encoded (RFC 3986 §3.2.1)")
        }
        let colon = userinfo.firstIndex(of: ":") ?? userinfo.endIndex
        let user = try URLGrammar.percentDecoded(userinfo[..<colon])
        let password = try URLGrammar.percentDecoded(userinfo[colon...].dropFirst())
        // RFC 7617 §2: the user-id has no colon, and neither has control characters.
        guard !user.contains(UInt8(ascii: ":")), !(user + password).contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw WebSocketURLError("its userinfo cannot be sent as Basic credentials (RFC 7617 §2)")
        }
        return BasicCredentials.header(user: user, password: password)
    }

    private static func takeHost(_ rest: inout Substring) throws(WebSocketURLError) -> String {
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { throw WebSocketURLError("an IPv6 address must end with ]") }
            let host = rest[..<end].dropFirst().lowercased()
            rest = rest[end...].dropFirst()
            guard host.contains(":"), URLGrammar.isAddress(host) else {
                throw WebSocketURLError("it has no valid IPv6 address in brackets")
            }
            return host
        }
        let end = rest.firstIndex(of: ":") ?? rest.endIndex
        let host = rest[..<end].lowercased()
        rest = rest[end...]
        try URLGrammar.requireHostName(host)
        return host
    }

    private static func takePort(_ rest: Substring) throws(WebSocketURLError) -> Int? {
        guard let colon = rest.first else { return nil }
        let digits = rest.dropFirst()
        guard colon == ":" else { throw WebSocketURLError("after an IPv6 address comes a port or the path") }
        guard !digits.isEmpty else { return nil }
        guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ URLGrammar.isDigit($0) }), let port = Int(digits),
            (1...65_535).contains(port)
        else { throw WebSocketURLError("its port must be a number from 1 to 65535") }
        return port
    }
}
