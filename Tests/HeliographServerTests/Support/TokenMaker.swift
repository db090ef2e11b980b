import Foundation
import JWTKit
import ServerTestSupport

/// Signs tokens, honest and forged ones.
struct TokenMaker: Sendable {
    let algorithm: any JWTAlgorithm

    /// As long as HS512 needs it.
    static let secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    static func hmac(_ secret: String = secret, _ digest: DigestAlgorithm = .sha256) async throws -> TokenMaker {
        TokenMaker(algorithm: try await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: digest).getKey())
    }

    static func ecdsa(_ key: some ECDSAKey) async throws -> TokenMaker {
        TokenMaker(algorithm: try await JWTKeyCollection().add(ecdsa: key).getKey())
    }

    static func edDSA(_ key: EdDSA.PrivateKey) async throws -> TokenMaker {
        TokenMaker(algorithm: try await JWTKeyCollection().add(eddsa: key).getKey())
    }

    static func rsa(_ pem: String, _ digest: DigestAlgorithm = .sha256) async throws -> TokenMaker {
        let key = try Insecure.RSA.PrivateKey(pem: pem)
        return TokenMaker(algorithm: try await JWTKeyCollection().add(rsa: key, digestAlgorithm: digest).getKey())
    }

    /// The token with these claims, in JSON; the header says the algorithm, unless it is given.
    func sign(_ claims: String, header: String? = nil) throws -> String {
        let content = Self.content(claims, header: header ?? #"{"alg":"\#(algorithm.name)","typ":"JWT"}"#)
        return "\(content).\(Self.base64URL(try algorithm.sign(Array(content.utf8))))"
    }

    static func content(_ claims: String, header: String) -> String {
        "\(base64URL(Array(header.utf8))).\(base64URL(Array(claims.utf8)))"
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// A pair of RSA keys in PEM, made once.
enum RSAKeys {
    static let pair = Task<(private: String, public: String), any Error> {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let (key, publicKey) = (folder.path("key.pem"), folder.path("public.pem"))
        for arguments in [
            ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key],
            ["pkey", "-in", key, "-pubout", "-out", publicKey],
        ] {
            let openssl = try await Command.run("/usr/bin/env", ["openssl"] + arguments)
            guard openssl.code == 0 else { throw Unexpected("openssl: \(openssl.errors)") }
        }
        return (try String(contentsOfFile: key, encoding: .utf8), try String(contentsOfFile: publicKey, encoding: .utf8))
    }
}
