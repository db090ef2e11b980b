import JWTKit
import NIOCore
import RealtimeProtocol

/// A set of keys as it comes (RFC 7517 §5). Keys that are not for checking tokens, or of a kind that we do not have, are passed over (§5); the
/// rest must be what it says.
struct KeySetDocument {
    static let maxBytes = 256 << 10
    static let maxKeys = 64

    struct Malformed: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    private let members: [JSONValue]

    init(_ bytes: [UInt8]) throws(Malformed) {
        guard bytes.count <= Self.maxBytes else { throw Malformed(description: "larger than \(Self.maxBytes) bytes") }
        let keys: JSONValue?
        do throws(Wire.DecodingError) { keys = try JSONValue(ByteBuffer(bytes: bytes)).members()["keys"] } catch {
            throw Malformed(description: "it is no key set: \(error)")
        }
        guard let keys else { throw Malformed(description: "there is no list of keys") }
        do throws(Wire.DecodingError) { members = try keys.elements() } catch {
            throw Malformed(description: "it is no key set: \(error)")
        }
        guard members.count <= Self.maxKeys else { throw Malformed(description: "more than \(Self.maxKeys) keys") }
    }

    /// - Throws: if not one of them can be used: whoever made the set meant something else.
    func keys() async throws(Malformed) -> [TokenKey] {
        var keys: [TokenKey] = []
        for member in members {
            guard let fields = try? member.members() else { continue }
            keys += await KeySetEntry(fields).keys()
        }
        guard !keys.isEmpty else { throw Malformed(description: "there is no key in it that can be used") }
        return keys
    }
}

/// One key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
private struct KeySetEntry {
    private let fields: [String: JSONValue]

    init(_ fields: [String: JSONValue]) { self.fields = fields }

    private func text(_ name: String) -> String? { try? fields[name]?.string() }

    /// Empty: it is not for us. An RSA key that does not say its algorithm is for all three; every other has one.
    func keys() async -> [TokenKey] {
        guard text("use") ?? "sig" == "sig", isForVerifying, fields["kid"] == nil || text("kid") != nil else { return [] }
        var keys: [TokenKey] = []
        for algorithm in algorithms where text("alg") == nil || text("alg") == algorithm.rawValue {
            guard let key = try? await TokenKey(algorithm, .parameters(parameters), id: text("kid")) else { continue }
            keys.append(key)
        }
        return keys
    }

    private var isForVerifying: Bool {
        guard let operations = fields["key_ops"] else { return true }
        return (try? operations.elements())?.contains { (try? $0.string()) == "verify" } ?? false
    }

    private var algorithms: [TokenAlgorithm] {
        switch (text("kty"), text("crv")) {
        case ("RSA", _): [.rs256, .rs384, .rs512]
        case ("EC", "P-256"): [.es256]
        case ("EC", "P-384"): [.es384]
        case ("EC", "P-521"): [.es512]
        case ("OKP", "Ed25519"): [.edDSA]
        default: []
        }
    }

    private var parameters: TokenKey.Parameters {
        TokenKey.Parameters(x: text("x") ?? "", y: text("y") ?? "", modulus: text("n") ?? "", exponent: text("e") ?? "")
    }
}
