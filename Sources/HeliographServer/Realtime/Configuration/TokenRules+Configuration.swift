extension TokenRules {
    /// The keys and checks in a section; nil if it has no key.
    init(_ section: inout ConfigurationSection) async throws(ServeError) {
        var keys: [TokenKey] = []
        for (name, algorithms) in Self.named {
            guard let value = section.value(name) else { continue }
            let text = try value.text()
            keys.append(try await Self.key(value, algorithms, algorithms[0].isSymmetric ? .secret(text) : .publicKey(text)))
        }
        for value in try section.value("keys")?.list() ?? [] {
            var part = try ConfigurationSection(value)
            keys.append(try await Self.key(&part))
        }
        self.init(keys: keys, audience: try section.text("audience"), issuer: try section.text("issuer"))
        try section.finish()
        guard !keys.isEmpty else {
            throw section.value.error("it has no key; give hmac_secret_key, rsa_public_key, ecdsa_public_key, ed25519_public_key or keys")
        }
    }

    /// Keys by a name of their own, and what they can be: an ECDSA key's curve has one algorithm.
    private static let named: KeyValuePairs<String, [TokenAlgorithm]> = [
        "hmac_secret_key": [.hs256], "rsa_public_key": [.rs256], "ecdsa_public_key": [.es256, .es384, .es512],
        "ed25519_public_key": [.edDSA],
    ]

    private static func key(
        _ value: ConfigurationValue, _ algorithms: [TokenAlgorithm], _ material: TokenKey.Material, id: String? = nil
    ) async throws(ServeError) -> TokenKey {
        var problem: TokenKey.Unusable?
        for algorithm in algorithms {
            do throws(TokenKey.Unusable) {
                return try await TokenKey(algorithm, material, id: id)
            } catch {
                problem = problem ?? error
            }
        }
        throw value.error(problem?.description ?? "it can't be used")
    }

    private static func key(_ section: inout ConfigurationSection) async throws(ServeError) -> TokenKey {
        let choice = try section.required("algorithm")
        guard let algorithm = TokenAlgorithm(rawValue: try choice.text()) else {
            let names = TokenAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw choice.error("it must be one of \(names)")
        }
        let id = try section.text("id")
        let secret = section.value("secret")
        let publicKey = section.value("public_key")
        try section.finish()
        switch (secret, publicKey) {
        case (let secret?, nil): return try await key(secret, [algorithm], .secret(secret.text()), id: id)
        case (nil, let publicKey?): return try await key(publicKey, [algorithm], .publicKey(publicKey.text()), id: id)
        default: throw section.value.error("it must have either secret (HS256, HS384, HS512) or public_key (the others)")
        }
    }
}
