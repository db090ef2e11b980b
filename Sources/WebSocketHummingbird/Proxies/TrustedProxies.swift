public import HTTPTypes

/// The proxies in front of a server whose word is taken for where a request comes from, and where they say it.
///
/// A field is only taken from a connection of one of these networks, and of its addresses the right-most that is not one of them: what stands to its
/// left was written by the client.
public struct TrustedProxies: Hashable, Sendable {
    /// The field in which the proxies name the client. One only: a proxy sets or removes the one that it knows, and lets the others through.
    public enum Field: String, CaseIterable, Sendable {
        case xForwardedFor = "X-Forwarded-For"
        /// RFC 7239.
        case forwarded = "Forwarded"
        /// It has one address, of which nothing says whether a proxy wrote it: the proxy must replace what clients send.
        case xRealIP = "X-Real-IP"
    }

    /// Whose word is taken. Default: nobody's.
    public var networks: [IPNetwork]
    /// Default: `X-Forwarded-For`.
    public var field: Field

    /// - Parameters:
    ///   - networks: the addresses of the proxies.
    ///   - field: where they say who the client is.
    public init(_ networks: [IPNetwork] = [], field: Field = .xForwardedFor) {
        self.networks = networks
        self.field = field
    }

    /// Whether it is one of the proxies.
    public func contains(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

    /// Who a request comes from.
    ///
    /// - Parameters:
    ///   - peer: who has connected.
    ///   - fields: of the request.
    /// - Returns: the client; if the proxies' field is not there or can't be read, the last proxy that is known.
    public func client(behind peer: IPAddress, _ fields: HTTPFields) -> IPAddress {
        guard !networks.isEmpty, contains(peer), let name = HTTPField.Name(field.rawValue) else { return peer }
        var client = peer
        for text in addresses(fields[values: name]).reversed() {
            guard let address = Self.address(text) else { return client }
            client = address
            guard contains(address) else { return client }
        }
        return client
    }

    /// From left to right.
    private func addresses(_ values: [String]) -> [Substring] {
        let elements = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map(\.trimmed)
        guard field == .forwarded else { return field == .xRealIP ? elements.suffix(1) : elements }
        return elements.map(Self.forValue)
    }

    /// What `for=` of an element says; nothing if there is none, or two. Quotes may hold a comma (RFC 7239 §4), but not in what is an address: a value
    /// torn at one is none.
    private static func forValue(_ element: Substring) -> Substring {
        let pairs = element.split(separator: ";").map(\.trimmed).filter { $0.prefix(4).lowercased() == "for=" }
        guard pairs.count == 1, let value = pairs.first?.dropFirst(4) else { return "" }
        guard value.hasPrefix("\"") else { return value }
        return value.count >= 2 && value.hasSuffix("\"") ? value.dropFirst().dropLast() : ""
    }

    /// An address, perhaps with a port: `192.0.2.1:80`, `[2001:db8::1]:80`, `[2001:db8::1]`, `2001:db8::1`.
    private static func address(_ text: Substring) -> IPAddress? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return nil }
            return IPAddress(text[text.index(after: text.startIndex)..<end])
        }
        guard let colon = text.firstIndex(of: ":"), !text[text.index(after: colon)...].contains(":") else { return IPAddress(text) }
        return isPort(text[colon...]) ? IPAddress(text[..<colon]) : nil
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.hasPrefix(":") && text.utf8.count <= 6 && UInt16(text.dropFirst()) != nil)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...last]
    }
}
