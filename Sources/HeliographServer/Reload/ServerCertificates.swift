import NIOSSL
import Synchronization

/// What new connections of a listener shake hands with: certificate, key, and the authorities of clients. It can be replaced while others go on.
final class ServerCertificates: Sendable {
    private let current: Mutex<NIOSSLContext>

    init(_ files: TLSFiles) throws(ServeError) {
        current = Mutex(try files.load())
    }

    func replace(by new: NIOSSLContext) { current.withLock { $0 = new } }

    var context: NIOSSLContext { current.withLock { $0 } }
}
