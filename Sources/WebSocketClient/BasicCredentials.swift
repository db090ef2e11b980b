import WebSocketProtocol

/// RFC 7617 §2: `Basic` and the base64 of `user:password` in UTF-8.
enum BasicCredentials {
    static func header(user: String, password: String) -> String {
        self.header(user: Array(user.utf8), password: Array(password.utf8))
    }

    static func header(user: [UInt8], password: [UInt8]) -> String {
        "Basic " + Base64.encode(user + [UInt8(ascii: ":")] + password)
    }
}
