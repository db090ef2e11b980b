import Foundation

/// A folder that is gone after the test.
public final class TemporaryFolder {
    private let url: URL

    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of a file in it.
    public func path(_ name: String) -> String {
        url.appending(path: name).path(percentEncoded: false)
    }

    /// Makes a file and returns its path.
    public func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        return path(name)
    }

    /// Makes a certificate for localhost, valid for a day, and its key.
    public func certificate(_ name: String = "server") async throws -> (certificate: String, key: String) {
        let files = (certificate: path("\(name)-cert.pem"), key: path("\(name)-key.pem"))
        let openssl = try await Command.run(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", files.key, "-out", files.certificate,
            ])
        guard openssl.code == 0 else { throw Unexpected("openssl: \(openssl.errors)") }
        return files
    }
}
