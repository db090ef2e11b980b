import NIOCore
import RealtimeHub
import RealtimeProtocol

/// A token in its three parts (RFC 7515 §7.1). Nothing in it is believed yet, and nothing but the header has been looked into.
struct SignedToken {
    /// Longer ones are no tokens: each costs the checking of a signature.
    static let maxBytes = 16 << 10

    let algorithm: TokenAlgorithm
    let keyID: String?
    /// What is signed.
    let content: ArraySlice<UInt8>
    let signature: [UInt8]
    private let payload: ArraySlice<UInt8>

    init(_ token: String) throws(TokenError) {
        guard token.utf8.count <= Self.maxBytes else { throw .invalid("longer than \(Self.maxBytes) bytes") }
        let bytes = Array(token.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .invalid("it does not have three parts") }
        guard let signature = Base64.decode(parts[2], .url), !signature.isEmpty else { throw .invalid("no signature") }
        self.signature = signature
        payload = parts[1]
        content = bytes[..<parts[1].endIndex]
        let header = try Self.object(parts[0], "header")
        // RFC 7515 §4.1.11: what is critical must be understood, and nothing of it is.
        guard header["crit"] == nil else { throw .invalid("its header has crit, of which nothing is understood") }
        // §4.1.10 and RFC 7797: what says how the content is to be read.
        guard header["b64"] == nil, header["enc"] == nil, header["zip"] == nil else { throw .invalid("its content is not plain") }
        guard let name = try? header["alg"]?.string() else { throw .invalid("its header has no alg") }
        guard let algorithm = TokenAlgorithm(rawValue: name) else { throw .invalid("its alg is none that is accepted") }
        self.algorithm = algorithm
        guard let id = header["kid"] else {
            keyID = nil
            return
        }
        guard let id = try? id.string() else { throw .invalid("its kid is not text") }
        keyID = id
    }

    /// What it says, for whoever has checked the signature.
    func claims() throws(TokenError) -> [String: JSONValue] {
        try Self.object(payload, "payload")
    }

    private static func object(_ text: ArraySlice<UInt8>, _ part: String) throws(TokenError) -> [String: JSONValue] {
        guard let bytes = Base64.decode(text, .url) else { throw .invalid("its \(part) is not base64url") }
        do throws(Wire.DecodingError) {
            return try JSONValue(ByteBuffer(bytes: bytes)).members()
        } catch {
            throw .invalid("its \(part) is no JSON object: \(error)")
        }
    }
}
