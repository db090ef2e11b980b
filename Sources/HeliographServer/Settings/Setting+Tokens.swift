extension Setting {
    /// The settings of keys for one kind of token.
    static func tokens(under section: String, _ whose: String) -> [Setting] {
        func setting(_ key: String, _ kind: Kind, _ usual: String? = nil, _ summary: String, isSecret: Bool = false) -> Setting {
            Setting("\(section).\(key)", kind, usual, summary, isReloaded: true, isSecret: isSecret)
        }
        return [
            setting("hmac_secret_key", .text, nil, "HS256: the secret of \(whose); at least 32 bytes.", isSecret: true),
            setting("rsa_public_key", .text, nil, "RS256: a public key in PEM."),
            setting("ecdsa_public_key", .text, nil, "ES256, ES384 or ES512, as the key's curve says: a public key in PEM."),
            setting("ed25519_public_key", .text, nil, "EdDSA: a public key in PEM."),
            setting(
                "keys", .sections, nil, "More keys, each with one algorithm: for others than the above, and to change keys without a break."
            ),
            setting("keys[].algorithm", .choice(TokenAlgorithm.allCases.map(\.rawValue)), nil, "How tokens are signed with it."),
            setting("keys[].id", .text, nil, "Tokens with another `kid` are not tried with it."),
            setting("keys[].secret", .text, nil, "The secret, for HS256 (32 bytes at least), HS384 (48) and HS512 (64).", isSecret: true),
            setting("keys[].public_key", .text, nil, "The public key in PEM, for the others."),
            setting("keys[].valid_until", .integer(0...253_402_300_799), nil, "When the key is no longer good, in seconds since 1970."),
            setting(
                "jwks_public_endpoint", .text, nil,
                "The address of a key set (RFC 7517), with `https`: its keys for RS, ES and EdDSA, by their `kid`. Tokens can't name another."
            ),
            setting("jwks_refresh_interval", .duration(atLeast: .seconds(60)), "1h", "How often the set is fetched anew."),
            setting("jwks_timeout", .duration(atLeast: .seconds(1)), "5s", "How long that may take."),
            setting("audience", .text, nil, "What `aud` of every token must be, or have among others."),
            setting("issuer", .text, nil, "What `iss` of every token must be."),
            setting("audience_regex", .text, nil, "In place of `audience`: what `aud`, or one of them, must match as a whole."),
            setting("issuer_regex", .text, nil, "In place of `issuer`: the same for `iss`."),
            setting("user_id_claim", .text, "sub", "The claim with the user."),
        ]
    }
}
