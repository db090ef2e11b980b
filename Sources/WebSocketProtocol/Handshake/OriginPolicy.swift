public import HTTPTypes

/// Which web pages may open a socket.
///
/// A browser sends a user's cookies with a WebSocket handshake from *any* page, and CORS does not apply to it: without a check of `Origin`, a
/// stranger's page speaks to your server as your user (cross-site WebSocket hijacking, RFC 6455 §10.2, CWE-1385). The policy looks at what a
/// browser cannot be made to forge. It says nothing about programs that are no browsers: they write any `Origin` they like.
///
/// Under every policy but the dangerous one, a request without `Origin` is permitted only if it has no cookie either: no browser sends such
/// a request, and a program that has a cookie can also send an origin.
public struct OriginPolicy: Sendable {
    private enum Rule: Sendable {
        case sameHost
        case allow([OriginPattern])
        case any
    }

    private let rule: Rule

    /// Pages of the host that the request is sent to (its `Host` or `:authority`), the default.
    ///
    /// Port included; a port that is missing on either side is the default of the origin's scheme. A page from `http:` may not reach a
    /// server that was called over TLS. Behind a proxy that rewrites `Host`, use ``allow(_:)``.
    public static let sameHost = OriginPolicy(rule: .sameHost)

    /// Pages of these origins and no others, not even of the same host.
    ///
    /// - Parameter patterns: Origins such as `https://example.com` or `https://*.example.com:8443`; a missing port is the scheme's default.
    ///   `*` stands for one or more characters other than `/` and `:`, dots included, so `https://*.example.com` matches `https://a.b.example.com`
    ///   but not `https://example.com`. Do not write `*example.com`: it matches `evilexample.com`. A pattern without a scheme, `example.com`, matches
    ///   `http` and `https`. The pattern `null` matches the origin `null` of sandboxed frames and local files, which any page can have.
    public static func allow(_ patterns: [String]) -> OriginPolicy {
        OriginPolicy(rule: .allow(patterns.map(OriginPattern.init)))
    }

    /// Any page in the world, with the cookies of your users. Only for servers where who a client is never follows from cookies, from client
    /// certificates or from the network it is in.
    public static let dangerouslyAllowAnyOrigin = OriginPolicy(rule: .any)

    /// Whether the request may open a socket.
    ///
    /// - Throws: ``HandshakeError`` with status 403.
    public func permits(_ request: HTTPRequest) throws(HandshakeError) {
        if case .any = self.rule { return }
        switch request.headerFields.single(.origin) {
        case .absent: try Self.requireNoCookie(request)
        case .repeated: throw .forbidden("there must be one Origin")
        case .once(let origin):
            guard self.permits(origin, request) else { throw .forbidden("this Origin is not permitted") }
        }
    }

    private static func requireNoCookie(_ request: HTTPRequest) throws(HandshakeError) {
        guard !request.headerFields.contains(.cookie) else { throw .forbidden("a request with cookies must have an Origin") }
    }

    private func permits(_ text: String, _ request: HTTPRequest) -> Bool {
        switch self.rule {
        case .any: true
        case .sameHost: WebOrigin(text).map { Self.isSameHost($0, request) } ?? false
        case .allow(let patterns): patterns.contains { $0.matches(text) }
        }
    }

    private static func isSameHost(_ origin: WebOrigin, _ request: HTTPRequest) -> Bool {
        guard origin.scheme == "https" || (origin.scheme == "http" && request.scheme != "https") else { return false }
        guard let (host, port) = request.authority.flatMap(WebOrigin.splitAuthority) else { return false }
        let isSamePort = origin.port == port ?? WebOrigin.defaultPort(of: origin.scheme)
        return isSamePort && FieldGrammar.equalIgnoringCase(host.utf8, origin.host.utf8)
    }
}

/// One pattern of ``OriginPolicy/allow(_:)``, its default port written out.
private struct OriginPattern: Sendable {
    private let globs: [[UInt8]]

    init(_ pattern: String) {
        let pattern = pattern.lowercased()
        if pattern == "null" {
            self.globs = [Array(pattern.utf8)]
        } else if let (scheme, authority) = Self.split(pattern) {
            self.globs = [Self.glob(scheme, authority)]
        } else {
            self.globs = [Self.glob("http", pattern), Self.glob("https", pattern)]
        }
    }

    func matches(_ text: String) -> Bool {
        guard text != "null" else { return self.globs.contains(Array(text.utf8)) }
        guard let origin = WebOrigin(text) else { return false }
        let normal = Array(origin.description.utf8)
        return self.globs.contains { Self.matches($0, normal) }
    }
}

extension OriginPattern {
    private static func split(_ pattern: String) -> (scheme: String, authority: String)? {
        guard let separator = WebOrigin.range(of: "://", in: pattern) else { return nil }
        return (String(pattern[..<separator.lowerBound]), String(pattern[separator.upperBound...]))
    }

    private static func glob(_ scheme: String, _ authority: String) -> [UInt8] {
        let afterAddress = authority.utf8.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
        let hasPort = authority[afterAddress...].utf8.contains(UInt8(ascii: ":"))
        let port = hasPort ? "" : WebOrigin.defaultPort(of: scheme).map { ":\($0)" } ?? ""
        return Array("\(scheme)://\(authority)\(port)".utf8)
    }

    /// Walks both once, falling back to the latest `*` alone: no pattern makes it slower than length times length. That is enough: what an
    /// earlier `*` could take over from the latest one, the latest could have taken itself.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (p, t) = (pattern.startIndex, text.startIndex)
        var star: (pattern: Int, text: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*"), self.isWild(text[t]) {
                star = (p + 1, t + 1)
                (p, t) = (p + 1, t + 1)
            } else if p < pattern.endIndex, pattern[p] == text[t] {
                (p, t) = (p + 1, t + 1)
            } else if let last = star, self.isWild(text[last.text]) {
                star = (last.pattern, last.text + 1)
                (p, t) = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return p == pattern.endIndex
    }

    private static func isWild(_ byte: UInt8) -> Bool {
        byte != UInt8(ascii: "/") && byte != UInt8(ascii: ":")
    }
}

extension HandshakeError {
    fileprivate static func forbidden(_ rule: String) -> HandshakeError {
        HandshakeError(rule: "RFC 6455 §10.2: \(rule)", status: .forbidden)
    }
}
