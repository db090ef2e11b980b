import Crypto
import FoundationEssentials
public import NIOCore

/// The field `Heliograph-Signature`: `t=1764509400,v1=5257a8…`, with a `v1` for each secret.
///
/// Each is the HMAC-SHA256 (RFC 2104) of the time, a point and the body. Who checks it compares the time with the clock: a request that somebody repeats
/// later is too old, and one with another time has no signature that fits.
public enum EventSignature {
    public static let field = "Heliograph-Signature"

    /// - Parameters:
    ///   - body: of the request, byte for byte.
    ///   - secrets: each signs.
    ///   - time: seconds since 1970.
    public static func value(_ body: ByteBuffer, secrets: [String], time: Int64) -> String {
        (["t=\(time)"] + secrets.map { "v1=\(hexadecimal(code(body, $0, time)))" }).joined(separator: ",")
    }

    /// Whether a request is from whom it should be, for backends in Swift.
    ///
    /// - Parameters:
    ///   - value: the field's.
    ///   - body: of the request, byte for byte.
    ///   - secret: one of those that sign.
    ///   - now: seconds since 1970.
    ///   - tolerance: how old, and how far ahead, it may be. Default 5 minutes.
    public static func isValid(_ value: String, body: ByteBuffer, secret: String, now: Int64, tolerance: Int64 = 300) -> Bool {
        var time: Int64?
        var codes: [Substring] = []
        for part in value.split(separator: ",").prefix(16) {
            if part.hasPrefix("t=") { time = Int64(part.dropFirst(2)) }
            if part.hasPrefix("v1=") { codes.append(part.dropFirst(3)) }
        }
        guard let time, isNear(time, now, tolerance) else { return false }
        let expected = Array(hexadecimal(code(body, secret, time)).utf8)
        return codes.contains { isSame(Array($0.utf8), expected) }
    }

    private static func isNear(_ time: Int64, _ now: Int64, _ tolerance: Int64) -> Bool {
        let (age, isFar) = now.subtractingReportingOverflow(time)
        return !isFar && tolerance >= 0 && age.magnitude <= tolerance.magnitude
    }

    private static func code(_ body: ByteBuffer, _ secret: String, _ time: Int64) -> HMAC<SHA256>.MAC {
        var hmac = HMAC<SHA256>(key: SymmetricKey(data: Array(secret.utf8)))
        hmac.update(data: Array("\(time).".utf8))
        body.withUnsafeReadableBytes { hmac.update(data: $0) }
        return hmac.finalize()
    }

    private static func hexadecimal(_ code: HMAC<SHA256>.MAC) -> String {
        code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// In a time that says nothing of where they differ.
    private static func isSame(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        return zip(first, second).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
