/// A host that is reached by TLS alone (RFC 6797). Browsers heed it only in an answer that came by TLS.
public struct StrictTransportSecurity: Hashable, Sendable, CustomStringConvertible {
    /// For how long, in seconds. Default a year.
    public var maxAge: Int
    /// Whether it holds for all hosts below this one. Default true.
    public var includesSubdomains: Bool
    /// Whether browsers may have it built in (hstspreload.org). To be taken out again takes months. Default false.
    public var isPreloaded: Bool

    /// - Parameters:
    ///   - maxAge: for how long, in seconds.
    ///   - includesSubdomains: whether it holds for all hosts below this one.
    ///   - isPreloaded: whether browsers may have it built in.
    public init(maxAge: Int = 31_536_000, includesSubdomains: Bool = true, isPreloaded: Bool = false) {
        self.maxAge = maxAge
        self.includesSubdomains = includesSubdomains
        self.isPreloaded = isPreloaded
    }

    /// The value of the header (§6.1).
    public var description: String {
        "max-age=\(max(0, maxAge))" + (includesSubdomains ? "; includeSubDomains" : "") + (isPreloaded ? "; preload" : "")
    }
}

/// What other sites learn of where a visitor comes from (W3C Referrer Policy).
public struct ReferrerPolicy: RawRepresentable, Hashable, Sendable {
    /// The value of the header.
    public let rawValue: String

    /// - Parameter rawValue: the value of the header.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Nothing.
    public static let noReferrer = ReferrerPolicy(rawValue: "no-referrer")
    /// The own site learns the address, others nothing.
    public static let sameOrigin = ReferrerPolicy(rawValue: "same-origin")
    /// All learn the origin, but no site without TLS.
    public static let strictOrigin = ReferrerPolicy(rawValue: "strict-origin")
    /// The own site learns the address, others the origin, but none without TLS: what browsers do without a word.
    public static let strictOriginWhenCrossOrigin = ReferrerPolicy(rawValue: "strict-origin-when-cross-origin")
}

/// What a page may use of the device (W3C Permissions Policy).
///
/// ```swift
/// options.permissionsPolicy = PermissionsPolicy(["camera": [.self], "geolocation": []])
/// ```
public struct PermissionsPolicy: Hashable, Sendable, CustomStringConvertible {
    /// Who may.
    public enum Origin: Hashable, Sendable {
        /// The page itself.
        case `self`
        /// A frame of this origin, such as `https://maps.example.com`.
        case origin(String)
        /// Every frame.
        case any
    }

    /// Who may use what; nobody, where the list is empty. What is not named is as the browser has it.
    public var features: [String: [Origin]]

    /// - Parameter features: who may use what.
    public init(_ features: [String: [Origin]]) { self.features = features }

    /// Neither camera, place, microphone, payment nor USB, for anybody.
    public static let nothing = PermissionsPolicy(["camera": [], "geolocation": [], "microphone": [], "payment": [], "usb": []])

    /// The value of the header.
    public var description: String {
        features.sorted { $0.key < $1.key }.map { "\($0)=\(Self.list($1))" }.joined(separator: ", ")
    }

    private static func list(_ origins: [Origin]) -> String {
        if origins.contains(.any) { return "*" }
        let words = origins.map { origin in
            if case .origin(let text) = origin { return "\"\(text.filter { $0 != "\"" && $0 != "\\" })\"" }
            return "self"
        }
        return "(\(words.joined(separator: " ")))"
    }
}

/// What tells the inline scripts of our own from a stranger's (CSP3 §8.2): a new one for each answer.
public enum ContentSecurityNonce {
    /// Of the request that is being handled, under a ``SecurityHeaders`` with a policy for each request; nil elsewhere. Put it into `<script nonce="…">`.
    ///
    /// A body that is written after the handler has returned must have taken it along.
    @TaskLocal public static var current: String?

    private static let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// 132 bits from the system.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<22).map { _ in characters.randomElement(using: &generator) ?? UInt8(ascii: "A") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
