// Clients of HTTP are shared, and go when nobody needs them: reloads leave none behind.

import Testing

@testable import BackendHooks

@Suite("Clients of HTTP")
struct HTTPClientsTests {
    private static func tls() -> HookTLS {
        var tls = HookTLS()
        // Nobody else's.
        tls.dangerouslySkipsVerification = true
        return tls
    }

    @Test("one for each set of certificates and number of connections")
    func shared() throws {
        let client = try HTTPClients.client(Self.tls(), maxConnections: 3)
        #expect(try HTTPClients.client(Self.tls(), maxConnections: 3) === client)
        #expect(try HTTPClients.client(Self.tls(), maxConnections: 4) !== client)
        #expect(try HTTPClients.client(HookTLS(), maxConnections: 3) !== client)
    }

    /// The library stops the process if one goes that is not shut down.
    @Test("one that nobody uses is shut down, and made anew for the next")
    func released() throws {
        for _ in 0..<20 {
            weak var old: SharedHTTPClient?
            do {
                let client = try HTTPClients.client(Self.tls(), maxConnections: 5)
                old = client
                #expect(old === client)
            }
            #expect(old == nil)
        }
    }
}
