/// Takes out of what is logged whatever lets somebody in: whoever reads logs need not be trusted with that.
enum LogRedaction {
    static let mark = "***"

    /// Whether a name says that what it names is a secret: `token`, `X-API-Key`, `hmac_secret_key`.
    static func isSecret(name: some StringProtocol) -> Bool {
        let name = name.lowercased().replacing("-", with: "_")
        return whole.contains(name) || parts.contains { name.contains($0) }
    }

    private static let whole: Set = ["key", "auth", "jwt", "sig", "signature", "cf_connect", "credentials", "passphrase"]
    private static let parts = [
        "token", "secret", "passwor", "passwd", "authorization", "cookie", "api_key", "apikey", "private_key", "hmac_",
    ]

    /// A text without the values of `token=…` and the like, of `"token":"…"`, what follows `Bearer` and `apikey`, and JSON web tokens.
    static func redacted(_ text: String) -> String {
        guard mayHaveSecrets(text) else { return text }
        var scan = Scan(Array(text.utf8))
        return scan.run()
    }

    private static func mayHaveSecrets(_ text: String) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            // "=", the quote of a name before ":", the end of a scheme such as Bearer, and the beginning of a JWT.
            if byte == 0x3D || (byte == 0x3A && previous == 0x22) || byte == 0x20 || (byte == 0x79 && previous == 0x65) { return true }
            previous = byte
        }
        return false
    }

    private struct Scan {
        let bytes: [UInt8]
        var result: [UInt8] = []
        var index = 0

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            result.reserveCapacity(bytes.count)
        }

        mutating func run() -> String {
            while index < bytes.count {
                if isWordStart, skipsWebToken() || skipsCredentials() { continue }
                let byte = bytes[index]
                let name = byte == 0x3D || byte == 0x3A ? nameBefore(quoted: byte == 0x3A) : nil
                result.append(byte)
                index += 1
                if let name, LogRedaction.isSecret(name: name) { skipValue() }
            }
            return String(decoding: result, as: UTF8.self)
        }

        private var isWordStart: Bool { index == 0 || !Self.isWord(bytes[index - 1]) }

        /// Letters, digits, `-`, `_`.
        private static func isWord(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x5F
        }

        private mutating func mark() { result.append(contentsOf: LogRedaction.mark.utf8) }

        /// The name that ends here, in quotes or not.
        private func nameBefore(quoted: Bool) -> String? {
            var end = index
            if quoted {
                guard end > 0, bytes[end - 1] == 0x22 else { return nil }
                end -= 1
            }
            var start = end
            while start > 0, end - start < 64, Self.isWord(bytes[start - 1]) { start -= 1 }
            return start < end ? String(decoding: bytes[start..<end], as: UTF8.self) : nil
        }

        /// Everything up to what can end a value: a quote if it began with one.
        private mutating func skipValue() {
            while index < bytes.count, bytes[index] == 0x20 { copy() }
            var ends: Set<UInt8> = [0x26, 0x3B, 0x20, 0x22, 0x27, 0x2C, 0x29, 0x7D, 0x5D, 0x23, 0x0A, 0x0D]
            if index < bytes.count, bytes[index] == 0x22 || bytes[index] == 0x27 {
                ends = [bytes[index]]
                copy()
            }
            guard index < bytes.count, !ends.contains(bytes[index]) else { return }
            while index < bytes.count, !ends.contains(bytes[index]) { index += 1 }
            mark()
        }

        private mutating func copy() {
            result.append(bytes[index])
            index += 1
        }

        /// `eyJ….….…` (RFC 7519).
        private mutating func skipsWebToken() -> Bool {
            guard bytes[index...].starts(with: Array("eyJ".utf8)) else { return false }
            let end = bytes[index...].firstIndex { !Self.isWord($0) && $0 != 0x2E } ?? bytes.count
            guard bytes[index..<end].contains(0x2E), end - index > 16 else { return false }
            index = end
            mark()
            return true
        }

        /// What follows the name of a scheme (RFC 9110 §11.4).
        private mutating func skipsCredentials() -> Bool {
            for scheme in ["bearer ", "apikey ", "basic "] {
                let scheme = Array(scheme.utf8)
                let found = bytes[index...].prefix(scheme.count)
                guard found.count == scheme.count, zip(found, scheme).allSatisfy({ $0 | 0x20 == $1 }) else { continue }
                let start = index + scheme.count
                let end = bytes[start...].firstIndex { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 || $0 == 0x2C } ?? bytes.count
                // "basic needs" is English.
                guard end - start >= 8 else { continue }
                result.append(contentsOf: found)
                index = end
                mark()
                return true
            }
            return false
        }
    }
}
