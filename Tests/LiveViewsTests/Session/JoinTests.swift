import LiveHTML
import LiveViews
import NIOCore
import NIOEmbedded
import RealtimeTesting
import Synchronization
import Testing

@Suite("Joining")
struct JoinTests {
    let request = LiveRequest(url: "/", session: "me")

    private func wire(_ runtime: LiveRuntime = .testing(), count: Int = 0) async throws -> Wire<Counter> {
        try await Wire(LiveRoute(resuming: Counter.self, runtime: runtime), request) { _ in Counter(count: count) }
    }

    private func page(_ runtime: LiveRuntime, count: Int = 0) async throws -> PaintedPage {
        try PaintedPage(try await LiveRoute(resuming: Counter.self, runtime: runtime).page(request) { Counter(count: count) })
    }

    @Test("a page that shows the view is bound")
    func bound() async throws {
        let runtime = LiveRuntime.testing()
        let page = try await page(runtime, count: 5)
        let wire = try await wire(runtime)
        try await wire.join(page.seal, page.hash)
        #expect(wire.messages.map(\.kind) == [.templates, .bind])
        #expect(wire.messages.last?.text == #"["b",0,0,[0]]"#)
        _ = wire.take()
        try await wire.say(#"[1,0,"up"]"#)
        #expect(wire.take() == ["1", "[1,0,6]"])
    }

    @Test("a page that shows something else gets the tree")
    func tree() async throws {
        let runtime = LiveRuntime.testing()
        let page = try await page(runtime, count: 5)
        for hash in ["", "AAAAAAAAAAA", "no hash", String(page.hash.reversed())] {
            let wire = try await wire(runtime)
            try await wire.join(page.seal, hash)
            #expect(wire.messages.map(\.kind) == [.templates, .tree])
            #expect(wire.messages.last?.text == #"["j",0,0,{"0":[5,"up","down"]}]"#)
        }
    }

    @Test("a browser that asks for binary patches gets a binary tree")
    func binary() async throws {
        let wire = try await Wire(LiveRoute(Counter.self, runtime: .testing()), isBinary: true) { _ in Counter(count: 3) }
        try await wire.join()
        #expect(wire.messages.map(\.isBinary) == [false, true])
        var client = ClientView()
        try client.receive(wire.messages[0].bytes)
        try client.receive(binary: wire.messages[1].bytes)
        #expect(client.html.hasPrefix("<h1>3</h1>"))
    }

    @Test("templates that the browser has are not sent again")
    func templates() async throws {
        let first = try await wire()
        try await first.join()
        var client = ClientView()
        try client.receive(first.messages[0].bytes)
        let second = try await wire()
        try await second.join("", "", client.fingerprints.union(["unknown"]))
        #expect(first.messages[0].text.contains("<button"))
        #expect(!second.messages[0].text.contains("<button"))
        #expect(second.messages[0].bytes.count < 30)
    }

    @Test("reading waits until the view is there")
    func holds() async throws {
        let gate = Gate()
        let wire = try await Wire(LiveRoute(Counter.self, runtime: .testing())) { _ in
            try await gate.wait()
            return Counter()
        }
        try await wire.say(#"["join","","",[]]"#)
        #expect(wire.transport.state.withLock(\.holds) == [true])
        #expect(wire.messages == [])
        gate.open()
        try await eventually("the tree") {
            await wire.loop.run()
            return wire.messages.count == 2
        }
        #expect(wire.transport.state.withLock(\.holds) == [true, false])
    }

    @Test(
        "whatever comes before the join ends the connection",
        arguments: [#"[1,0,"up"]"#, #"["nav",1,"/"]"#, #"["full",0]"#, "nonsense", "[]", "", #"["join"]"#, #"["up",1,0,"a",[]]"#])
    func before(text: String) async throws {
        let wire = try await wire()
        try await wire.say(text)
        #expect(wire.closed == .badMessage)
        #expect(wire.messages == [])
    }

    @Test("whatever comes while the view is made, and a second join, end the connection")
    func twice() async throws {
        let wire = try await wire()
        try await wire.join()
        try await wire.say(#"["join","","",[]]"#)
        #expect(wire.closed == .badMessage)
        let gate = Gate()
        let slow = try await Wire(LiveRoute(Counter.self, runtime: .testing())) { _ in
            try await gate.wait()
            return Counter()
        }
        try await slow.say(#"["join","","",[]]"#, #"[1,0,"up"]"#)
        #expect(slow.closed == .badMessage)
        gate.open()
        try await slow.say(#"[2,0,"up"]"#)
        #expect(slow.messages == [])
    }

    @Test("a binary message ends the connection, before the join and after it")
    func binaryMessage() async throws {
        let wire = try await wire()
        try await wire.say(binary: Array(#"["join","","",[]]"#.utf8))
        #expect(wire.closed == .badMessage)
        let joined = try await self.wire()
        try await joined.join()
        try await joined.say(binary: [])
        #expect(joined.closed == .badMessage)
    }

    @Test("who does not join in time is gone")
    func timeout() async throws {
        let wire = try await wire(.testing { $0.joinTimeout = .seconds(3) })
        await wire.advance(by: .milliseconds(2_999))
        #expect(wire.closed == nil)
        await wire.advance(by: .milliseconds(1))
        #expect(wire.closed == .stale)
        let joined = try await self.wire()
        try await joined.join()
        await joined.advance(by: .hours(1))
        #expect(joined.closed == nil)
    }

    @Test("a view that is not made in time is not waited for, and whoever makes it is told")
    func slow() async throws {
        let isCancelled = Gate()
        let wire = try await Wire(LiveRoute(Counter.self, runtime: .testing { $0.joinTimeout = .seconds(3) })) { _ in
            await withTaskCancellationHandler {
                try? await Task.sleep(for: .seconds(3_600))
            } onCancel: {
                isCancelled.open()
            }
            return Counter()
        }
        try await wire.say(#"["join","","",[]]"#)
        await wire.advance(by: .seconds(3))
        #expect(wire.closed == .stale)
        try await isCancelled.wait()
        #expect(wire.messages == [])
    }

    struct Failure: Error {}

    @Test("a view that is refused, or can't be made or mounted, ends the connection")
    func refusals() async throws {
        let route = LiveRoute(Counter.self, runtime: .testing())
        let refused = try await Wire(route) { _ in throw LiveRefusal(.notFound, "no such thing") }
        try await refused.join()
        #expect(refused.closed == .notFound)
        #expect(refused.transport.state.withLock { $0.closed?.reason } == "no such thing")
        let failed = try await Wire(route) { _ in throw Failure() }
        try await failed.join()
        #expect(failed.closed == .failure)
        let unmounted = try await Wire(LiveRoute(LiveRouteTests.Failing.self, runtime: .testing())) { _ in LiveRouteTests.Failing() }
        try await unmounted.join()
        #expect(unmounted.closed == .failure)
        let unpainted = try await Wire(LiveRoute(LiveRouteTests.Refused.self, runtime: .testing())) { _ in LiveRouteTests.Refused() }
        try await unpainted.join()
        #expect(unpainted.closed == .failure)
        #expect(unpainted.messages == [])
    }

    @Test("a browser that goes while the view is made leaves nothing behind")
    func gone() async throws {
        let gate = Gate(), made = Count()
        let wire = try await Wire(LiveRoute(Counter.self, runtime: .testing())) { _ in
            // It is cancelled with the connection.
            defer { made.next() }
            try await gate.wait()
            return Counter()
        }
        try await wire.say(#"["join","","",[]]"#)
        try await wire.close()
        try await eventually("the end of the work") { made.value == 1 }
        await wire.loop.run()
        #expect(wire.messages == [])
    }

    @Test("the tree comes again when it is asked for, with the number of the last patch")
    func full() async throws {
        let wire = try await wire()
        try await wire.join()
        try await wire.say(#"[1,0,"up"]"#)
        _ = wire.take()
        try await wire.say(#"["full",0]"#)
        #expect(wire.take() == [#"["j",0,1,{"0":[1,"up","down"]}]"#])
        try await wire.say(#"[2,0,"up"]"#, #"["full",0]"#)
        #expect(wire.take() == ["2", "[2,0,2]", #"["j",0,2,{"0":[2,"up","down"]}]"#])
        try await wire.say(#"["full",1]"#)
        #expect(wire.closed == .badMessage)
    }
}
