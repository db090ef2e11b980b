/// What a view is made for.
public struct LiveRequest: Sendable, Hashable {
    /// The path and the query of the page.
    public internal(set) var url: String
    /// What the route's path has as parameters: `{id}`.
    public var parameters: [String: String]
    /// Of this browser: random, in a cookie.
    public var session: String
    /// Who the user is, if the application has found that out; see ``LiveRuntime/disconnect(user:)``.
    public var user: String?
    /// The route's path; nil: all addresses are its own.
    public var pattern: RoutePattern?
    /// Whether there is a browser that waits for what happens, or a page alone to be painted.
    public var isConnected: Bool

    public init(
        url: String = "/", parameters: [String: String] = [:], session: String = "", user: String? = nil, pattern: RoutePattern? = nil,
        isConnected: Bool = false
    ) {
        self.url = url
        self.parameters = parameters
        self.session = session
        self.user = user
        self.pattern = pattern
        self.isConnected = isConnected
    }

    /// The path, without the query.
    public var path: String { String(url.prefix { $0 != "?" }) }

    /// A value of the query, without its escapes; of several with this name the first.
    public func query(_ name: String) -> String? {
        guard let start = url.firstIndex(of: "?") else { return nil }
        for pair in url[url.index(after: start)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, PercentEncoding.decoded(key) == name else { continue }
            return parts.count == 2 ? PercentEncoding.decoded(parts[1]) : ""
        }
        return nil
    }

    /// Takes out of the query what the action of a form put there, so that the page's own address is left.
    public mutating func removeFormQuery() {
        guard let start = url.firstIndex(of: "?") else { return }
        let added = ["_event=", "_seal=", "_view=", "_key="]
        let own = url[url.index(after: start)...].split(separator: "&").filter { pair in !added.contains { pair.hasPrefix($0) } }
        url = path + (own.isEmpty ? "" : "?" + own.joined(separator: "&"))
    }

    /// The page's address as it is the same whether somebody asks for the page, posts a form of it, or connects: without a slash at the end of the path and without what a form's action has added.
    var address: String {
        var plain = self
        plain.removeFormQuery()
        let path = plain.path
        guard let last = path.lastIndex(where: { $0 != "/" }) else { return "/" + plain.url.dropFirst(path.count) }
        return String(path[...last]) + plain.url.dropFirst(path.count)
    }

    /// Whether this is a path and perhaps a query of the same origin: what a browser may say, and what it is told.
    static func isAddress(_ url: String) -> Bool {
        guard url.utf8.count <= 4_096, url.utf8.first == UInt8(ascii: "/") else { return false }
        let second = url.utf8.dropFirst().first
        guard second != UInt8(ascii: "/"), second != UInt8(ascii: "\\") else { return false }
        return url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "#") }
    }
}

/// The escapes of a query (application/x-www-form-urlencoded).
enum PercentEncoding {
    static func decoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                if digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
