import RealtimeHub
import RealtimeProtocol

extension TokenClaims {
    /// What says which token it is: `jti`, `sid` and `iat`.
    func origin(user: String) throws(TokenError) -> TokenOrigin {
        let issuedAt = try time("iat") ?? 0
        return TokenOrigin(user: user, id: try string("jti"), session: try string("sid"), issuedAt: Int64(issuedAt * 1_000))
    }

    /// `caps`: `[{"channels": ["news:*"], "allow": ["sub", "hst"]}, …]`.
    func capabilities() throws(TokenError) -> Capabilities {
        guard let value = members["caps"] else { return Capabilities() }
        guard let elements = try? value.elements() else { throw .invalid("caps is no list") }
        var list: [Capabilities.Capability] = []
        var count = 0
        for element in elements {
            guard let fields = try? element.members() else { throw .invalid("caps has what is no object") }
            let claims = TokenClaims(fields)
            let patterns = try claims.patterns()
            count += patterns.count
            guard count <= Capabilities.maxPatterns else { throw .invalid("caps has more than \(Capabilities.maxPatterns) patterns") }
            list.append(Capabilities.Capability(patterns, try claims.operations()))
        }
        return Capabilities(list)
    }

    private func patterns() throws(TokenError) -> [ChannelPattern] {
        // What is not understood may be a restriction.
        if let other = members.keys.filter({ $0 != "channels" && $0 != "allow" }).min() {
            throw .invalid("caps has \(other.prefix(32)), which is not known")
        }
        guard members["channels"] != nil else { throw .invalid("caps has an entry without channels") }
        var patterns: [ChannelPattern] = []
        for text in try strings("channels") {
            guard let pattern = try? ChannelPattern(text) else { throw .invalid("caps has what is no pattern") }
            patterns.append(pattern)
        }
        return patterns
    }

    private func operations() throws(TokenError) -> Set<Namespaces.Operation> {
        var operations: Set<Namespaces.Operation> = []
        for word in try strings("allow") {
            switch word {
            case "sub", "subscribe": operations.insert(.subscribe)
            case "pub", "publish": operations.insert(.publish)
            case "prs", "presence": operations.insert(.presence)
            case "hst", "history": operations.insert(.history)
            default: throw .invalid("caps allows what is not known")
            }
        }
        guard !operations.isEmpty else { throw .invalid("caps has an entry that allows nothing") }
        return operations
    }
}
