import Crypto
import FoundationEssentials
import LiveHTML
import RealtimeProtocol
import Synchronization

/// Encrypts what a page needs to be resumed, so that no server has to remember it.
///
/// Sealed with AES-GCM. Whoever holds the secret can make a state of his own, so it is one of the service's: the same in all of its processes, and in no page. Each object
/// encrypts with a key of its own, made of the secret and 16 random bytes, and counts its nonces, so that none comes twice.
public final class StateSeals: Sendable {
    /// A secret by the number that says, in a seal, with which it was made.
    public struct Secret: Sendable {
        let id: UInt32
        let key: SymmetricKey

        /// - Parameter text: of at least 128 bits of randomness; nil if it has fewer than 16 bytes.
        public init?(_ text: String) {
            guard text.utf8.count >= 16 else { return nil }
            self.init(material: SymmetricKey(data: Data(text.utf8)))
        }

        /// One that nobody knows: what it seals is for this process alone.
        public static func random() -> Secret { Secret(material: SymmetricKey(size: .bits256)) }

        private init(material: SymmetricKey) {
            key = HKDF<SHA256>.deriveKey(inputKeyMaterial: material, info: Data("heliograph live seal".utf8), outputByteCount: 32)
            let name = HKDF<SHA256>.deriveKey(inputKeyMaterial: material, info: Data("heliograph live id".utf8), outputByteCount: 4)
            id = name.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        }
    }

    /// What is sealed.
    package struct Content: Hashable, Sendable {
        /// The view's type, and the version of its state.
        package var view: String
        /// Of the browser that it is for.
        package var session: String
        /// Who he is; empty if nobody has found that out.
        package var user: String
        /// The path and query of the page.
        package var url: String
        /// In milliseconds since 1970.
        package var issued: Int64
        /// None: the view is not `Codable`, or its state was too large.
        package var state: [UInt8]?

        package init(view: String, session: String, user: String, url: String, issued: Int64, state: [UInt8]?) {
            self.view = view
            self.session = session
            self.user = user
            self.url = url
            self.issued = issued
            self.state = state
        }
    }

    /// Why a seal is not accepted. The browser learns nothing of it.
    package enum Fault: Error, Hashable, Sendable {
        /// Not made by us, or changed.
        case forged
        /// Made with a secret that we don't have (any more).
        case unknownSecret
        case expired
        /// For another browser, another user, or another page.
        case misplaced
    }

    private static let version: UInt8 = 2
    private static let saltLength = 16
    /// Version, secret, salt, counter.
    private static let headerLength = 1 + 4 + saltLength + 8
    private static let tagLength = 16
    /// The longest that is looked at.
    private static let maxLength = 64 << 10

    private let secrets: [Secret]
    private let lifetime: Int64
    private let header: [UInt8]
    private let key: SymmetricKey
    private let counter = Atomic<UInt64>(0)
    /// By which all processes with the secret see the same in the same page.
    let paintHash: PaintHash

    /// - Parameters:
    ///   - secret: what seals.
    ///   - older: what has sealed before, and is still accepted.
    ///   - lifetime: how old a seal may be. Default a day.
    public init(secret: Secret = .random(), older: [Secret] = [], lifetime: Duration = .seconds(86_400)) {
        secrets = [secret] + older
        self.lifetime = max(0, lifetime.components.seconds) &* 1_000
        let salt = SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }
        header = [Self.version] + withUnsafeBytes(of: secret.id) { Array($0) } + salt
        key = Self.key(secret, salt)
        let hashKey = HKDF<SHA256>.deriveKey(inputKeyMaterial: secret.key, info: Data("paint".utf8), outputByteCount: 16)
        paintHash = hashKey.withUnsafeBytes {
            PaintHash(key: ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    private static func key(_ secret: Secret, _ salt: some Collection<UInt8>) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: secret.key, salt: Data(salt), info: Data("state".utf8), outputByteCount: 32)
    }

    /// The salt makes the key, so a counter is enough.
    private static func nonce(_ counter: some Collection<UInt8>) throws -> AES.GCM.Nonce {
        try AES.GCM.Nonce(data: [0, 0, 0, 0] + Array(counter))
    }

    // MARK: Sealing

    package func seal(_ content: Content) throws -> String {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let count = withUnsafeBytes(of: number.bigEndian) { Array($0) }
        let head = header + count
        let box = try AES.GCM.seal(content.bytes, using: key, nonce: try Self.nonce(count), authenticating: head)
        return Base64.url(head + box.ciphertext + box.tag)
    }

    package func open(_ text: String, now: Int64) throws(Fault) -> Content {
        guard text.utf8.count <= Self.maxLength, let bytes = Base64.decode(text.utf8, .url),
            bytes.count >= Self.headerLength + Self.tagLength, bytes.first == Self.version
        else { throw .forged }
        let head = bytes[..<Self.headerLength]
        let id = head[1..<5].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        guard let secret = secrets.first(where: { $0.id == id }) else { throw .unknownSecret }
        let key = Self.key(secret, head[5..<5 + Self.saltLength])
        guard let nonce = try? Self.nonce(head.suffix(8)),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce, ciphertext: bytes[Self.headerLength..<bytes.count - Self.tagLength], tag: bytes.suffix(Self.tagLength)),
            let plain = try? AES.GCM.open(box, using: key, authenticating: head),
            let content = Content(Array(plain))
        else { throw .forged }
        // A clock that is a little ahead elsewhere is no reason to refuse.
        guard content.issued <= now &+ 60_000, content.issued >= now &- lifetime else { throw .expired }
        return content
    }
}

extension StateSeals.Content {
    /// Each text with its length before it.
    fileprivate var bytes: [UInt8] {
        var bytes = withUnsafeBytes(of: issued.bigEndian) { Array($0) }
        for text in [view, session, user, url] {
            let text = Array(text.utf8.prefix(0xffff))
            bytes += [UInt8(text.count >> 8), UInt8(text.count & 0xff)] + text
        }
        bytes.append(state == nil ? 0 : 1)
        return bytes + (state ?? [])
    }

    fileprivate init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func text() -> String? {
            guard let length = take(2), let high = length.first, let low = length.last, let text = take(Int(high) << 8 | Int(low)) else {
                return nil
            }
            return String(validating: text, as: UTF8.self)
        }
        guard let issued = take(8)?.reduce(UInt64(0), { $0 << 8 | UInt64($1) }), let view = text(), let session = text(), let user = text(),
            let url = text(),
            let hasState = take(1)?.first
        else { return nil }
        self.init(
            view: view, session: session, user: user, url: url, issued: Int64(bitPattern: issued), state: hasState == 1 ? Array(rest) : nil)
    }
}
