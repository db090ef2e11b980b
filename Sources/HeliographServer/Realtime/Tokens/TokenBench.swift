import FoundationEssentials
import JWTKit
import NIOCore
import RealtimeHub
import RealtimeProtocol

/// Makes and explains tokens, for the command line.
public struct TokenBench: Sendable {
    private let rules: TokenRules?
    private let subscriptionRules: TokenRules?
    private let verifier: SignedTokenVerifier?
    private let now: @Sendable () -> Double

    /// - Parameter configuration: whose keys.
    public init(_ configuration: ServeConfiguration) {
        self.init(configuration, now: { Date().timeIntervalSince1970 })
    }

    init(_ configuration: ServeConfiguration, now: @escaping @Sendable () -> Double) {
        verifier = configuration.realtime?.tokens
        rules = verifier?.connections
        subscriptionRules = verifier?.subscriptions
        self.now = now
    }

    // MARK: Making

    /// A token, signed with the first secret of the configuration.
    ///
    /// - Parameters:
    ///   - user: `sub`.
    ///   - channel: nil: a connection token.
    ///   - expires: a time such as `15m`; `0s` for ever.
    ///   - claims: more claims, a JSON object; nil: none.
    /// - Throws: ``ServeError`` if there is no secret, or something can't be understood.
    public func make(user: String, channel: String? = nil, expires: String, claims: String? = nil) async throws -> String {
        guard let key = (channel == nil ? rules : subscriptionRules)?.keys.first(where: { $0.algorithm.isSymmetric }) else {
            throw ServeError(
                "There is no secret in the configuration: give --config a file with client.token.hmac_secret_key. \(Self.elsewhere)")
        }
        guard let duration = Duration(setting: expires) else {
            throw ServeError("--expires \(expires): it must be a time such as 90s, 15m or 24h.")
        }
        let text = try payload(user, channel, duration, claims)
        var header = #"{"alg":"\#(key.algorithm.rawValue)","typ":"JWT""#
        if let id = key.id { header += ",\"kid\":\(Self.quoted(id))" }
        let content = "\(Base64.url(Array((header + "}").utf8))).\(Base64.url(Array(text.utf8)))"
        return "\(content).\(Base64.url(try key.sign(Array(content.utf8))))"
    }

    private static let elsewhere = "Tokens that are signed with a private key are made where it is."

    private func payload(_ user: String, _ channel: String?, _ duration: Duration, _ claims: String?) throws -> String {
        let rules = channel == nil ? rules : subscriptionRules
        var parts = ["\(Self.quoted(rules?.userClaim ?? "sub")):\(Self.quoted(user))"]
        if let channel { parts.append("\"channel\":\(Self.quoted(channel))") }
        let time = Int64(now())
        parts.append("\"iat\":\(time)")
        if duration > .zero { parts.append("\"exp\":\(time + max(1, duration.components.seconds))") }
        if let audience = rules?.audience { parts.append("\"aud\":\(Self.quoted(audience))") }
        if let issuer = rules?.issuer { parts.append("\"iss\":\(Self.quoted(issuer))") }
        if let claims {
            guard let more = try? JSONText.compact(ByteBuffer(string: claims), maxDepth: 32), (try? JSONValue(more).members()) != nil else {
                throw ServeError("--claims: it must be a JSON object such as {\"info\": {\"name\": \"Ada\"}}.")
            }
            let inner = String(buffer: more).dropFirst().dropLast()
            if !inner.isEmpty { parts.append(String(inner)) }
        }
        let text = "{\(parts.joined(separator: ","))}"
        guard (try? JSONValue(ByteBuffer(string: text)).members()) != nil else {
            throw ServeError("--claims: it has a claim that is there already.")
        }
        return text
    }

    private static func quoted(_ text: String) -> String {
        JSONText.string(ByteBuffer(string: text)).map { String(buffer: $0) } ?? "\"\""
    }

    // MARK: Explaining

    /// What there is to say of a token.
    public struct Explanation: Hashable, Sendable {
        /// Whether the configuration takes it now.
        public var isGood: Bool
        /// In words, on several lines.
        public var text: String
    }

    /// Says what a token says, and whether it is good.
    ///
    /// - Parameter token: anything.
    public func explain(_ token: String) async -> Explanation {
        let signed: SignedToken
        do throws(TokenError) { signed = try SignedToken(token) } catch {
            return Explanation(isGood: false, text: "It is no token: \(error.words).\n")
        }
        var lines = ["Signed with \(signed.algorithm.rawValue)\(signed.keyID.map { ", by the key \($0)" } ?? "")."]
        guard let members = try? signed.claims() else {
            return Explanation(isGood: false, text: lines[0] + "\nWhat it says can't be read.\n")
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(name): \(String(buffer: value.text))\(inWords(name, value))")
        }
        let isSubscription = members["channel"] != nil
        let verdict = await verdict(token, isSubscription: isSubscription)
        lines.append(verdict.words)
        return Explanation(isGood: verdict.isGood, text: lines.joined(separator: "\n") + "\n")
    }

    private func inWords(_ name: String, _ value: JSONValue) -> String {
        guard ["exp", "nbf", "iat", "expire_at"].contains(name), let seconds = Double(String(buffer: value.text)), seconds > 0,
            seconds < 253_402_300_800
        else { return "" }
        let date = Date(timeIntervalSince1970: seconds).formatted(.iso8601)
        let left = seconds - now()
        return "  (\(date), \(left < 0 ? "\(Self.span(-left)) ago" : "in \(Self.span(left))"))"
    }

    private static func span(_ seconds: Double) -> String {
        let whole = Int64(seconds)
        for (length, name) in [(86_400, "day"), (3_600, "hour"), (60, "minute")] where whole >= 2 * Int64(length) {
            return "\(whole / Int64(length)) \(name)s"
        }
        return "\(whole) seconds"
    }

    private func verdict(_ token: String, isSubscription: Bool) async -> (isGood: Bool, words: String) {
        guard let verifier else { return (false, "Nobody says whether it is good: there is no configuration with keys (--config).") }
        do throws(TokenError) {
            if isSubscription {
                let claims = try await verifier.subscription(token)
                return (true, "It is good: a subscription token for \(claims.channel), \(Self.who(claims.user)).")
            }
            return (true, "It is good: a connection token, \(Self.who(try await verifier.connection(token).user)).")
        } catch {
            return (false, "It is not good: \(error.words).")
        }
    }

    private static func who(_ user: String) -> String { user.isEmpty ? "for somebody anonymous" : "for the user \(user)" }
}

extension TokenError {
    /// For whoever reads it.
    fileprivate var words: String {
        switch self {
        case .expired: "it has expired, or is not good yet"
        case .invalid(let why): why
        case .unavailable(let why): "the keys can't be had (\(why))"
        }
    }
}
