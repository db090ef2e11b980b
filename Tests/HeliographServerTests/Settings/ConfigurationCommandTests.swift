// `heliograph init` and `heliograph check-config`, as a user runs them.

import Foundation
import ServerTestSupport
import Testing

@Suite("heliograph init and check-config", .timeLimit(.minutes(2)))
struct ConfigurationCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func heliograph(_ arguments: String...) async throws -> Command.Outcome {
        try await Command.run(HeliographServerProcess.path, arguments)
    }

    @Test("init writes a file that nobody else can read, and that check-config likes")
    func initial() async throws {
        let path = folder.path("heliograph.yaml")
        let written = try await heliograph("init", path)
        #expect(written.code == 0)
        #expect(written.output.contains("heliograph serve --config \(path)"))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        let checked = try await heliograph("check-config", path)
        #expect(checked.code == 0)
        #expect(checked.output == "\(path): good.\n")
    }

    @Test("init does not overwrite, and prints with -")
    func existing() async throws {
        let path = try folder.write("mine", to: "heliograph.yaml")
        let refused = try await heliograph("init", path)
        #expect(refused.code != 0)
        #expect(refused.errors.contains("is there already"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try await heliograph("init", "-").output.contains("hmac_secret_key"))
        let nowhere = try await heliograph("init", "/none/heliograph.yaml")
        #expect(nowhere.code != 0)
        #expect(nowhere.errors.contains("can't be written"))
    }

    @Test("check-config says all that is wrong, and ends with 1")
    func mistakes() async throws {
        let path = try folder.write("client:\n  allow_anonymus: true\nchanel: {}\n", to: "bad.yaml")
        let outcome = try await heliograph("check-config", path)
        #expect(outcome.code == 1)
        #expect(outcome.output == "")
        #expect(
            outcome.errors == """
                \(path):2: client.allow_anonymus: there is no such key here; did you mean allow_anonymous?
                \(path):3: chanel: there is no such key here; did you mean channel?

                """)
    }

    @Test("check-config knows the options of serve, and looks at the certificate")
    func options() async throws {
        let path = try folder.write("{insecure: true}", to: "open.yaml")
        let warned = try await heliograph("check-config", "--config", path)
        #expect(warned.code == 0)
        #expect(warned.output.contains("WARNING: insecure: true"))
        let open = try await heliograph("check-config", path, "--host", "0.0.0.0")
        #expect(open.code == 1)
        #expect(open.errors.contains("0.0.0.0 is open to other machines"))
        let certificate = try await heliograph("check-config", path, "--tls-cert", "/none/a.pem", "--tls-key", "/none/b.pem")
        #expect(certificate.code == 1)
        #expect(certificate.errors.contains("there is no such file"))
        #expect(try await heliograph("check-config", path, "--set", "client.ping=1s").errors.contains("there is no such setting"))
    }

    @Test("serve --insecure is open, says so, and only to this machine")
    func insecure() async throws {
        let server = try await HeliographServerProcess.start(["--insecure"])
        server.command.signal(SIGTERM)
        let outcome = await server.command.outcome()
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("WARNING: insecure: true"))
        let refused = try await heliograph("serve", "--insecure", "--host", "0.0.0.0", "--port", "0")
        #expect(refused.code != 0)
        #expect(refused.errors.contains("open to other machines"))
    }
}
