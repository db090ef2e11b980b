import NIOCore

/// The character classes of RFC 3986 that the URL reader needs, on bytes.
enum URLGrammar {
    /// What may stand after the scheme at all: printable ASCII, and no fragment.
    static func requireText(_ text: Substring) throws(WebSocketURLError) {
        for byte in text.utf8 {
            guard byte != UInt8(ascii: "#") else { throw WebSocketURLError("a WebSocket URL must not have a fragment (RFC 6455 §3)") }
            guard byte > 0x20, byte < 0x7F else {
                throw WebSocketURLError("it has a space, a control character or text that is not ASCII (RFC 3986 §2)")
            }
        }
    }

    /// A name of DNS or an IPv4 address in its usual form.
    static func requireHostName(_ host: String) throws(WebSocketURLError) {
        guard !host.isEmpty else { throw WebSocketURLError("it has no host") }
        guard host.utf8.count <= 253, host.utf8.allSatisfy({ self.isHostByte($0) }) else {
            throw WebSocketURLError("its host is not a name of letters, digits, dots and hyphens, nor an address")
        }
        let name = host.hasSuffix(".") ? host.dropLast() : host[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy({ (1...63).contains($0.utf8.count) }), let last = labels.last else {
            throw WebSocketURLError("its host has an empty or too long label")
        }
        guard self.looksLikeNumber(last) else { return }
        guard host == name, labels.count == 4, labels.allSatisfy(self.isOctet) else {
            throw WebSocketURLError("its host looks like a number but is not an IPv4 address")
        }
    }

    /// Decimal, or hexadecimal with 0x: the forms that `inet_aton` reads as part of an address.
    private static func looksLikeNumber(_ label: Substring) -> Bool {
        if label.hasPrefix("0x") { return label.dropFirst(2).utf8.allSatisfy { self.hexValue($0) != nil } }
        return label.utf8.allSatisfy { self.isDigit($0) }
    }

    /// 0 to 255 without a leading zero, which some readers take for octal.
    private static func isOctet(_ label: Substring) -> Bool {
        guard label.utf8.allSatisfy({ self.isDigit($0) }), label == "0" || label.first != "0" else { return false }
        return UInt8(label) != nil
    }

    static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    /// RFC 3986 §3.3 and §3.4: `path-abempty [ "?" query ]`.
    static func isPathAndQuery(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { self.isPathByte($0) } && self.percentTripletsAreWhole(text)
    }

    static func percentDecoded(_ text: Substring) throws(WebSocketURLError) -> [UInt8] {
        guard self.percentTripletsAreWhole(text) else { throw WebSocketURLError("a % must be followed by two hexadecimal digits") }
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let high = rest.popFirst().flatMap(self.hexValue),
                let low = rest.popFirst().flatMap(self.hexValue)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func percentTripletsAreWhole(_ text: Substring) -> Bool {
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else { continue }
            guard rest.popFirst().flatMap(self.hexValue) != nil, rest.popFirst().flatMap(self.hexValue) != nil else { return false }
        }
        return true
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        self.isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    static func isUserinfoByte(_ byte: UInt8) -> Bool {
        self.isUnreserved(byte) || self.isSubDelimiter(byte) || byte == UInt8(ascii: "%") || byte == UInt8(ascii: ":")
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        self.isUserinfoByte(byte) || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?")
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        self.isLetterOrDigit(byte) || "-._~".utf8.contains(byte)
    }

    private static func isSubDelimiter(_ byte: UInt8) -> Bool {
        "!$&'()*+,;=".utf8.contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
