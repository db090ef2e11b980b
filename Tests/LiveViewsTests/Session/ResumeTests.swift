import LiveHTML
import LiveViews
import Logging
import NIOCore
import NIOEmbedded
import RealtimeTesting
import Synchronization
import Testing

@Suite("Seals of a session")
struct ResumeTests {
    /// Its state, and what is not part of it.
    struct Note: LiveView, Codable {
        var text = ""
        var mounts = 0
        var fresh = "of the first"
        var tool = "made"
        enum Event: LiveEvent { case write(String) }
        enum CodingKeys: CodingKey { case text, mounts }

        init(tool: String = "made") { self.tool = tool }
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            text = try container.decode(String.self, forKey: .text)
            mounts = try container.decode(Int.self, forKey: .mounts)
            tool = "decoded"
        }

        mutating func mount(_ request: LiveRequest) async throws { mounts += 1 }
        mutating func resumed(from fresh: Note) { tool = fresh.tool }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .write(let text): self.text = text
            }
        }
        var body: HTML { "<p>\(text)</p><i>\(mounts)</i><b>\(tool)</b>" }
    }

    struct Plain: LiveView {
        var mounts = Count()
        var text = ""
        enum Event: LiveEvent { case write(String) }
        mutating func mount(_ request: LiveRequest) async throws { text = "mounted \(mounts.next())" }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { text = "written" }
        var body: HTML { "<p>\(text)</p>" }
    }

    let request = LiveRequest(url: "/a?b", session: "me")

    private func wire(_ runtime: LiveRuntime, _ request: LiveRequest? = nil) async throws -> Wire<Note> {
        try await Wire(LiveRoute(resuming: Note.self, runtime: runtime), request ?? self.request) { _ in Note(tool: "of the second") }
    }

    private func page(_ runtime: LiveRuntime, _ request: LiveRequest? = nil) async throws -> PaintedPage {
        try PaintedPage(try await LiveRoute(resuming: Note.self, runtime: runtime).page(request ?? self.request) { Note() })
    }

    /// What the page shows: text, mounts, tool.
    private func shown<View: LiveView>(_ wire: Wire<View>) throws -> String {
        var client = ClientView()
        for message in wire.messages where [.templates, .tree, .patch].contains(message.kind) { try client.receive(message.bytes) }
        return client.html.replacing(/<[^>]*>/, with: " ").split(separator: " ").joined(separator: " ")
    }

    private func seals(_ wire: Wire<Note>) -> [(seal: String, hash: String)] {
        wire.messages.filter { $0.kind == .seal }.compactMap { message in
            let parts = message.text.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
            return parts.count > 3 ? (parts[3], parts.count > 5 ? parts[5] : "") : nil
        }
    }

    @Test("a view is resumed, and not mounted a second time; what is not of its state comes from a fresh one")
    func resumed() async throws {
        let runtime = LiveRuntime.testing()
        let page = try await page(runtime)
        let wire = try await wire(runtime)
        try await wire.join(page.seal)
        #expect(try shown(wire) == "1 of the second")
    }

    @Test("a view that is not Codable is mounted again")
    func mounted() async throws {
        let route = LiveRoute(Plain.self, runtime: .testing()), view = Plain()
        let page = try PaintedPage(try await route.page(request) { view })
        #expect(page.content == "<p>mounted 1</p>")
        let wire = try await Wire(route, request) { _ in view }
        try await wire.join(page.seal, page.hash)
        #expect(try shown(wire) == "mounted 2")
        await wire.advance(by: .seconds(10))
        #expect(!wire.messages.contains { $0.kind == .seal })
    }

    @Test("a seal that is not good for this page is no seal: the view is mounted, and the browser gets a new one")
    func forged() async throws {
        let runtime = LiveRuntime.testing()
        let good = try await page(runtime)
        let others = [
            "", "x", String(good.seal.dropLast(2)), String(good.seal.reversed()),
            try await page(.testing()).seal,
            try await page(runtime, LiveRequest(url: "/a?b", session: "you")).seal,
            try await page(runtime, LiveRequest(url: "/a?c", session: "me")).seal,
            try PaintedPage(try await LiveRoute(resuming: Counter.self, runtime: runtime).page(request) { Counter() }).seal,
            try PaintedPage(try await LiveRoute(Note.self, runtime: runtime).page(request) { Note() }).seal,
        ]
        for other in others {
            let wire = try await wire(runtime)
            try await wire.join(other)
            #expect(try shown(wire) == "1 of the second", "mounted")
            #expect(wire.closed == nil)
            let seal = try #require(seals(wire).last)
            let again = try await self.wire(runtime)
            try await again.join(seal.seal, seal.hash)
            #expect(again.messages.map(\.kind).contains(.bind))
        }
    }

    @Test("the address of a seal is that of the page, whatever the browser's looks like")
    func addresses() async throws {
        let runtime = LiveRuntime.testing()
        for (painted, joined) in [
            ("/a/", "/a"), ("/a", "/a/"), ("/a/?b", "/a?b"), ("/p", "/p?_event=x&_seal=y"),
            ("/p?q=1", "/p?q=1&_event=x&_seal=y&_view=1&_key=k"), ("/", "/?_seal="),
        ] {
            let page = try await page(runtime, LiveRequest(url: painted, session: "me"))
            let wire = try await wire(runtime, LiveRequest(url: joined, session: "me"))
            try await wire.join(page.seal)
            #expect(seals(wire).isEmpty, "\(painted) is resumed at \(joined)")
        }
        let page = try await page(runtime, LiveRequest(url: "/a/b", session: "me"))
        let wire = try await wire(runtime, LiveRequest(url: "/a", session: "me"))
        try await wire.join(page.seal)
        #expect(!seals(wire).isEmpty)
    }

    @Test("a new address is sealed at once, also when the state is the same")
    func newAddress() async throws {
        let runtime = LiveRuntime.testing()
        let wire = try await wire(runtime)
        try await wire.join(try await page(runtime).seal)
        try await wire.say(#"[1,0,"write:\"kept\""]"#)
        await wire.advance(by: .seconds(2))
        let before = seals(wire).count
        try await wire.say(#"["nav",2,"/c"]"#)
        #expect(seals(wire).count == before + 1)
        await wire.advance(by: .seconds(5))
        #expect(seals(wire).count == before + 1)
        let seal = try #require(seals(wire).last)
        let again = try await self.wire(runtime, LiveRequest(url: "/c", session: "me"))
        try await again.join(seal.seal)
        #expect(try shown(again).hasPrefix("kept"))
    }

    @Test("a seal is its user's: another user in the same browser gets a view of his own")
    func users() async throws {
        let runtime = LiveRuntime.testing()
        let page = try await page(runtime, LiveRequest(session: "me", user: "ann"))
        for (user, isResumed) in [("ann", true), ("bob", false), (nil, false)] {
            let wire = try await wire(runtime, LiveRequest(session: "me", user: user))
            try await wire.join(page.seal)
            #expect(seals(wire).isEmpty == isResumed)
        }
    }

    @Test("a seal that is too old is no seal")
    func expired() async throws {
        let now = Clock(1_000_000)
        let runtime = LiveRuntime(
            configuration: LiveConfiguration(), seals: StateSeals(lifetime: .seconds(60)), hub: nil,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), now: { now.value })
        let page = try await page(runtime)
        now.move(by: 60_000)
        let good = try await wire(runtime)
        try await good.join(page.seal, page.hash)
        #expect(good.messages.contains { $0.kind == .tree }, "the tool is another one")
        #expect(!good.messages.contains { $0.kind == .seal })
        now.move(by: 1)
        let late = try await wire(runtime)
        try await late.join(page.seal)
        #expect(late.messages.contains { $0.kind == .seal }, "mounted, and sealed anew")
    }

    @Test("a state is sealed after a change, at most once in an interval")
    func interval() async throws {
        let runtime = LiveRuntime.testing()
        let wire = try await wire(runtime)
        try await wire.join(try await page(runtime).seal)
        await wire.advance(by: .seconds(5))
        let start = seals(wire).count
        #expect(start <= 1)
        await wire.advance(by: .seconds(60))
        #expect(seals(wire).count == start, "nothing has happened")
        for ref in 1...25 {
            try await wire.say("[\(ref),0,\"write:\\\"\(ref)\\\"\"]")
            await wire.advance(by: .milliseconds(100))
        }
        #expect((2...4).contains(seals(wire).count - start))
        await wire.advance(by: .seconds(1))
        let end = seals(wire).count
        await wire.advance(by: .seconds(60))
        #expect(seals(wire).count == end)
        let last = try #require(seals(wire).last)
        let other = try await self.wire(runtime)
        try await other.join(last.seal, last.hash)
        #expect(other.messages.map(\.kind).prefix(2) == [.templates, .bind], "the hash is of what the page shows")
        try await other.say(#"["full",0]"#)
        #expect(other.messages.last?.text.contains(#"{"0":[25,"#) == true || other.messages.last?.text.contains(#"{"0":["25","#) == true)
    }

    @Test("a state that is too large is not sealed, and the view mounted anew")
    func tooLarge() async throws {
        let runtime = LiveRuntime.testing { $0.maxStateBytes = 100 }
        let wire = try await wire(runtime)
        try await wire.join(try await page(runtime).seal)
        try await wire.say("[1,0,\"write:\\\"\(String(repeating: "x", count: 100))\\\"\"]")
        await wire.advance(by: .seconds(2))
        let seal = try #require(seals(wire).last)
        let again = try await self.wire(runtime)
        try await again.join(seal.seal, seal.hash)
        #expect(try shown(again) == "1 of the second")
        #expect(again.messages.contains { $0.kind == .tree })
    }

    @Test("a page that has been sealed at another address is resumed there")
    func address() async throws {
        let runtime = LiveRuntime.testing()
        let wire = try await wire(runtime)
        try await wire.join(try await page(runtime).seal)
        try await wire.say(#"[1,0,"write:\"kept\""]"#, #"["nav",2,"/other"]"#)
        await wire.advance(by: .seconds(2))
        let seal = try #require(seals(wire).last)
        let there = try await self.wire(runtime, LiveRequest(url: "/other", session: "me"))
        try await there.join(seal.seal)
        #expect(try shown(there) == "kept 1 of the second")
        let here = try await self.wire(runtime)
        try await here.join(seal.seal)
        #expect(try shown(here) == "1 of the second")
    }

    @Test("a process that goes away seals what is not sealed yet, and sends its browsers away")
    func drain() async throws {
        let runtime = LiveRuntime.testing { $0.drainWindow = .milliseconds(2_500) }
        let wire = try await wire(runtime)
        try await wire.join(try await page(runtime).seal)
        await wire.advance(by: .seconds(5))
        try await wire.say(#"[1,0,"write:\"x\""]"#)
        _ = wire.take()
        runtime.drain()
        await wire.loop.run()
        let messages = wire.messages.suffix(2)
        #expect(messages.map(\.kind) == [.seal, .away])
        #expect(messages.last?.text == #"["away",2500]"#)
        #expect(wire.closed == nil)
        runtime.drain()
        await wire.loop.run()
        #expect(wire.messages.last?.kind == .away)
        #expect(wire.messages.suffix(2).first?.kind == .away, "the seal is still the newest")
    }

    @Test("of one user all views are ended, and of others none")
    func disconnect() async throws {
        let runtime = LiveRuntime.testing()
        func wire(_ user: String?) async throws -> Wire<Counter> {
            let wire = try await Wire(LiveRoute(Counter.self, runtime: runtime), LiveRequest(session: "x", user: user)) { _ in Counter() }
            try await wire.join()
            return wire
        }
        let wires = [try await wire("ann"), try await wire("ann"), try await wire("bob"), try await wire(nil)]
        let unjoined = try await Wire(LiveRoute(Counter.self, runtime: runtime), LiveRequest(user: "ann")) { _ in Counter() }
        runtime.disconnect(user: "ann")
        for wire in wires + [unjoined] { await wire.loop.run() }
        #expect((wires + [unjoined]).map(\.closed) == [.unauthorized, .unauthorized, nil, nil, .unauthorized])
    }

    @Test("what a slow browser has not been shown is not what its page shows")
    func slow() async throws {
        let runtime = LiveRuntime.testing()
        let wire = try await wire(runtime)
        try await wire.join(try await page(runtime).seal)
        await wire.advance(by: .seconds(5))
        try await wire.say(#"[1,0,"write:\"first\""]"#)
        try await wire.say(#"[2,0,"write:\"a\""]"#)
        wire.transport.state.withLock { $0.bufferedBytes = 1 << 30 }
        try await wire.say(#"[3,0,"write:\"b\""]"#)
        await wire.advance(by: .seconds(5))
        let seal = try #require(seals(wire).last)
        #expect(seal.hash.isEmpty)
        let other = try await self.wire(runtime)
        try await other.join(seal.seal)
        #expect(try shown(other) == "b 1 of the second")
    }
}

/// A time that stands until it is moved.
final class Clock: Sendable {
    private let time: Mutex<Int64>
    init(_ time: Int64) { self.time = Mutex(time) }
    var value: Int64 { time.withLock { $0 } }
    func move(by milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}
