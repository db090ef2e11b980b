public import NIOSSL

/// A certificate that nobody trusts unless told so, valid until 2126:
///
///     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=test -addext subjectAltName=…
///
/// Two of them, because NIOSSL accepts a certificate for the peer's address whatever name was asked for.
public struct TestCertificate: Sendable {
    /// For `localhost` and `inner.test`.
    public static let names = TestCertificate(certificate: namesPEM, key: namesKey)
    /// For 127.0.0.1.
    public static let address = TestCertificate(certificate: addressPEM, key: addressKey)

    private let certificate: String
    private let key: String

    public func server() throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(self.certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(self.key.utf8), format: .pem))
        )
    }

    public func trustingClient() throws -> TLSConfiguration {
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

private let addressPEM = """
    -----BEGIN CERTIFICATE-----
    MIIBhTCCASygAwIBAgIUJyLDCqpZMzCiAEKDukpiyXuR1F8wCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMjM4NDRaGA8yMTI2MTAzMDEyMzg0
    NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJhJ
    EoHUXeZmjEv+la/6Hw9R23f+BMOZOGboAvmvYmWMwfceWIq3/AJC+M/8JYkMm+gF
    wE6KXpD6MBPD2BwJlzejZDBiMB0GA1UdDgQWBBTjpDY48stH/b0GPGtA1OXRoxlj
    NzAfBgNVHSMEGDAWgBTjpDY48stH/b0GPGtA1OXRoxljNzAPBgNVHRMBAf8EBTAD
    AQH/MA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIgAklneT29IHI3
    rrBr+ajG6ld18jne0mhjRJZeFUcf440CID+FRmbaoBmX9z9JKpFLTM2TDhxTcK7u
    4JIS8cgcNJjM
    -----END CERTIFICATE-----
    """

private let addressKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO08NDD5NMkTYAHin
    EZZKa6NoLI9xnsUJr9U0C/XnHpShRANCAASYSRKB1F3mZoxL/pWv+h8PUdt3/gTD
    mThm6AL5r2JljMH3HliKt/wCQvjP/CWJDJvoBcBOil6Q+jATw9gcCZc3
    -----END PRIVATE KEY-----
    """
