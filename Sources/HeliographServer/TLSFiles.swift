import FoundationEssentials
import NIOSSL

/// The files that make a server speak TLS, in PEM.
public struct TLSFiles: Hashable, Sendable {
    /// The server's certificate, then those that lead to the root.
    public var certificate: String
    /// Its private key.
    public var key: String
    /// The authorities whose certificates clients must show. Default nil: nobody is asked for one.
    public var clientAuthorities: String?
    /// Whether a client without a certificate is refused. A certificate that is not of the authorities always is. Default true.
    public var requiresClientCertificate = true
    /// The oldest TLS. Default 1.2.
    public var minimumVersion = Version.v12

    /// A version of TLS.
    public enum Version: Hashable, Sendable {
        case v12
        case v13
    }

    /// - Parameters:
    ///   - certificate: the path of the certificates.
    ///   - key: the path of the key.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads and checks both: whatever a client would stumble over later is said now.
    func load(now: Date = Date()) throws(ServeError) -> NIOSSLContext {
        let configuration = try configuration(now: now)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ServeError("The key in \(self.key) does not belong to the certificate in \(certificate).")
        }
    }

    func configuration(now: Date = Date()) throws(ServeError) -> TLSConfiguration {
        let chain = try certificates(now: now)
        let key = try privateKey()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = minimumVersion == .v12 ? .tlsv12 : .tlsv13
        // RFC 9113 §3.3: what the server speaks, best first.
        configuration.applicationProtocols = ["h2", "http/1.1"]
        guard let clientAuthorities else { return configuration }
        configuration.trustRoots = .certificates(try Self.chain(in: clientAuthorities))
        configuration.certificateVerification = requiresClientCertificate ? .noHostnameVerification : .optionalVerification
        configuration.sendCANameList = true
        return configuration
    }

    private static func chain(in file: String) throws(ServeError) -> [NIOSSLCertificate] {
        let bytes = try read(file, "certificate")
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(bytes), !chain.isEmpty else {
            throw ServeError("There is no certificate in \(file): it should be PEM, with BEGIN CERTIFICATE in it.")
        }
        return chain
    }

    private func certificates(now: Date) throws(ServeError) -> [NIOSSLCertificate] {
        let chain = try Self.chain(in: certificate)
        guard let own = chain.first else { return chain }
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
