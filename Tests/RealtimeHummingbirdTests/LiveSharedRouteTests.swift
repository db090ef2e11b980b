// A shared view in a server: what one browser says wrong is that browser's end alone.

import Hummingbird
import LiveHTML
import LiveViews
import NIOPosix
import RealtimeHummingbird
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@Suite("Shared live views in a router", .timeLimit(.minutes(2)))
struct LiveSharedRouteTests {
    private struct Tally: LiveView {
        var count = 0

        enum Event: LiveEvent {
            case add(Int)
        }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            if case .add(let number) = event { count = (count &+ number) % 1_000 }
        }

        var body: HTML { "<output>\(count)</output><button \(on: .click, Event.add(1))>+</button>" }
    }

    private static let settings = RealtimeServer.Settings { settings in
        settings.more = { router, hub in
            let views = LiveRuntime(hub: hub)
            router.live("tally", shared: SharedLiveView(runtime: views, on: MultiThreadedEventLoopGroup.singleton.any()) { Tally() })
        }
    }

    /// A browser that has joined and sees the tally.
    private static func joined(_ server: RealtimeServer) async throws -> WebSocket {
        var visitor = LiveVisitor(server: server)
        let page = try await visitor.get("/tally")
        let socket = try await visitor.join("/tally", LiveVisitor.part(page, "data-live"), LiveVisitor.part(page, "data-live-hash"))
        var messages = socket.messages.makeAsyncIterator()
        while case .text(let text)? = try await messages.next() {
            if text.hasPrefix("[\"b\",1,") || text.hasPrefix("[\"j\",1,") { return socket }
        }
        throw Unexpected("the tally never came")
    }

    /// What comes next that begins so.
    private static func next(_ start: String, _ socket: WebSocket) async throws -> String {
        for try await case .text(let text) in socket.messages where text.hasPrefix(start) { return text }
        throw Unexpected("the connection has ended with \(socket.closeReason.map { "\($0.code)" } ?? "nothing")")
    }

    @Test("Events that it does not have are refused, and change nothing for anybody")
    func unknownEvents() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let good = try await Self.joined(server), bad = try await Self.joined(server)
            for (number, event) in ["", "count", "add", "add:", "add:x", "add:1:2", "add:99999999999999999999", "set:4"].enumerated() {
                try await bad.send("[\(number + 1),1,\"\(event)\"]")
                if !event.isEmpty { #expect(try await Self.next("[\"err\",\(number + 1),", bad).hasPrefix("[\"err\"")) }
            }
            for (number, view) in [(20, 2), (21, 4_096), (22, Int.max)] {
                try await bad.send("[\(number),\(view),\"add:1\"]")
                #expect(try await Self.next("[\"err\",\(number),", bad).hasPrefix("[\"err\""))
            }
            try await bad.send("[30,1,\"add:7\"]")
            #expect(try await Self.next("[\"p\",1,", good) == "[\"p\",1,1,0,7]")
            for socket in [good, bad] { await socket.close() }
        }
    }

    @Test(
        "Messages that break the rules end the connection that they came on, with 4400, and nobody else's",
        arguments: [
            "[1,-1,\"add:1\"]", "[0,1,\"add:1\"]", "[\"full\",2]", "[\"full\",-1]", "[\"full\"]",
            "[\"join\",\"\",\"\",[]]", "[\"up\",1,1,\"files\",3]", "[1,1]", "[", "{}", "null", "[1,1,[\"add:1\"]]",
            String(repeating: "[", count: 5_000),
        ])
    func broken(message: String) async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let good = try await Self.joined(server), bad = try await Self.joined(server)
            try await bad.send(message)
            for try await case .text(let text) in bad.messages { #expect(!text.hasPrefix("[\"p\"")) }
            #expect(bad.closeReason?.code.rawValue == 4400)
            try await good.send("[1,1,\"add:1\"]")
            #expect(try await Self.next("[\"p\",1,", good) == "[\"p\",1,1,0,1]")
            await good.close()
        }
    }

    @Test(
        "A flood of events, or of trees that are asked for, ends with 4429, and the others see what was before it",
        arguments: [true, false])
    func flood(ofTrees: Bool) async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let good = try await Self.joined(server), bad = try await Self.joined(server)
            let messages = (1...2_000).map { ofTrees ? "[\"full\",1]" : "[\($0),1,\"add:1\"]" }
            for message in messages where bad.closeReason == nil { try? await bad.send(message) }
            for try await _ in bad.messages {}
            #expect(bad.closeReason?.code.rawValue == 4429)
            try await good.send("[1,1,\"add:0\"]")
            _ = try await Self.next("1", good)
            await good.close()
        }
    }
}
