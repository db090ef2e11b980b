/// A number made of what was painted, by which a server sees at a join that the page shows what the view is.
///
/// The key is a secret of the service, the same in all of its processes: who knows it can make two pages that look the same to it.
public struct PaintHash: Sendable {
    private let hash: KeyedHash

    /// - Parameter key: 128 bits of a secret.
    public init(key: (UInt64, UInt64)) {
        hash = KeyedHash(key: key)
    }

    /// 11 characters for the page's text.
    public func text(of painted: [UInt8]) -> String {
        Fingerprint.text(painted.withUnsafeBytes { hash.hash($0) })
    }
}
