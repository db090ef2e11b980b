import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Fetches key sets by HTTP: from the address that the configuration names and no other, so redirects are not followed.
struct KeySetFetcher: Sendable {
    let url: String
    let timeout: Duration

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// One for the process: it lives as long as that, and needs no end.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)), decompression: .disabled))

    func fetch() async throws -> [UInt8] {
        // The client's own deadline is for the head. A body that drips would last for ever, and so would everybody who waits for a key.
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await load() }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw Failed(description: "there is no answer within \(timeout)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private func load() async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
        let response = try await Self.client.execute(request, timeout: TimeAmount(timeout))
        guard response.status == HTTPResponseStatus.ok else { throw Failed(description: "status \(response.status.code)") }
        do {
            let body = try await response.body.collect(upTo: KeySetDocument.maxBytes)
            return Array(body.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Failed(description: "larger than \(KeySetDocument.maxBytes) bytes")
        }
    }

    /// What is wrong with an address; nil: nothing. Keys that come without TLS could be anybody's, but for those from this machine.
    static func objection(to text: String) -> String? {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), let host = url.host(), !host.isEmpty else {
            return "it must be an address such as https://login.example.com/.well-known/jwks.json"
        }
        guard url.user() == nil, url.password() == nil else { return "it must not have a user or a password, which would be in logs" }
        let isLocal = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
        guard scheme == "https" || (scheme == "http" && isLocal) else {
            return "it must be https: keys that come without TLS could be anybody's"
        }
        return nil
    }
}
