import RealtimeHub

extension TokenRules {
    /// The keys and checks in a section; nil if there is no section, or no key in it that can be used.
    init?(_ section: ConfigurationSection?) async {
        guard let section else { return nil }
        var keys: [TokenKey] = []
        var count = 0
        for (name, algorithms) in Self.named {
            guard let value = section.value(name) else { continue }
            count += 1
            guard let text = value.string else { continue }
            if let key = await Self.key(value, algorithms, algorithms[0].isSymmetric ? .secret(text) : .publicKey(text)) {
                keys.append(key)
            }
        }
        for part in section.sections("keys") {
            count += 1
            if let key = await Self.key(part) { keys.append(key) }
        }
        self.init(keys: keys, audience: section.text("audience"), issuer: section.text("issuer"))
        audiencePattern = Self.regex("audience_regex", besides: "audience", section)
        issuerPattern = Self.regex("issuer_regex", besides: "issuer", section)
        if let claim = section.value("user_id_claim"), let name = claim.string {
            if name.isEmpty { claim.report("it must be the name of a claim") } else { userClaim = name }
        }
        if let value = section.value("jwks_public_endpoint"), let url = value.string {
            count += 1
            if let objection = KeySetFetcher.objection(to: url) { value.report(objection) }
            keySet = Self.keySet(url, section)
        }
        if count == 0 {
            section.value.report(
                """
                it has no key; give hmac_secret_key, rsa_public_key, ecdsa_public_key, ed25519_public_key, keys or \
                jwks_public_endpoint
                """)
        }
    }

    private static func regex(_ name: String, besides plain: String, _ section: ConfigurationSection) -> ChannelRegex? {
        guard let value = section.value(name), let text = value.string else { return nil }
        if section.value(plain) != nil { value.report("there is \(plain) too; give one of them") }
        do throws(ChannelRegex.SyntaxError) { return try ChannelRegex(text) } catch {
            value.report("it is no regular expression: \(error)")
        }
        return nil
    }

    private static func keySet(_ url: String, _ section: ConfigurationSection) -> KeySet {
        var source = KeySet.Source(url: url)
        section.read("jwks_refresh_interval", into: &source.times.refresh)
        section.read("jwks_timeout", into: &source.timeout)
        source.times.stale = max(source.times.stale, source.times.refresh * 2)
        return KeySet(source)
    }

    /// Keys by a name of their own, and what they can be: an ECDSA key's curve has one algorithm.
    private static let named: KeyValuePairs<String, [TokenAlgorithm]> = [
        "hmac_secret_key": [.hs256], "rsa_public_key": [.rs256], "ecdsa_public_key": [.es256, .es384, .es512],
        "ed25519_public_key": [.edDSA],
    ]

    private static func key(
        _ value: ConfigurationValue, _ algorithms: [TokenAlgorithm], _ material: TokenKey.Material, id: String? = nil,
        validUntil: Int? = nil
    ) async -> TokenKey? {
        var problem: TokenKey.Unusable?
        for algorithm in algorithms {
            do throws(TokenKey.Unusable) {
                return try await TokenKey(algorithm, material, id: id, validUntil: validUntil.map(Double.init))
            } catch {
                problem = problem ?? error
            }
        }
        value.report(problem?.description ?? "it can't be used")
        return nil
    }

    private static func key(_ section: ConfigurationSection) async -> TokenKey? {
        let choice = section.required("algorithm")
        let id = section.text("id")
        let secret = section.value("secret")
        let publicKey = section.value("public_key")
        var until = 0
        section.read("valid_until", into: &until)
        guard let choice, let name = choice.string else { return nil }
        guard let algorithm = TokenAlgorithm(rawValue: name) else {
            choice.report("it must be one of \(TokenAlgorithm.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        let material: TokenKey.Material
        switch (secret, publicKey) {
        case (let secret?, nil): material = .secret(secret.string ?? "")
        case (nil, let publicKey?): material = .publicKey(publicKey.string ?? "")
        default:
            section.value.report("it must have either secret (HS256, HS384, HS512) or public_key (the others)")
            return nil
        }
        return await key(secret ?? publicKey ?? section.value, [algorithm], material, id: id, validUntil: until > 0 ? until : nil)
    }
}
