// The pages, the transports and another client, through the proxies of Docs/operations.md. They need nginx, haproxy and caddy (dev/tools.sh), and fail without them.

import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("Behind a proxy", .timeLimit(.minutes(5)))
    struct ProxyTests {
        private static let places = Proxy.Program.allCases.flatMap { program in ["http", "https"].map { (program, $0) } }

        /// A server with an internal listener, and a proxy before it.
        private func run(_ program: Proxy.Program, _ test: (Proxy) async throws -> Void) async throws {
            let server = try await HeliographServerProcess.start(["--set", "http_server.internal_port=0"])
            var own: Int?
            while own == nil, let line = await server.command.line() {
                own = line.firstMatch(of: /Metrics and health: http:\/\/127.0.0.1:([0-9]+)/).flatMap { Int($0.1) }
            }
            let proxy = try await Proxy.start(program, server: server.port, internalPort: try #require(own))
            try await test(proxy)
            proxy.command.signal(SIGTERM)
            server.command.signal(SIGTERM)
            _ = await (proxy.command.outcome(), server.command.outcome())
        }

        @Test("all pages work, without TLS and with it", arguments: places)
        func pages(program: Proxy.Program, scheme: String) async throws {
            try await run(program) { proxy in
                try await Browser.run { browser in
                    let address = proxy.address(scheme)
                    let ada = try await browser.window("\(address)/chat/tea")
                    let grace = try await browser.window("\(address)/chat/tea")
                    try await ada.join("tea", as: "Ada")
                    try await grace.join("tea", as: "Grace")
                    try await ada.say("through \(program) with \(scheme)")
                    try await grace.waitForText("through \(program) with \(scheme)", in: "#log")
                    #expect(ada.takeComplaints() == [])
                    // One window for all: twenty that are all live leave nothing of a small machine.
                    let window = try await browser.window("\(address)/")
                    for (path, isThere) in Self.pages {
                        try await window.open("\(address)\(path)")
                        try await window.wait(isThere)
                        #expect(window.takeComplaints() == [], "\(path)")
                    }
                    try await window.open("\(address)/live/counter")
                    try await window.wait("window.live?.isLive")
                    try await window.click("[aria-label='One more']")
                    try await window.wait("document.querySelector('output').innerText === '1'")
                    try await window.open("\(address)/echo-demo")
                    try await window.wait("document.querySelector('#state').dataset.state === 'open'")
                    try await window.click("#form [type=submit]")
                    try await window.wait("document.querySelectorAll('.frame.in').length === 1")
                }
            }
        }

        private static let pages =
            [
                ("/", "document.querySelector('#state').innerText.includes('Live')"),
                ("/market", "document.querySelectorAll('#rows tr').length === 300"),
                ("/dashboard", "Number(document.querySelector('#connections').innerText) >= 1"),
                ("/game", "document.querySelector('#state').innerText.includes('Live')"),
            ]
            + ["", "/clock", "/form", "/upload", "/list", "/slider", "/todo", "/shared", "/table", "/scores"].map {
                ("/live\($0)", "window.live?.isLive")
            }

        @Test("the WebSocket and both streams work, and recover what was missed", arguments: places)
        func transports(program: Proxy.Program, scheme: String) async throws {
            try await run(program) { proxy in
                try await Browser.run { browser in
                    for transport in ["websocket", "http_stream", "sse"] {
                        let window = try await browser.window("\(proxy.address(scheme))/")
                        #expect(try await window.value(Self.client(transport), as: Bool.self))
                        #expect(try await window.value("window.clientTransport", as: String.self) == transport)
                        for number in 1...5 { _ = try await window.value("window.room.publish(\(number)).then(() => true)", as: Bool.self) }
                        try await window.wait("window.seen.length === 5")
                        // Cut, and published to meanwhile by another.
                        let other = try await browser.window("\(proxy.address(scheme))/")
                        #expect(try await other.value(Self.client("websocket", "recover:behind-\(transport)"), as: Bool.self))
                        _ = try await window.value("window.client._drop(1, 'cut') ?? true", as: Bool.self)
                        _ = try await other.value("window.room.publish(6).then(() => true)", as: Bool.self)
                        try await window.wait("window.seen.length === 6")
                        #expect(try await window.value("window.seen", as: [Int].self) == Array(1...6))
                        #expect(window.takeComplaints() == [])
                    }
                }
            }
        }

        private static func client(_ transport: String, _ channel: String? = nil) -> String {
            """
            (async () => {
              const { Client } = await import("/assets/heliograph.js");
              window.client = new Client("/connection/websocket", { transports: ["\(transport)"], minReconnectDelay: 50, maxReconnectDelay: 200 });
              window.seen = [];
              client.on("connected", ({ transport }) => (window.clientTransport = transport));
              window.room = client
                .subscription("\(channel ?? "recover:behind-\(transport)")")
                .on("publication", ({ data }) => window.seen.push(data))
                .subscribe();
              client.connect();
              await window.room.ready(20000);
              return true;
            })()
            """
        }

        @Test("another client of the protocol works", arguments: Proxy.Program.allCases)
        func others(program: Proxy.Program) async throws {
            let environment = ProcessInfo.processInfo.environment
            let venv = environment["HELIOGRAPH_VENV"] ?? NSHomeDirectory() + "/.cache/heliograph-venv"
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Conformance/sdk/python_sdk.py")
            try await run(program) { proxy in
                let address = proxy.address("http").replacing("http:", with: "ws:") + "/connection/websocket"
                let outcome = try await Command.run("\(venv)/bin/python", [script.path(percentEncoded: false), address, "protobuf"])
                #expect(outcome.output.contains(/[1-9][0-9]* passed, 0 failed/), "\(outcome.output)\(outcome.errors)")
            }
        }
    }
}
