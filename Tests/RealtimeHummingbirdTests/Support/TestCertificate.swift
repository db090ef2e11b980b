import NIOSSL

/// A certificate that nobody trusts unless told so, valid until 2126:
///
///     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=test -addext subjectAltName=…
struct TestCertificate {
    /// For `localhost`.
    static let names = TestCertificate(certificate: namesPEM, key: namesKey)

    let certificate: String
    let key: String

    func server() throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(self.certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(self.key.utf8), format: .pem))
        )
    }

    func trustingClient() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(self.certificate.utf8)))
        return tls
    }
}

private let namesPEM = """
    -----BEGIN CERTIFICATE-----
    MIIBlzCCAT2gAwIBAgIUJGjnYkUaSWOExlWvbh6a+FC9zTswCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMjM4NDRaGA8yMTI2MTAzMDEyMzg0
    NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJ1l
    NxIvQiTUDgx4WKNpmLET8lvqRyDIdvsW9SkqM6is8ujqtDJMZSATyAMAedfbFk9n
    NHf1fVPJZMFfQAsstGSjdTBzMB0GA1UdDgQWBBStuAx2gQhJpYV4g8PyQGlzrasz
    mTAfBgNVHSMEGDAWgBStuAx2gQhJpYV4g8PyQGlzraszmTAPBgNVHRMBAf8EBTAD
    AQH/MCAGA1UdEQQZMBeCCWxvY2FsaG9zdIIKaW5uZXIudGVzdDAKBggqhkjOPQQD
    AgNIADBFAiA6vwYiACVxKrSNyjmfrHXruDqeTAboeQsaAGz551sMIAIhAMH0PHLN
    K7g7zBP2McA+NsK1coEFLUuvh2kVUVeusx7R
    -----END CERTIFICATE-----
    """

private let namesKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNfG3r5ki9eAlfkm4
    eGW2SCI9USUrunl5vCs2EVoPIpehRANCAASdZTcSL0Ik1A4MeFijaZixE/Jb6kcg
    yHb7FvUpKjOorPLo6rQyTGUgE8gDAHnX2xZPZzR39X1TyWTBX0ALLLRk
    -----END PRIVATE KEY-----
    """
