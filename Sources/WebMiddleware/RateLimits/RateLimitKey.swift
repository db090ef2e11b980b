import Crypto
public import HTTPTypes
public import Hummingbird
import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Whose bucket a request's token is taken from.
public struct RateLimitKey<Context: RequestContext>: Sendable {
    private let find: @Sendable (Request, Context) -> String?

    /// - Parameter key: the name of the bucket; nil: the request is not limited.
    public init(_ key: @escaping @Sendable (Request, Context) -> String?) {
        find = key
    }

    /// One bucket for all.
    public static var everybody: RateLimitKey { RateLimitKey { _, _ in "" } }

    /// A bucket for each value of a header. Requests without it share one: leaving it out frees nobody.
    ///
    /// A client chooses its headers. Use one that is checked before, such as a key, or that a proxy sets and does not let in from outside.
    public static func header(_ name: HTTPField.Name) -> RateLimitKey {
        RateLimitKey { request, _ in request.headers[name] ?? "" }
    }

    /// A bucket for each address, which the last of our own proxies saw: the right one of `X-Forwarded-For`, counted from its end. What stands
    /// before it was written by the client. It trusts whoever connects: only our proxies may be able to.
    ///
    /// - Parameter proxies: how many proxies of ours each request passes, each of which appends the address that it sees. With a wrong number
    ///   everybody shares a bucket, or everybody can choose one.
    public static func forwardedAddress(proxies: Int) -> RateLimitKey {
        RateLimitKey { request, _ in
            guard let name = HTTPField.Name("X-Forwarded-For") else { return "" }
            let addresses = request.headers[values: name].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            guard proxies > 0, let address = addresses.dropLast(proxies - 1).last else { return "" }
            return network(of: address.filter { $0 != " " && $0 != "\t" })
        }
    }

    /// A bucket for each address that a request is from, as somebody has found out who knows whom to believe; of IPv6 for each network of 64 bits. Requests without one share one.
    ///
    /// ```swift
    /// // What `WebSocketHummingbird` says: the peer, or whom its server's `trustedProxies` and a PROXY header name. It believes nobody else.
    /// router.add(middleware: RateLimit(.perMinute(600), key: .address { $0.clientAddress?.description }))
    /// ```
    ///
    /// - Parameter find: the address of a request. It must not be taken from a field that clients can write.
    public static func address(_ find: @escaping @Sendable (Request) -> String?) -> RateLimitKey {
        RateLimitKey { request, _ in find(request).map(network) ?? "" }
    }

    /// A bucket for each value, such as the name of a user whom an earlier middleware has found out. Requests without one share one.
    public static func value(_ value: @escaping @Sendable (Context) -> String?) -> RateLimitKey {
        RateLimitKey { _, context in value(context) ?? "" }
    }

    /// A key of bounded length, as it is kept: a header may have kilobytes.
    func callAsFunction(_ request: Request, _ context: Context) -> String? {
        guard let key = find(request, context) else { return nil }
        guard key.utf8.count > 64 else { return key }
        return SHA256.hash(data: Array(key.utf8)).reduce(into: "#") { $0 += String($1, radix: 16) + "." }
    }

    /// An IPv6 address stands for its first 64 bits: each customer of a provider has at least as many addresses as those leave open.
    fileprivate static func network(of address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        // ::ffff:0:0/96, an IPv4 address (RFC 4291 §2.5.5.2).
        if bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return bytes.suffix(4).map { "\($0)" }.joined(separator: ".")
        }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }
}

extension RateLimitKey where Context: RemoteAddressRequestContext {
    /// A bucket for each address that connects, of IPv6 for each network of 64 bits. It trusts nobody's word, so behind a proxy all clients share the proxy's bucket: take ``address(_:)`` under
    /// a server that knows its proxies, or else ``forwardedAddress(proxies:)``.
    public static var peerAddress: RateLimitKey {
        RateLimitKey { _, context in (context.remoteAddress?.ipAddress).map(network) ?? "" }
    }
}
