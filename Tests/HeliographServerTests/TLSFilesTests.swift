import Foundation
import NIOSSL
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("Certificate and key", .timeLimit(.minutes(1)))
struct TLSFilesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("that belong together are taken")
    func good() async throws {
        let files = try await folder.certificate()
        let configuration = try TLSFiles(certificate: files.certificate, key: files.key).configuration()
        #expect(configuration.certificateChain.count == 1)
        #expect(configuration.minimumTLSVersion == .tlsv12)
    }

    @Test("that do not belong together are refused")
    func mismatch() async throws {
        let one = try await folder.certificate("one")
        let two = try await folder.certificate("two")
        let error = #expect(throws: ServeError.self) { try TLSFiles(certificate: one.certificate, key: two.key).load() }
        #expect(error?.description.contains("does not belong") == true)
    }

    @Test("that are no longer valid are refused, with the day")
    func expired() async throws {
        let files = try await folder.certificate()
        let error = #expect(throws: ServeError.self) {
            try TLSFiles(certificate: files.certificate, key: files.key).load(now: Date(timeIntervalSinceNow: 3 * 86_400))
        }
        #expect(error?.description.contains("no longer valid") == true)
    }

    @Test("that are not there, cannot be read or are something else are refused by name")
    func unusable() async throws {
        let files = try await folder.certificate()
        let text = try folder.write("hello", to: "text.pem")
        let nobody = folder.path("nobody.pem")
        for (certificate, key, words) in [
            (nobody, files.key, "there is no such file"), (files.certificate, nobody, "there is no such file"),
            (folder.path("."), files.key, "cannot be read"), (text, files.key, "no certificate in"),
            (files.certificate, text, "no private key in"),
            (files.key, files.key, "no certificate in"), (files.certificate, files.certificate, "no private key in"),
        ] {
            let error = #expect(throws: ServeError.self) { try TLSFiles(certificate: certificate, key: key).load() }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }
}
