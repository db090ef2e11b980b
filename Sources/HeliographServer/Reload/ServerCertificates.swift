import NIOCore
import NIOSSL
import Synchronization

/// The certificate that new connections are shown, which can be replaced while others go on.
final class ServerCertificates: Sendable {
    private let current: Mutex<NIOSSLContextConfigurationOverride>

    init(_ files: TLSFiles) throws(ServeError) {
        current = Mutex(try Self.read(files))
    }

    /// - Throws: what is wrong with the files; then the certificate stays the one that it was.
    func replace(by files: TLSFiles) throws(ServeError) {
        let new = try Self.read(files)
        current.withLock { $0 = new }
    }

    /// A server's configuration that asks here with every handshake.
    func configuration(_ files: TLSFiles) throws(ServeError) -> TLSConfiguration {
        var configuration = try files.load()
        configuration.sslContextCallback = { [self] _, promise in promise.succeed(current.withLock { $0 }) }
        return configuration
    }

    private static func read(_ files: TLSFiles) throws(ServeError) -> NIOSSLContextConfigurationOverride {
        let configuration = try files.load()
        var certificates = NIOSSLContextConfigurationOverride()
        certificates.certificateChain = configuration.certificateChain
        certificates.privateKey = configuration.privateKey
        return certificates
    }
}
