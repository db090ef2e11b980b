import HTTPTypes

/// What a client does when the server answers the handshake with a redirect (3xx and `Location`).
public struct RedirectPolicy: Hashable, Sendable {
    let max: Int

    /// A redirect is a refusal (default). A browser does the same (WHATWG WebSockets: redirect mode "error").
    public static let refuse = RedirectPolicy(max: 0)

    /// Goes where the server points, at most `max` times in a row. A redirect from `wss` to `ws` is refused, and to another host the
    /// `Authorization` and `Cookie` fields are not sent.
    public static func follow(max: Int) -> RedirectPolicy { RedirectPolicy(max: Swift.max(max, 0)) }
}

extension WebSocketURL {
    /// RFC 9110 §15.4: the statuses that ask for the same request elsewhere. (300 offers a choice; 304 and 305 are something else.)
    static func isRedirect(_ status: HTTPResponse.Status) -> Bool {
        [301, 302, 303, 307, 308].contains(status.code)
    }

    /// Where a `Location` leads from here (RFC 3986 §5.2). `http` and `https` count as `ws` and `wss`: that is how web servers write them.
    func redirected(to location: String) throws(WebSocketURLError) -> WebSocketURL {
        guard location.utf8.count <= Self.maxBytes else { throw WebSocketURLError("it is longer than \(Self.maxBytes) bytes") }
        // RFC 9110 §10.2.2: a Location may have a fragment; it is not part of what is asked for.
        let text = location.prefix { $0 != "#" }
        let next = try self.resolve(text)
        guard next.isSecure || !self.isSecure else { throw WebSocketURLError("a redirect must not lead from wss to ws") }
        guard next.basicAuthorization == nil else {
            throw WebSocketURLError("a redirect must not bring credentials of its own")
        }
        return next
    }

    private func resolve(_ text: Substring) throws(WebSocketURLError) -> WebSocketURL {
        let firstSegment = text.prefix { $0 != "/" && $0 != "?" }
        if let colon = firstSegment.firstIndex(of: ":") {
            let scheme = text[..<colon].lowercased()
            let replacement = scheme == "http" ? "ws" : scheme == "https" ? "wss" : scheme
            return try WebSocketURL(replacement + text[colon...])
        }
        if text.hasPrefix("//") { return try WebSocketURL((self.isSecure ? "wss:" : "ws:") + text) }
        try URLGrammar.requireText(text)
        let here = self.target.prefix { $0 != "?" }
        let target: Substring
        switch text.first {
        case nil: target = self.target[...]
        case "/": target = text
        case "?": target = here + text
        default: target = here[...(here.lastIndex(of: "/") ?? here.startIndex)] + text
        }
        return WebSocketURL(
            isSecure: self.isSecure,
            host: self.host,
            port: self.port,
            target: Self.withoutDotSegments(try Self.requireTarget(target)),
            basicAuthorization: nil
        )
    }

    /// RFC 3986 §5.2.4.
    private static func withoutDotSegments(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        var kept: [Substring] = []
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment == ".." { _ = kept.popLast() }
            if segment != "..", segment != "." { kept.append(segment) } else if isLast { kept.append("") }
        }
        return "/" + kept.joined(separator: "/") + target[path.endIndex...]
    }

    /// Whether credentials meant for `other` may be sent here: the same host and port, or the same host when both ports are their scheme's
    /// (a `ws` site that moves to `wss`).
    func isSameSite(as other: WebSocketURL) -> Bool {
        guard self.host == other.host else { return false }
        let bothDefault =
            self.port == Self.defaultPort(isSecure: self.isSecure) && other.port == Self.defaultPort(isSecure: other.isSecure)
        return self.port == other.port || bothDefault
    }
}
