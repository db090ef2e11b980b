import Dispatch
import LiveHTML
import LiveViews
import NIOCore
import NIOEmbedded
import NIOPosix
import PubSub
import RealtimeHub
import RealtimeTesting
import Synchronization
import Testing

@Suite("Effects")
struct EffectsTests {
    typealias Effects = LiveEffects<Lab.Event>

    /// Does what a test wants.
    struct Lab: LiveView {
        enum Event: LiveEvent { case go(Int), note(String), change(to: String) }

        var notes: [String] = []
        var title: String?
        var start: @Sendable (inout Effects) -> Void = { _ in }
        var actions: [@Sendable (inout Effects) -> Void] = []
        var gone = Count()

        mutating func connected(_ effects: inout Effects) { start(&effects) }

        mutating func handle(_ event: Event, _ effects: inout Effects) {
            switch event {
            case .go(let number): if actions.indices.contains(number) { actions[number](&effects) }
            case .note(let text): notes.append(text)
            case .change(let text): title = text
            }
        }

        mutating func navigated(to request: LiveRequest, _ effects: inout Effects) {
            notes.append(([request.url] + request.parameters.map { "\($0)=\($1)" }).joined(separator: " "))
        }

        func disconnected() { gone.next() }
        var body: HTML { "<p>\(notes.joined(separator: " "))</p>" }
    }

    private func lab(
        on runtime: LiveRuntime = .testing(), pattern: RoutePattern? = nil, _ actions: (@Sendable (inout Effects) -> Void)...,
        start: @escaping @Sendable (inout Effects) -> Void = { _ in }, gone: Count = Count()
    ) async throws -> Wire<Lab> {
        let request = LiveRequest(url: "/here", pattern: pattern)
        return try await Wire.joined(Lab(start: start, actions: actions, gone: gone), runtime, request)
    }

    private func eventually(_ what: String, in wire: Wire<Lab>, _ isSo: (String) -> Bool) async throws {
        try await LiveViewsTests.eventually(what) {
            await wire.loop.run()
            return wire.messages.contains { isSo($0.text) }
        }
    }

    // MARK: Events and work

    @Test("another event comes after the one that asked for it, in the same render")
    func send() async throws {
        let wire = try await lab { effects in
            effects.send(.note("a"))
            effects.send(.note("b"))
        }
        try await wire.say(#"[1,0,"go:0"]"#)
        #expect(wire.take() == ["1", #"[1,0,"a b"]"#])
    }

    struct Failure: Error {}

    @Test("work comes back as an event, or as none, and may fail")
    func run() async throws {
        let wire = try await lab { effects in
            effects.run { nil }
            effects.run { .note("done") }
            effects.run {
                throw Failure()
            } failed: { _ in
                .note("failed")
            }
            effects.run {
                throw CancellationError()
            } failed: { _ in
                .note("cancelled")
            }
        }
        try await wire.say(#"[1,0,"go:0"]"#)
        try await eventually("both", in: wire) { $0.contains("done") && $0.contains("failed") }
        #expect(!wire.take().joined().contains("cancelled"))
    }

    @Test("work is cancelled by its id, and by other work with the same")
    func cancel() async throws {
        let gate = Gate(), cancelled = Count()
        let work: @Sendable (String) -> @Sendable () async -> Lab.Event? = { name in
            {
                do {
                    try await gate.wait()
                } catch {
                    cancelled.next()
                }
                // Even if it does not mind that it is cancelled.
                return .note(name)
            }
        }
        let wire = try await lab(
            { $0.run(id: "a", work("first")) }, { $0.run(id: "a", work("second")) }, { $0.run(id: "b", work("third")) }, { $0.cancel("b") })
        for ref in 1...4 { try await wire.say("[\(ref),0,\"go:\(ref - 1)\"]") }
        try await LiveViewsTests.eventually("two cancellations") { cancelled.value == 2 }
        gate.open()
        try await eventually("the second", in: wire) { $0.contains("second") }
        try await wire.say(#"[5,0,"note:\"end\""]"#)
        #expect(wire.take().last == #"[2,0,"second end"]"#)
    }

    @Test("more than a view may have are not begun")
    func limit() async throws {
        let wire = try await lab(on: .testing { $0.maxEffects = 2 }) { effects in
            for number in 0..<5 { effects.after(.seconds(1), .note("\(number)")) }
        }
        try await wire.say(#"[1,0,"go:0"]"#)
        await wire.advance(by: .seconds(1))
        #expect(wire.take() == ["1", #"[1,0,"0 1"]"#])
    }

    @Test("at the limit, one under an id that is under way takes its place")
    func limitRestart() async throws {
        let wire = try await lab(
            on: .testing { $0.maxEffects = 1 }, { $0.after(.seconds(1), id: "a", .note("first")) },
            { $0.after(.seconds(1), id: "a", .note("second")) })
        try await wire.say(#"[1,0,"go:0"]"#, #"[2,0,"go:1"]"#)
        await wire.advance(by: .seconds(2))
        #expect(wire.take() == ["2", #"[1,0,"second"]"#])
    }

    // MARK: Timers

    @Test("an event after a time")
    func after() async throws {
        let wire = try await lab(
            { $0.after(.milliseconds(500), id: "a", .note("one")) }, { $0.after(.milliseconds(500), id: "a", .note("two")) },
            { $0.after(.seconds(1), id: "b", .note("three")) }, { $0.cancel("b") }, { $0.after(.seconds(-1), .note("at once")) })
        try await wire.say(#"[1,0,"go:0"]"#, #"[2,0,"go:2"]"#)
        await wire.advance(by: .milliseconds(499))
        #expect(wire.take() == ["2"])
        try await wire.say(#"[3,0,"go:1"]"#, #"[4,0,"go:3"]"#, #"[5,0,"go:4"]"#)
        #expect(wire.take() == ["5", #"[1,0,"at once"]"#])
        await wire.advance(by: .seconds(10))
        #expect(wire.take() == [#"[2,0,"at once two"]"#])
    }

    @Test("an event again and again, at its times")
    func every() async throws {
        let wire = try await lab({ $0.every(.milliseconds(300), id: "a", .note("x")) }, { $0.cancel("a") })
        try await wire.say(#"[1,0,"go:0"]"#)
        for _ in 0..<90 { await wire.advance(by: .milliseconds(100)) }
        #expect(wire.take().count == 1 + 30)
        try await wire.say(#"[2,0,"go:1"]"#)
        await wire.advance(by: .seconds(10))
        #expect(wire.take() == ["2"])
    }

    @Test("ticks that could not come in time are not made up for")
    func late() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next(), ticks = Count()
        let view = Ticking(ticks: ticks)
        let route = LiveRoute(Ticking.self, runtime: .testing())
        let transport = TestTransport(loop)
        let session = try await loop.submit { NIOLoopBound(route.open(transport, LiveRequest()) { _ in view }, eventLoop: loop) }.get()
        let begin = ContinuousClock.now
        try await loop.submit { session.value.received(ByteBuffer(string: #"["join","","",[]]"#), isBinary: false) }.get()
        try await LiveViewsTests.eventually("a tick") { ticks.value > 0 }
        let blocked = try await loop.submit {
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .milliseconds(300) {}
            return ContinuousClock.now - start
        }.get()
        let before = ticks.value
        try await LiveViewsTests.eventually("more ticks") { ticks.value >= before + 5 }
        try await loop.submit { session.value.closed() }.get()
        let possible = (ContinuousClock.now - begin - blocked) / .milliseconds(5)
        #expect(Double(ticks.value) <= possible + 3)
    }

    struct Ticking: LiveView {
        enum Event: LiveEvent { case tick }
        let ticks: Count
        mutating func connected(_ effects: inout LiveEffects<Event>) { effects.every(.milliseconds(5), .tick) }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { ticks.next() }
        var body: HTML { "" }
    }

    // MARK: Channels

    private static func text(_ publication: Publication) -> String {
        String(decoding: publication.data, as: UTF8.self).replacing("\"", with: "")
    }

    @Test("what is published comes in its order, until the subscription is ended")
    func subscribe() async throws {
        let hub = testHub()
        let wire = try await lab(
            on: .testing(hub: hub), { $0.subscribe(to: "open:a") { .note(Self.text($0)) } }, { $0.unsubscribe(from: "open:a") },
            { $0.subscribe(to: "open:b") { Self.text($0) == "skip" ? nil : .note(Self.text($0)) } })
        try await wire.say(#"[1,0,"go:0"]"#, #"[2,0,"go:2"]"#)
        try await LiveViewsTests.eventually("both") { hub.channels().count == 2 }
        for number in 0..<100 { try await hub.publish(Array("\(number)".utf8), to: "open:a") }
        let all = (0..<100).map { "\($0)" }.joined(separator: " ")
        try await eventually("all", in: wire) { $0.contains(all) }
        try await wire.say(#"[3,0,"go:1"]"#)
        try await LiveViewsTests.eventually("one is gone") { hub.channels().count == 1 }
        for text in ["skip", "b"] { try await hub.publish(Array(text.utf8), to: "open:b") }
        try await eventually("the other", in: wire) { $0.contains(all + " b") }
    }

    @Test("a view that is too slow for its channel misses something, and is subscribed again")
    func overflow() async throws {
        let hub = testHub(), isFree = DispatchSemaphore(value: 0)
        let wire = try await lab(on: .testing(hub: hub), start: { $0.subscribe(to: "open:a") { .note(Self.text($0)) } })
        try await LiveViewsTests.eventually("the subscription") { hub.subscribers(of: "open:a") == 1 }
        let blocked = Task { try await wire.loop.executeInContext { isFree.wait() } }
        for _ in 0..<1_000 { try await hub.publish(Array("x".utf8), to: "open:a") }
        isFree.signal()
        try await blocked.value
        try await LiveViewsTests.eventually("the next subscription") {
            try await hub.publish(Array("last".utf8), to: "open:a")
            await wire.loop.run()
            return wire.messages.contains { $0.text.contains("last") }
        }
        #expect(wire.closed == nil)
    }

    @Test("what a view publishes is published in its order")
    func publish() async throws {
        let hub = testHub()
        let publications = try await hub.publications(in: "open:a")
        let wire = try await lab(on: .testing(hub: hub)) { effects in
            for number in 0..<100 { effects.publish(["number": number], to: "open:a") }
        }
        try await wire.say(#"[1,0,"go:0"]"#)
        var texts: [String] = []
        for try await publication in publications {
            texts.append(String(decoding: publication.data, as: UTF8.self))
            if texts.count == 100 { break }
        }
        #expect(texts == (0..<100).map { "{\"number\":\($0)}" })
    }

    @Test("without a hub there are no channels, and nothing fails")
    func noHub() async throws {
        let wire = try await lab { effects in
            effects.subscribe(to: "open:a") { _ in .note("x") }
            effects.publish("x", to: "open:a")
            effects.send(.note("on"))
        }
        try await wire.say(#"[1,0,"go:0"]"#)
        #expect(wire.take() == ["1", #"[1,0,"on"]"#])
    }

    // MARK: The page

    @Test("messages to the page come after the patch, in their order")
    func messages() async throws {
        let wire = try await lab { effects in
            effects.push("name \"x\"", ["a": [1, 2]])
            effects.flash(.info, "I")
            effects.flash(.success, "S")
            effects.flash(.warning, "W \"\n")
            effects.flash(.error, "E")
            effects.clearFlash()
            effects.focus("#a")
            effects.reset(form: "f")
            effects.send(.change(to: "<T>"))
            effects.send(.note("x"))
        }
        try await wire.say(#"[1,0,"go:0"]"#)
        #expect(
            wire.take() == [
                "1", #"[1,0,"x"]"#, #"["title","<T>"]"#, #"["e","name \"x\"",{"a":[1,2]}]"#, #"["flash","info","I"]"#,
                #"["flash","success","S"]"#,
                #"["flash","warning","W \"\u000a"]"#, #"["flash","error","E"]"#, #"["flash","info",""]"#, ##"["focus","#a"]"##,
                #"["reset","f"]"#,
            ])
        try await wire.say(#"[2,0,"change?{\"to\":\"<T>\"}"]"#)
        #expect(wire.take() == ["2"], "the title is the same")
    }

    @Test("messages wait for a browser that is slow, up to the limit; one that is too slow for them is closed", arguments: [1_000, 10])
    func slow(length: Int) async throws {
        let wire = try await lab(on: .testing { $0.maxBufferedBytes = 50_000 }) { effects in
            effects.push("x", String(repeating: "x", count: length))
        }
        wire.transport.state.withLock { $0.bufferedBytes = 50_001 }
        for ref in 1...30 { try await wire.say("[\(ref),0,\"go:0\"]") }
        #expect(wire.take() == [])
        try await wire.drain()
        #expect(wire.take().count == 31, "the acknowledgement, and all messages")
        wire.transport.state.withLock { $0.bufferedBytes = 50_001 }
        for ref in 31...700 where wire.closed == nil { try await wire.say("[\(ref),0,\"go:0\"]") }
        #expect(wire.closed == .slow)
    }

    @Test("many messages at once are no sign of a slow browser")
    func many() async throws {
        let wire = try await lab(on: .testing { $0.maxBufferedBytes = 1_000 }) { effects in
            for _ in 0..<100 { effects.push("x", String(repeating: "x", count: 100)) }
        }
        try await wire.say(#"[1,0,"go:0"]"#)
        #expect(wire.take().count == 101)
    }

    /// Its parent and it don't agree on what its address is.
    struct Canon: LiveView {
        var steps = 0
        enum Event: LiveEvent { case go }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { effects.patch(to: "/a") }
        mutating func navigated(to request: LiveRequest, _ effects: inout LiveEffects<Event>) {
            steps += 1
            effects.patch(to: request.url == "/a" ? "/b" : "/a")
        }
        var body: HTML { "<p>\(steps)</p>" }
    }

    @Test("addresses that lead to one another without end do not hold up the event loop")
    func circle() async throws {
        let wire = try await Wire.joined(Canon())
        try await wire.say(#"[1,0,"go"]"#)
        let messages = wire.take()
        #expect(messages.prefix(2) == ["1", "[1,0,16]"])
        #expect(messages.count == 2 + 16)
        #expect(wire.closed == nil)
    }

    @Test("another address of the view is sent, and the view is told")
    func patch() async throws {
        let wire = try await lab(
            pattern: RoutePattern("/{id}"), { $0.patch(to: "/there?x=1") }, { $0.patch(to: "/back", replaces: true) })
        try await wire.say(#"[1,0,"go:0"]"#)
        #expect(wire.take() == ["1", #"[1,0,"/there?x=1 id=there"]"#, #"["u","/there?x=1",false]"#])
        try await wire.say(#"[2,0,"go:0"]"#)
        #expect(wire.take() == ["2"], "it is there already")
        try await wire.say(#"[3,0,"go:1"]"#)
        #expect(wire.take() == ["3", #"[2,0,"/there?x=1 id=there /back id=back"]"#, #"["u","/back",true]"#])
    }

    @Test(
        "what is no address of the same origin is ignored",
        arguments: [
            "//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "relative", "", "/a b", "/a\n", "/a#b",
        ])
    func badAddresses(url: String) async throws {
        let wire = try await lab({ $0.patch(to: url) }, { $0.navigate(to: url) })
        try await wire.say(#"[1,0,"go:0"]"#, #"[2,0,"go:1"]"#)
        #expect(wire.take() == ["2"])
    }

    @Test("the user is sent to another page, also if the address is none of this view's")
    func navigate() async throws {
        let wire = try await lab(pattern: RoutePattern("/{id}"), { $0.navigate(to: "/a/b?c") }, { $0.patch(to: "/a/b") })
        try await wire.say(#"[1,0,"go:0"]"#)
        #expect(wire.take() == ["1", #"["go","/a/b?c"]"#])
        try await wire.say(#"[2,0,"go:1"]"#)
        #expect(wire.take() == ["2", #"["go","/a/b"]"#], "the browser is not told first that it is there")
    }

    @Test("the browser says that it is at another address")
    func navigated() async throws {
        let wire = try await lab(pattern: RoutePattern("/{id}"))
        try await wire.say(#"["nav",1,"/a%20b?c=d"]"#)
        #expect(wire.take() == ["1", #"[1,0,"/a%20b?c=d id=a b"]"#])
        try await wire.say(#"["nav",2,"/a/b"]"#)
        #expect(wire.take() == ["2", #"["go","/a/b"]"#])
        try await wire.say(#"["nav",3,"//evil.example"]"#)
        #expect(wire.closed == .badMessage)
    }

    // MARK: The end

    @Test("at the end all are cancelled, and the view is told once")
    func close() async throws {
        let hub = testHub(), gone = Count(), cancelled = Count(), ticks = Count()
        let wire = try await lab(
            on: .testing(hub: hub),
            start: { effects in
                effects.subscribe(to: "open:a") { _ in .note("published") }
                effects.every(.seconds(1), .note("tick"))
                effects.after(.seconds(1), .note("after"))
                effects.run {
                    do {
                        try await Task.sleep(for: .seconds(600))
                    } catch {
                        cancelled.next()
                    }
                    return .note("late")
                }
            }, gone: gone)
        try await LiveViewsTests.eventually("the subscription") { hub.subscribers(of: "open:a") == 1 }
        try await wire.close()
        try await wire.close()
        try await LiveViewsTests.eventually("all is cancelled") { hub.subscribers(of: "open:a") == 0 && cancelled.value == 1 }
        await wire.advance(by: .seconds(10))
        try await wire.say(#"[1,0,"note:\"x\""]"#)
        #expect(wire.take() == [])
        #expect(gone.value == 1)
        #expect(ticks.value == 0)
    }

    @Test("a view whose connection the server ends is told too")
    func ended() async throws {
        let gone = Count()
        let wire = try await lab(start: { $0.every(.seconds(1), .note("tick")) }, gone: gone)
        try await wire.say("nonsense")
        #expect(gone.value == 1)
        await wire.advance(by: .seconds(10))
        try await wire.close()
        #expect(wire.take() == [])
        #expect(gone.value == 1)
    }
}
