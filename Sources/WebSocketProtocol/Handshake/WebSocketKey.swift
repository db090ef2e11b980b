/// `Sec-WebSocket-Key` (RFC 6455 §4.1 item 7): sixteen random bytes in base64.
enum WebSocketKey {
    /// A new key from the system's random numbers.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let words = (generator.next(), generator.next())
        return withUnsafeBytes(of: words) { Base64.encode($0) }
    }

    /// Whether a key is the one base64 text (RFC 4648 §3.5, canonical) of sixteen bytes: 22 digits, of which the last has its four
    /// spare bits zero, and `==`.
    static func isValid(_ key: String) -> Bool {
        var index = 0
        for byte in key.utf8 {
            switch index {
            case 0..<21: guard Base64.value(of: byte) != nil else { return false }
            case 21: guard let last = Base64.value(of: byte), last & 0x0F == 0 else { return false }
            case 22, 23: guard byte == UInt8(ascii: "=") else { return false }
            default: return false
            }
            index += 1
        }
        return index == 24
    }
}

/// `Sec-WebSocket-Accept` (RFC 6455 §4.2.2 item 5.4).
enum WebSocketAccept {
    /// The value that proves a key was understood: base64(SHA-1(key + GUID)).
    static func value(forKey key: String) -> String {
        let digest = SHA1.digest(of: key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        let words = (digest.0.bigEndian, digest.1.bigEndian, digest.2.bigEndian, digest.3.bigEndian, digest.4.bigEndian)
        return withUnsafeBytes(of: words) { Base64.encode($0) }
    }
}
