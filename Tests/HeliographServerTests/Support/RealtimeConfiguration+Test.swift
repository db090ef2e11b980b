import ServerTestSupport

@testable import HeliographServer

extension RealtimeConfiguration {
    /// What a file says of channels and clients.
    init(yaml: String, file: String) async throws {
        guard let realtime = try await ServeConfiguration(yaml: yaml, file: file).realtime else { throw Unexpected("there is none") }
        self = realtime
    }
}
