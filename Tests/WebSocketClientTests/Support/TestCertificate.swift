import NIOSSL

/// A certificate for `localhost`, `inner.test` and 127.0.0.1 that nobody trusts unless told so, valid until 2126:
///
///     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost \
///         -addext subjectAltName=DNS:localhost,DNS:inner.test,IP:127.0.0.1
enum TestCertificate {
    static func server() throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(self.certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(self.key.utf8), format: .pem))
        )
    }

    static func trustingClient() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(self.certificate.utf8)))
        return tls
    }

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBpjCCAU2gAwIBAgIUCHn4x4i0RIxMCYdF9Om1Z8No2SYwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzEyMzEyNloYDzIxMjYxMDMw
        MTIzMTI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQHNVJRgrQHF3MWBjouz4NBRwS9Y7za8iHsuRf3iP9ApBxAWmpKsn5H
        mUexznJJp5xSuV9U5xpGXrKZGVT1ycIXo3sweTAdBgNVHQ4EFgQUj6rHiD6u2Cjy
        xqFuQ+NTt2lY9RwwHwYDVR0jBBgwFoAUj6rHiD6u2CjyxqFuQ+NTt2lY9RwwDwYD
        VR0TAQH/BAUwAwEB/zAmBgNVHREEHzAdgglsb2NhbGhvc3SCCmlubmVyLnRlc3SH
        BH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIgZMZr8cRJ8qEvZ6UNKnDYB9yQSTG93X5K
        k7y5T4fXeYMCIBrYH28UMxFj+kedTSFMZe3GTWQJbWW5nAB6V301vXKe
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKa1DaKmxCqqWJjUh
        62ioUX8HF5td6jrZhA4wJxYJlZWhRANCAAQHNVJRgrQHF3MWBjouz4NBRwS9Y7za
        8iHsuRf3iP9ApBxAWmpKsn5HmUexznJJp5xSuV9U5xpGXrKZGVT1ycIX
        -----END PRIVATE KEY-----
        """
}
