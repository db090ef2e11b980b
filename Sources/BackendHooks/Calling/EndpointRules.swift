import FoundationEssentials

/// What an endpoint's address must be. It comes from the configuration and nowhere else; still what is sent there are cookies and tokens.
public enum EndpointRules {
    /// What is wrong with an address; nil: nothing.
    ///
    /// - Parameters:
    ///   - text: the address.
    ///   - dangerouslyAllowsPlainHTTP: whether `http` is good for hosts that others may stand before. Default false.
    public static func objection(to text: String, dangerouslyAllowsPlainHTTP: Bool = false) -> String? {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), let host = url.host(), !host.isEmpty else {
            return "it must be an address such as http://127.0.0.1:3000/hooks"
        }
        if scheme == "grpc" { return "there is no gRPC here; give an address with http or https" }
        guard scheme == "http" || scheme == "https" else { return "it must be http or https" }
        guard url.user() == nil, url.password() == nil else { return "it must not have a user or a password; give a header" }
        if url.fragment() != nil { return "it must not have a fragment" }
        guard scheme == "https" || dangerouslyAllowsPlainHTTP || isNear(host) else {
            return
                "it must be https: what is sent there would be read by whoever is on the way; http is for this machine and private networks"
        }
        return nil
    }

    /// An address without its query, for the log.
    static func shown(_ text: String) -> String {
        String(text.prefix { $0 != "?" && $0 != "#" })
    }

    /// This machine, or a network that is not the Internet: by the address, or a name that no public server has.
    static func isNear(_ host: String) -> Bool {
        let host = host.lowercased().trimmingPrefix("[").prefix { $0 != "]" && $0 != "%" }
        if host.contains(":") { return isNearIPv6(host) }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) { return isNearIPv4(parts.compactMap { UInt8($0) }) }
        return parts.count == 1 && parts.first.map { Int($0) == nil && !$0.hasPrefix("0x") } ?? false
            || ["localhost", "internal", "local", "svc", "test"].contains(parts.last.map(String.init) ?? "")
    }

    private static func isNearIPv4(_ bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1]) {
        case (127, _), (10, _), (192, 168), (172, 16...31), (100, 64...127): true
        default: false
        }
    }

    private static func isNearIPv6(_ text: Substring) -> Bool {
        text == "::1" || text.hasPrefix("fc") || text.hasPrefix("fd") || ["fe8", "fe9", "fea", "feb"].contains(text.prefix(3))
    }
}
