/// An authority, and certificates of clients: a good one, one that has expired, and one of another authority.
public struct ClientCertificates {
    public struct Files: Sendable {
        public let certificate: String
        public let key: String
    }

    /// The authority's certificate.
    public let authority: String
    public let good: Files
    public let expired: Files
    public let foreign: Files
    public let foreignAuthority: String

    public init(in folder: TemporaryFolder, _ name: String = "clients") async throws {
        func openssl(_ arguments: String...) async throws {
            let outcome = try await Command.run("/usr/bin/env", ["openssl"] + arguments)
            guard outcome.code == 0 else { throw Unexpected("openssl: \(outcome.errors)") }
        }
        func path(_ file: String) -> String { folder.path("\(name)-\(file).pem") }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        func authority(_ file: String) async throws {
            let outcome = try await Command.run(
                "/usr/bin/env",
                ["openssl", "req", "-x509"] + curve + [
                    "-days", "1", "-subj", "/CN=\(name)-\(file)", "-keyout", path("\(file)-key"), "-out", path(file),
                ])
            guard outcome.code == 0 else { throw Unexpected("openssl: \(outcome.errors)") }
        }
        func client(_ file: String, of authority: String, days: String) async throws -> Files {
            let request = try await Command.run(
                "/usr/bin/env",
                ["openssl", "req"] + curve + ["-subj", "/CN=client", "-keyout", path("\(file)-key"), "-out", path("\(file)-request")])
            guard request.code == 0 else { throw Unexpected("openssl: \(request.errors)") }
            try await openssl(
                "x509", "-req", "-in", path("\(file)-request"), "-CA", path(authority), "-CAkey", path("\(authority)-key"),
                "-CAcreateserial",
                "-days", days, "-out", path(file))
            return Files(certificate: path(file), key: path("\(file)-key"))
        }
        try await authority("ca")
        try await authority("other-ca")
        good = try await client("good", of: "ca", days: "1")
        expired = try await client("expired", of: "ca", days: "-1")
        foreign = try await client("foreign", of: "other-ca", days: "1")
        self.authority = path("ca")
        foreignAuthority = path("other-ca")
    }
}
