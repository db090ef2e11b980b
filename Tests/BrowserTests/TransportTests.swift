import Foundation
import ServerTestSupport
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension InBrowser {
    /// The JavaScript client as the server serves it, in a real page, over each transport; and a page that has no library at all.
    @Suite("The transports in a browser", .timeLimit(.minutes(3)))
    struct TransportTests {
        /// What the pages of these tests share. A page of the demo is where they run: its policy forbids what is not of the same host.
        private static func client(_ transport: String, on name: String = "client") -> String {
            """
            (async () => {
              const { Client } = await import("/assets/heliograph.js");
              const client = new Client("/connection/websocket", { transports: ["\(transport)"], minReconnectDelay: 50, maxReconnectDelay: 200 });
              window.\(name) = client;
              window.\(name)Seen = [];
              window.\(name)Recovered = [];
              client.on("connected", ({ transport }) => (window.\(name)Transport = transport));
              window.\(name)Room = client
                .subscription("recover:browser-\(transport)")
                .on("publication", ({ data }) => window.\(name)Seen.push(data))
                .on("subscribed", (event) => event.wasRecovering && window.\(name)Recovered.push(event.recovered))
                .subscribe();
              client.connect();
              await window.\(name)Room.ready(20000);
              return true;
            })()
            """
        }

        @Test("heliograph.js connects, subscribes, publishes and sees who is there", arguments: ["websocket", "http_stream", "sse"])
        func talks(transport: String) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let one = try await browser.window("\(server.address)/")
                let two = try await browser.window("\(server.address)/")
                for window in [one, two] {
                    #expect(try await window.value(Self.client(transport), as: Bool.self))
                    #expect(try await window.value("window.clientTransport", as: String.self) == transport)
                }
                let clients: Int = try await one.value("window.clientRoom.presence().then(({ clients }) => Object.keys(clients).length)")
                #expect(clients == 2)
                for number in 1...20 { _ = try await one.value("window.clientRoom.publish(\(number)).then(() => true)", as: Bool.self) }
                for window in [one, two] {
                    try await window.wait("window.clientSeen.length === 20")
                    #expect(try await window.value("window.clientSeen", as: [Int].self) == Array(1...20))
                    #expect(window.takeComplaints() == [])
                }
                server.command.signal(SIGTERM)
                #expect(await server.command.outcome().code == 0)
            }
        }

        @Test("A network that goes and comes back costs nothing", arguments: ["websocket", "http_stream", "sse"])
        func recovers(transport: String) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let reader = try await browser.window("\(server.address)/")
                let writer = try await browser.window("\(server.address)/")
                for window in [reader, writer] { #expect(try await window.value(Self.client(transport), as: Bool.self)) }
                for round in 0..<3 {
                    _ = try await writer.value("window.clientRoom.publish(\(round * 2)).then(() => true)", as: Bool.self)
                    try await reader.wait("window.clientSeen.length === \(round * 2 + 1)")
                    // As if the connection had broken: the client is not asked.
                    _ = try await reader.value("window.client._drop(1, 'cut') ?? true", as: Bool.self)
                    _ = try await writer.value("window.clientRoom.publish(\(round * 2 + 1)).then(() => true)", as: Bool.self)
                    try await reader.wait("window.clientSeen.length === \(round * 2 + 2)")
                }
                #expect(try await reader.value("window.clientSeen", as: [Int].self) == Array(0..<6))
                #expect(try await reader.value("window.clientRecovered", as: [Bool].self).allSatisfy { $0 })
                server.command.signal(SIGTERM)
                _ = await server.command.outcome()
            }
        }

        private static let configuration = """
            client:
              token:
                hmac_secret_key: "\(secret)"
            channel:
              namespaces:
                - name: news
                  history_size: 100
                  history_ttl: 300s
                  force_recovery: true
            uni_sse: {enabled: true}
            http_api: {key: 0123456789abcdef}
            """
        private static let secret = "0123456789abcdef0123456789abcdef"
        /// {"alg":"HS256","typ":"JWT"} {"sub":"ada","channels":["news:today"]}, signed with the secret.
        private static let token =
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJjaGFubmVscyI6WyJuZXdzOnRvZGF5Il19.yqm8xdlm2ZZt-ocaMP_VzVgRcyTRPF30asrCuxeeTtY"

        @Test("A plain EventSource gets what it missed when it was cut off")
        func eventSource() async throws {
            try await Browser.run { browser in
                let folder = try TemporaryFolder()
                let file = try folder.write(Self.configuration, to: "heliograph.yaml")
                let server = try await HeliographServerProcess.start(["--config", file, "--demo"])
                let window = try await browser.window("\(server.address)/")
                let opened: Bool = try await window.value(
                    """
                    (() => {
                      window.seen = [];
                      window.connects = [];
                      const take = ({ data }) => window.seen.push(data);
                      window.source = new EventSource("/connection/uni_sse?token=\(Self.token)");
                      window.source.onmessage = ({ data }) => {
                        const push = JSON.parse(data);
                        if (push.pub) take(push.pub);
                        for (const sub of Object.values(push.connect?.subs ?? {})) {
                          window.connects.push(sub.was_recovering ? String(sub.recovered ?? false) : "first");
                          (sub.publications ?? []).forEach(take);
                        }
                      };
                      return true;
                    })()
                    """)
                #expect(opened)
                try await window.wait("window.connects.length === 1")
                for round in 0..<3 {
                    try await Self.call(server, "publish", #"{"channel":"news:today","data":\#(round * 2)}"#)
                    try await window.wait("window.seen.length === \(round * 2 + 1)")
                    try await Self.call(server, "disconnect", #"{"user":"ada","disconnect":{"code":3011,"reason":"force reconnect"}}"#)
                    try await Self.call(server, "publish", #"{"channel":"news:today","data":\#(round * 2 + 1)}"#)
                    try await window.wait("window.seen.length === \(round * 2 + 2)")
                }
                #expect(try await window.value("window.seen", as: [Int].self) == Array(0..<6))
                #expect(try await window.value("window.connects", as: [String].self) == ["first", "true", "true", "true"])
                server.command.signal(SIGTERM)
                _ = await server.command.outcome()
            }
        }

        @Test("An EventSource that is refused for good does not come back")
        func refused() async throws {
            try await Browser.run { browser in
                let folder = try TemporaryFolder()
                let file = try folder.write(Self.configuration, to: "heliograph.yaml")
                let server = try await HeliographServerProcess.start(["--config", file, "--demo"])
                let window = try await browser.window("\(server.address)/")
                _ = try await window.value("(window.source = new EventSource('/connection/uni_sse?token=forged')) && true", as: Bool.self)
                try await window.wait("window.source.readyState === EventSource.CLOSED")
                server.command.signal(SIGTERM)
                _ = await server.command.outcome()
            }
        }

        private static func call(_ server: HeliographServerProcess, _ method: String, _ body: String) async throws {
            var request = URLRequest(url: server.address.appending(path: "api/\(method)"))
            request.httpMethod = "POST"
            request.setValue("0123456789abcdef", forHTTPHeaderField: "X-API-Key")
            request.httpBody = Data(body.utf8)
            let (answer, _) = try await URLSession.cookieless.data(for: request)
            let text = String(decoding: answer, as: UTF8.self)
            guard text.contains(#""result""#) else { throw Unexpected("\(method): \(text)") }
        }
    }
}
