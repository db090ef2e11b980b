import NIOSSL
import Synchronization

/// What new connections of a listener shake hands with: certificate, key, and the authorities of clients. It can be replaced while others go on.
final class ServerCertificates: Sendable {
    private let current: Mutex<NIOSSLContext>

    init(_ files: TLSFiles) throws(ServeError) {
        current = Mutex(try files.load())
    }

    /// - Throws: what is wrong with the files; then all stays as it was.
    func replace(by files: TLSFiles) throws(ServeError) {
        let new = try files.load()
        current.withLock { $0 = new }
    }

    var context: NIOSSLContext { current.withLock { $0 } }
}
