import FoundationEssentials
import NIOSSL

/// The files that make a server speak TLS, in PEM.
public struct TLSFiles: Hashable, Sendable {
    /// The server's certificate, then those that lead to the root.
    public var certificate: String
    /// Its private key.
    public var key: String

    /// - Parameters:
    ///   - certificate: the path of the certificates.
    ///   - key: the path of the key.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads and checks both: whatever a client would stumble over later is said now.
    func load(now: Date = Date()) throws(ServeError) -> TLSConfiguration {
        let chain = try certificates(now: now)
        let key = try privateKey()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ServeError("The key in \(self.key) does not belong to the certificate in \(certificate).")
        }
        return configuration
    }

    private func certificates(now: Date) throws(ServeError) -> [NIOSSLCertificate] {
        let bytes = try Self.read(certificate, "certificate")
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(bytes), let own = chain.first else {
            throw ServeError("There is no certificate in \(certificate): it should be PEM, with BEGIN CERTIFICATE in it.")
        }
        let end = Date(timeIntervalSince1970: Double(own.notValidAfter))
        guard now <= end else {
            throw ServeError("The certificate in \(certificate) is no longer valid, since \(end.formatted(.iso8601)).")
        }
        return chain
    }

    private func privateKey() throws(ServeError) -> NIOSSLPrivateKey {
        let bytes = try Self.read(key, "key")
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw ServeError("There is no private key in \(key): it should be PEM, with BEGIN PRIVATE KEY in it, and without a passphrase.")
        }
        return key
    }

    private static func read(_ path: String, _ what: String) throws(ServeError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            let reason =
                switch (error as? CocoaError)?.code {
                case .fileReadNoSuchFile?: "there is no such file"
                case .fileReadNoPermission?: "it may not be read by this user"
                default: "it cannot be read"
                }
            throw ServeError("The \(what) \(path): \(reason).")
        }
    }
}
