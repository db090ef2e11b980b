import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why there is no TCP or TLS connection, in words for a person: NIO's own name every type on the way.
enum ConnectionFailureText {
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: self.describe(error)
        case let error as IOError: self.describe(error)
        case let error as NIOSSLError: self.describe(error)
        case let error as NIOSSLExtraError: "TLS: \(error)"
        default: "\(error)"
        }
    }

    /// BoringSSL's description is for those who debug BoringSSL; the usual causes have a name.
    private static func describe(_ error: NIOSSLError) -> String {
        let text = "\(error)"
        let causes = [
            ("CERTIFICATE_VERIFY_FAILED", "TLS: the server's certificate is not trusted"),
            ("WRONG_VERSION_NUMBER", "TLS: the server does not speak TLS there"),
            ("EOF during handshake", "TLS: the connection was closed during the handshake"),
        ]
        return causes.first { text.contains($0.0) }?.1 ?? "TLS: \(text)"
    }

    private static func describe(_ error: NIOConnectionError) -> String {
        let attempts = error.connectionErrors.map { "\(self.address($0.target)): \(self.describe($0.error))" }
        guard attempts.isEmpty else { return attempts.joined(separator: ", ") }
        return "\(error.host): the name was not found"
    }

    private static func describe(_ error: IOError) -> String {
        // strerror(3) of glibc and Darwin has a buffer for each thread.
        strerror(error.errnoCode).map { String(cString: $0).lowercased() } ?? "error \(error.errnoCode)"
    }

    private static func address(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
