import JWTKit

/// A key that tokens are checked with. It has one algorithm, whatever a token says of itself (RFC 8725 §3.1).
struct TokenKey: Sendable {
    let algorithm: TokenAlgorithm
    /// Which key it is, for tokens that say so (`kid`); nil: it is tried for all.
    let id: String?
    /// When it is no longer good, in seconds since 1970; nil: never.
    let validUntil: Double?
    private let check: any JWTAlgorithm

    /// What a key is made of.
    enum Material: Hashable, Sendable {
        case secret(String)
        /// PEM.
        case publicKey(String)
        /// What a key set has.
        case parameters(Parameters)
    }

    /// The numbers of a public key in base64url (RFC 7518 §6).
    struct Parameters: Hashable, Sendable {
        var x: String
        var y: String
        var modulus: String
        var exponent: String
    }

    /// Why there can be no such key.
    struct Unusable: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    init(_ algorithm: TokenAlgorithm, _ material: Material, id: String? = nil, validUntil: Double? = nil) async throws(Unusable) {
        self.algorithm = algorithm
        self.id = id
        self.validUntil = validUntil
        let keys = JWTKeyCollection()
        switch material {
        case .secret(let secret): try await Self.add(secret, algorithm, to: keys)
        case .publicKey(let pem):
            guard !algorithm.isSymmetric else { throw Unusable(description: "\(algorithm.rawValue) has a secret and no public key") }
            guard !pem.contains("PRIVATE KEY") else {
                throw Unusable(description: "it is a private key, which the server must not have; give the public one")
            }
            do { try await Self.add(pem: pem, algorithm, to: keys) } catch {
                throw Unusable(description: "it is no public key for \(algorithm.rawValue) in PEM, or too short a one (RSA: 2048 bits)")
            }
        case .parameters(let parameters):
            do { try await Self.add(parameters, algorithm, to: keys) } catch {
                throw Unusable(description: "it is no public key for \(algorithm.rawValue), or too short a one (RSA: 2048 bits)")
            }
        }
        do { check = try await keys.getKey() } catch { throw Unusable(description: "the key can't be used") }
    }

    private static func add(_ secret: String, _ algorithm: TokenAlgorithm, to keys: JWTKeyCollection) async throws(Unusable) {
        guard let least = algorithm.leastSecretBytes else {
            throw Unusable(description: "\(algorithm.rawValue) has a public key and no secret")
        }
        // RFC 8725 §2.1: whoever has the public key would sign.
        guard !secret.contains("-----BEGIN") else { throw Unusable(description: "it is a key in PEM, not a secret") }
        guard secret.utf8.count >= least else {
            throw Unusable(
                description:
                    "the secret has \(secret.utf8.count) bytes and \(algorithm.rawValue) needs at least \(least); make one with `openssl rand -hex \(least)`"
            )
        }
        let digest: DigestAlgorithm =
            switch algorithm {
            case .hs384: .sha384
            case .hs512: .sha512
            default: .sha256
            }
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: digest)
    }

    private static func add(pem: String, _ algorithm: TokenAlgorithm, to keys: JWTKeyCollection) async throws {
        switch algorithm {
        case .rs256: await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha256)
        case .rs384: await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha384)
        case .rs512: await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha512)
        case .es256: await keys.add(ecdsa: try ES256PublicKey(pem: pem))
        case .es384: await keys.add(ecdsa: try ES384PublicKey(pem: pem))
        case .es512: await keys.add(ecdsa: try ES512PublicKey(pem: pem))
        case .edDSA: await keys.add(eddsa: try EdDSA.PublicKey(pem: pem))
        case .hs256, .hs384, .hs512: break
        }
    }

    private static func add(_ parameters: Parameters, _ algorithm: TokenAlgorithm, to keys: JWTKeyCollection) async throws {
        let point = (x: parameters.x, y: parameters.y)
        var rsa: Insecure.RSA.PublicKey {
            get throws { try Insecure.RSA.PublicKey(modulus: parameters.modulus, exponent: parameters.exponent) }
        }
        switch algorithm {
        case .rs256: await keys.add(rsa: try rsa, digestAlgorithm: .sha256)
        case .rs384: await keys.add(rsa: try rsa, digestAlgorithm: .sha384)
        case .rs512: await keys.add(rsa: try rsa, digestAlgorithm: .sha512)
        case .es256: await keys.add(ecdsa: try ES256PublicKey(parameters: point))
        case .es384: await keys.add(ecdsa: try ES384PublicKey(parameters: point))
        case .es512: await keys.add(ecdsa: try ES512PublicKey(parameters: point))
        case .edDSA: await keys.add(eddsa: try EdDSA.PublicKey(x: parameters.x, curve: .ed25519))
        case .hs256, .hs384, .hs512: throw Unusable(description: "\(algorithm.rawValue) has a secret and no public key")
        }
    }

    /// For a key with a secret.
    func sign(_ content: [UInt8]) throws -> [UInt8] { try check.sign(content) }

    /// Whether this key signed it.
    func signed(_ content: ArraySlice<UInt8>, _ signature: [UInt8]) -> Bool {
        (try? check.verify(signature, signs: content)) ?? false
    }
}
