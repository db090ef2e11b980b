import LiveHTML
import LiveViews
import NIOCore
import RealtimeTesting
import Synchronization
import Testing

@Suite("Events of a browser")
struct EventsTests {
    @Test("are acknowledged before their patch")
    func acknowledged() async throws {
        let wire = try await Wire.joined(Counter())
        try await wire.say(#"[1,0,"up"]"#)
        #expect(wire.take() == ["1", "[1,0,1]"])
        try await wire.say(#"[7,0,"add:0"]"#)
        #expect(wire.take() == ["7"], "nothing is different")
    }

    @Test("that come together are rendered once, and the last state is sent")
    func together() async throws {
        let wire = try await Wire.joined(Counter())
        try await wire.say(#"[1,0,"up"]"#, #"[2,0,"up"]"#, #"[3,0,"up"]"#)
        #expect(wire.take() == ["3", "[1,0,3]"])
        try await wire.say(#"[4,0,"up"]"#, #"[5,0,"down"]"#)
        #expect(wire.take() == ["5"])
    }

    @Test("are rendered no more often than the interval says")
    func interval() async throws {
        let wire = try await Wire.joined(Counter(), .testing { $0.renderInterval = .milliseconds(100) })
        await wire.advance(by: .milliseconds(200))
        try await wire.say(#"[1,0,"up"]"#)
        #expect(wire.take() == ["1", "[1,0,1]"])
        try await wire.say(#"[2,0,"up"]"#)
        await wire.advance(by: .milliseconds(50))
        try await wire.say(#"[3,0,"up"]"#)
        await wire.advance(by: .milliseconds(49))
        #expect(wire.take() == [])
        await wire.advance(by: .milliseconds(1))
        #expect(wire.take() == ["3", "[2,0,3]"])
    }

    @Test("that are refused say why, and change nothing")
    func refused() async throws {
        let wire = try await Wire.joined(Counter(count: 1))
        try await wire.say(#"[1,0,"jump"]"#)
        #expect(
            wire.take() == [#"["err",1,"there is no event “jump”"]"#, "1"],
            "before the acknowledgement: of what is acknowledged, nothing is under way")
        try await wire.say(#"[2,0,"add"]"#, #"[3,0,"add:1,2"]"#, #"[4,5,"up"]"#, #"[5,0,"{"]"#, #"[6,0,"up"]"#)
        let messages = wire.take()
        #expect(messages.firstIndex(of: "6") == 4)
        #expect(messages.filter { $0.hasPrefix("[\"err\"") }.count == 4)
        #expect(messages.contains("[1,0,2]"))
        #expect(wire.closed == nil)
    }

    @Test("that are empty ask whether somebody is there: they are acknowledged, and nothing else")
    func probes() async throws {
        let wire = try await Wire.joined(Counter())
        try await wire.say(#"[1,0,""]"#)
        #expect(wire.take() == ["1"])
        try await wire.say(#"[2,0,"up"]"#, #"[3,0,""]"#)
        #expect(wire.take() == ["3", "[1,0,1]"], "not before what was asked for earlier")
    }

    @Test("of which one is not newer than the last end the connection", arguments: [1, 2, 0, -1])
    func order(ref: Int) async throws {
        let wire = try await Wire.joined(Counter())
        try await wire.say(#"[2,0,"up"]"#)
        try await wire.say("[\(ref),0,\"up\"]")
        #expect(wire.closed == .badMessage)
    }

    @Test("that are too many end the connection")
    func flood() async throws {
        let runtime = LiveRuntime.testing {
            $0.maxEventBurst = 5
            $0.maxEventsPerSecond = 10
        }
        let wire = try await Wire.joined(Counter(), runtime)
        for ref in 1...5 { try await wire.say("[\(ref),0,\"up\"]") }
        await wire.advance(by: .milliseconds(100))
        try await wire.say(#"[6,0,"up"]"#)
        #expect(wire.closed == nil)
        await wire.advance(by: .milliseconds(99))
        try await wire.say(#"["nav",7,"/"]"#)
        #expect(wire.closed == .flood)
        #expect(wire.take().last == "[6,0,6]")
        let other = try await Wire.joined(Counter(), runtime)
        for _ in 1...5 { try await other.say(#"["full",0]"#) }
        #expect(other.closed == nil)
        try await other.say(#"["full",0]"#)
        #expect(other.closed == .flood)
    }

    @Test("may come as often as the limit says, however they are spaced")
    func steady() async throws {
        let wire = try await Wire.joined(
            Counter(),
            .testing {
                $0.maxEventBurst = 3
                $0.maxEventsPerSecond = 100
            })
        for ref in 1...200 {
            await wire.advance(by: .microseconds(ref % 2 == 0 ? 10_900 : 9_100))
            try await wire.say("[\(ref),0,\"up\"]")
        }
        #expect(wire.closed == nil)
    }

    struct Fragile: LiveView {
        var count = 0
        enum Event: LiveEvent { case up }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { count += 1 }
        var body: HTML { "<p>\(count)\(count == 2 ? "<script>\(count)</script>" : nil)</p>" }
    }

    @Test("after which a view can't be shown end its connection, and no other")
    func failure() async throws {
        let runtime = LiveRuntime.testing()
        let wire = try await Wire.joined(Fragile(), runtime)
        let other = try await Wire(LiveRoute(Fragile.self, runtime: runtime), on: wire.loop) { _ in Fragile() }
        try await other.join()
        _ = other.take()
        try await wire.say(#"[1,0,"up"]"#)
        try await wire.say(#"[2,0,"up"]"#)
        #expect(wire.closed == .failure)
        try await wire.say(#"[3,0,"up"]"#)
        #expect(wire.take() == ["1", "[1,0,1]"])
        try await other.say(#"[1,0,"up"]"#)
        #expect(other.closed == nil)
        #expect(other.take() == ["1", "[1,0,1]"])
        try await other.close()
    }

    @Test("of a browser that is slow are rendered when it has read what there was")
    func slow() async throws {
        let wire = try await Wire.joined(Counter(), .testing { $0.maxBufferedBytes = 100 })
        wire.transport.state.withLock { $0.bufferedBytes = 101 }
        try await wire.say(#"[1,0,"up"]"#)
        try await wire.say(#"[2,0,"up"]"#)
        await wire.advance(by: .seconds(5))
        #expect(wire.take().allSatisfy { !$0.hasPrefix("[1,") && $0 != "1" })
        try await wire.drain()
        #expect(wire.take() == ["2", "[1,0,2]"])
        wire.transport.state.withLock { $0.bufferedBytes = 100 }
        try await wire.say(#"[3,0,"up"]"#)
        #expect(wire.take() == ["3", "[2,0,3]"])
    }

    struct Rows: LiveView {
        var rows = [1, 2, 3]
        enum Event: LiveEvent { case turn, add }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .turn: rows.reverse()
            case .add: rows.insert(rows.count + 1, at: 0)
            }
        }
        var body: HTML { "<ul>\(each: rows, key: { $0 }, { $0 > 3 ? "<li class=\"new\">\($0)</li>" : "<li>\($0)</li>" })</ul>" }
    }

    @Test("of a slow browser that asks for the tree: what is sent later fits the tree")
    func slowTree() async throws {
        let wire = try await Wire.joined(Rows())
        wire.transport.state.withLock { $0.bufferedBytes = 1 << 30 }
        try await wire.say(#"[1,0,"add"]"#)
        try await wire.say(#"["full",0]"#)
        #expect(wire.take() == [], "no tree is added to what it has not read")
        wire.transport.state.withLock { $0.bufferedBytes = 0 }
        try await wire.say(#"[2,0,"add"]"#)
        try await wire.drain()
        try await wire.say(#"[3,0,"turn"]"#)
        var client = ClientView()
        for message in wire.messages where [.templates, .tree, .patch].contains(message.kind) { try client.receive(message.bytes) }
        #expect(client.html == "<ul><li>3</li><li>2</li><li>1</li><li class=\"new\">4</li><li class=\"new\">5</li></ul>")
    }

    @Test("are shown when there is room again, also where nobody tells that there is")
    func untold() async throws {
        let wire = try await Wire.joined(Counter(), .testing { $0.renderInterval = .milliseconds(16) })
        await wire.advance(by: .milliseconds(20))
        // What the channel takes at the end of the turn has never waited.
        wire.transport.state.withLock { $0.bufferedBytes = 1 << 20 }
        try await wire.say(#"["full",0]"#, #"[1,0,"up"]"#)
        wire.transport.state.withLock { $0.bufferedBytes = 0 }
        await wire.advance(by: .milliseconds(20))
        #expect(wire.take().first == "1")
    }
}
