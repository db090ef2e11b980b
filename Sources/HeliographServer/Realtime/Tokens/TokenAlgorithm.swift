/// How tokens are signed (RFC 7518 §3.1, RFC 8037 §3.1). `none` is not among them.
enum TokenAlgorithm: String, Hashable, Sendable, CaseIterable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"

    /// Whether the key is a secret that also signs.
    var isSymmetric: Bool { leastSecretBytes != nil }

    /// RFC 7518 §3.2: a key at least as long as the hash. A shorter one can be found by trying, from one token alone.
    var leastSecretBytes: Int? {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        default: nil
        }
    }
}
