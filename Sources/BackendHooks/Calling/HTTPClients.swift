import AsyncHTTPClient
import NIOCore
import NIOSSL
import Synchronization
import Tracing

/// The clients by which backends are reached: one for each set of certificates, for as long as somebody uses it. They follow no redirects, since the
/// addresses are those of the configuration and no others, and inflate nothing.
enum HTTPClients {
    fileprivate struct Key: Hashable {
        var tls: HookTLS
        var connections: Int
    }

    private struct Entry {
        weak var client: SharedHTTPClient?
    }

    private static let clients = Mutex<[Key: Entry]>([:])

    /// - Throws: what is wrong with the certificates.
    static func client(_ tls: HookTLS, maxConnections: Int) throws -> SharedHTTPClient {
        try clients.withLock { clients in
            let key = Key(tls: tls, connections: maxConnections)
            if let client = clients[key]?.client { return client }
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: try tls.configuration(), redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)),
                decompression: .disabled)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = maxConnections
            configuration.connectionPool.idleTimeout = .seconds(30)
            // Spans are HookTracing's.
            configuration.tracing.tracer = nil
            let client = SharedHTTPClient(HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration), key)
            clients[key] = Entry(client: client)
            return client
        }
    }

    fileprivate static func forget(_ key: Key) {
        // There may be another one by now.
        clients.withLock { if $0[key]?.client == nil { $0[key] = nil } }
    }
}

/// A client that is shut down when the last caller is gone.
final class SharedHTTPClient: Sendable {
    let client: HTTPClient
    private let key: HTTPClients.Key

    fileprivate init(_ client: HTTPClient, _ key: HTTPClients.Key) {
        self.client = client
        self.key = key
    }

    deinit {
        // Not here: the last caller may go while somebody looks at the table.
        Task { [client, key] in
            HTTPClients.forget(key)
            try? await client.shutdown()
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
