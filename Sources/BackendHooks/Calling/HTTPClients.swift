import AsyncHTTPClient
import NIOCore
import NIOSSL
import Synchronization

/// The clients by which backends are reached: one for each set of certificates, for as long as the process lives. They follow no redirects, since the
/// addresses are those of the configuration and no others, and inflate nothing.
enum HTTPClients {
    private struct Key: Hashable {
        var tls: HookTLS
        var connections: Int
    }

    private static let clients = Mutex<[Key: HTTPClient]>([:])

    /// - Throws: what is wrong with the certificates.
    static func client(_ tls: HookTLS, maxConnections: Int) throws -> HTTPClient {
        try clients.withLock { clients in
            let key = Key(tls: tls, connections: maxConnections)
            if let client = clients[key] { return client }
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: try tls.configuration(), redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)),
                decompression: .disabled)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = maxConnections
            configuration.connectionPool.idleTimeout = .seconds(30)
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[key] = client
            return client
        }
    }
}

extension HookTLS {
    func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let authorities {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorities.utf8)))
        }
        if let certificate, let key {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        }
        if dangerouslySkipsVerification { configuration.certificateVerification = .none }
        return configuration
    }

    /// What is wrong with the certificates; nil: nothing.
    public var objection: String? {
        if (certificate == nil) != (key == nil) { return "a certificate and its key go together" }
        do { _ = try configuration() } catch { return "the certificates can't be used: \(error)" }
        return nil
    }
}
