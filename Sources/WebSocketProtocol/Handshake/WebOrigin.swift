/// An origin as a browser writes it (RFC 6454 §6.2): scheme, host and port, nothing else. Letters are lower case here, and the port of a
/// scheme that has a default is always there, so that two origins are the same exactly when they are equal.
struct WebOrigin: Hashable, CustomStringConvertible {
    let scheme: String
    let host: String
    /// Nil only for schemes such as `chrome-extension`.
    let port: Int?

    /// No origin that a browser sends is longer: a host name has 253 bytes.
    static let maxBytes = 512

    /// Reads `https://example.com` or `https://example.com:8443`. Nil for anything else: `null`, user information, a path, bytes beyond ASCII
    /// (a browser sends `xn--…`).
    init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes, let separator = Self.range(of: "://", in: text) else { return nil }
        let scheme = text[..<separator.lowerBound]
        guard let first = scheme.utf8.first, Self.isLetter(first), scheme.utf8.allSatisfy(Self.isSchemeByte) else { return nil }
        guard let (host, port) = Self.splitAuthority(String(text[separator.upperBound...])) else { return nil }
        self.scheme = scheme.lowercased()
        self.host = host.lowercased()
        self.port = port ?? Self.defaultPort(of: self.scheme)
    }

    /// The origin with its port written out.
    var description: String {
        "\(self.scheme)://\(self.host)" + (self.port.map { ":\($0)" } ?? "")
    }

    /// 80, 443, or nil for a scheme that is not the web's.
    static func defaultPort(of scheme: String) -> Int? {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        default: nil
        }
    }

    /// Splits `host`, `host:port`, `[::1]` or `[::1]:port`. Nil when it is none of these.
    static func splitAuthority(_ authority: String) -> (host: String, port: Int?)? {
        guard authority.utf8.first == UInt8(ascii: "[") else { return self.splitName(authority) }
        guard let end = authority.utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let address = authority[authority.index(after: authority.startIndex)..<end]
        guard !address.isEmpty, address.utf8.allSatisfy(self.isAddressByte) else { return nil }
        let rest = authority[authority.index(after: end)...]
        let host = String(authority[...end])
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.utf8.first == UInt8(ascii: ":"), let port = self.port(rest.dropFirst()) else { return nil }
        return (host, port)
    }

    private static func splitName(_ authority: String) -> (host: String, port: Int?)? {
        let colon = authority.utf8.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        let host = authority[..<colon]
        guard !host.isEmpty, host.utf8.allSatisfy(self.isNameByte) else { return nil }
        guard colon != authority.endIndex else { return (String(host), nil) }
        guard let port = self.port(authority[authority.index(after: colon)...]) else { return nil }
        return (String(host), port)
    }

    private static func port(_ digits: Substring) -> Int? {
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard let port = Int(digits), (1...65_535).contains(port) else { return nil }
        return port
    }

    /// Where `needle`, which begins with a colon, is at the first colon.
    static func range(of needle: String, in text: String) -> Range<String.Index>? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[colon...].utf8.starts(with: needle.utf8) else { return nil }
        return colon..<text.utf8.index(colon, offsetBy: needle.utf8.count)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(FieldGrammar.lowercased(byte))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        self.isLetter(byte) || self.isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    /// Names and IPv4 addresses. `_` is no host name by RFC 952, but people have them on their networks.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        self.isLetter(byte) || self.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    /// IPv6, with an IPv4 tail or a zone.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        self.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(FieldGrammar.lowercased(byte)) || byte == UInt8(ascii: ":")
            || byte == UInt8(ascii: ".")
    }
}
