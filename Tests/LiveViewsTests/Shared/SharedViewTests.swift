import LiveHTML
import LiveViews
import NIOCore
import NIOEmbedded
import RealtimeTesting
import Synchronization
import Testing

/// Points for two, and a word for those who look.
private struct Board: LiveView {
    var left = 0
    var right = 0
    var title: String? { "Board" }
    let bodies: Count

    enum Event: LiveEvent { case left, right, nothing, tell, wander, broken }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .left: left += 1
        case .right: right += 1
        case .nothing: break
        case .tell:
            effects.flash(.info, "hear")
            effects.push("bell", 1)
        case .wander:
            effects.patch(to: "/elsewhere")
            effects.navigate(to: "/away")
        case .broken: left = -1
        }
    }

    var body: HTML {
        bodies.next()
        // There is no such place for a value.
        if left < 0 { return "<\(left)>" }
        return "<b>\(left)</b><i>\(right)</i><button id=\"left\" \(on: .click, Event.left)>+</button>"
    }
}

/// A page of one's own with the board in it.
private struct Desk: LiveView, Codable {
    var note = ""
    var board: SharedLiveView<Board>?

    enum CodingKeys: String, CodingKey { case note }
    enum Event: LiveEvent { case note(String) }

    static let children = [LiveChild(shared: \Desk.board)]

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        if case .note(let text) = event { note = text }
    }
    mutating func resumed(from fresh: Desk) { board = fresh.board }

    var body: HTML { "<p>\(note)</p><div>\(child: \Desk.board)</div>" }
}

/// A page in which the board is the second child.
private struct Stand: LiveView {
    var counter = Counter()
    let board: SharedLiveView<Board>

    static let children = [LiveChild(\Stand.counter), LiveChild(shared: \Stand.board)]

    var body: HTML { "\(child: \Stand.counter)<hr>\(child: \Stand.board)" }
}

/// Another markup altogether, by turns.
private struct Door: LiveView {
    var isOpen = false
    enum Event: LiveEvent { case toggle }
    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { isOpen.toggle() }
    var body: HTML { isOpen ? "<main>open</main>" : "<p>shut</p>" }
}

/// A page that shows the board when it is asked to.
private struct Curtain: LiveView {
    var isOpen = false
    let board: SharedLiveView<Board>
    enum Event: LiveEvent { case toggle, nothing }
    static let children = [LiveChild(shared: \Curtain.board)]
    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { if event == .toggle { isOpen.toggle() } }
    var body: HTML { "<p>\(isOpen)</p>\(if: isOpen, "<div>\(child: \Curtain.board)</div>")" }
}

/// Rows that are forgotten, of which a newcomer would have none.
private struct Ticker: LiveView {
    struct Row: Identifiable, Sendable { let id: Int }
    var rows = RowStream<Row>()
    enum Event: LiveEvent { case nothing }
    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {}
    var body: HTML { "<ul>\(stream: \Ticker.rows, of: self, { "<li>\($0.id)</li>" })</ul>" }
}

/// Good for being looked at once.
private struct Fading: LiveView {
    let shown: Count

    enum Event: LiveEvent { case nothing }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {}

    var body: HTML {
        shown.next()
        return shown.value > 1 ? "<\(shown.value)>" : "<b>\(shown.value)</b>"
    }
}

/// Beats as long as it lives.
private struct Pulse: LiveView {
    let beats: Count
    let ends: Count

    enum Event: LiveEvent { case beat }

    func connected(_ effects: inout LiveEffects<Event>) { effects.every(.seconds(1), .beat) }
    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { beats.next() }
    func disconnected() { ends.next() }

    var body: HTML { "<b>.</b>" }
}

/// A board, the loop that it lives on, and those who look at it, each on a loop of their own.
private final class Stadium: Sendable {
    let home = NIOAsyncTestingEventLoop()
    let bodies = Count()
    let runtime: LiveRuntime
    let board: SharedLiveView<Board>

    init(renderInterval: Duration = .zero) {
        let bodies = bodies
        runtime = .testing { $0.renderInterval = renderInterval }
        board = SharedLiveView(runtime: runtime, on: home) { Board(bodies: bodies) }
    }

    func page() async throws -> PaintedPage {
        let board = board
        return try await pumping {
            try PaintedPage(try await LiveRoute(SharedPage<Board>.self, runtime: self.runtime).page(LiveRequest()) { SharedPage(board) })
        }
    }

    /// Runs the home loop while something waits for it.
    func pumping<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let home = home
        let pump = Task {
            while !Task.isCancelled {
                await home.run()
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        defer { pump.cancel() }
        return try await body()
    }

    /// Somebody who sees the board.
    func spectator(_ hash: String = "") async throws -> Wire<SharedPage<Board>> {
        let board = board
        let wire = try await Wire(LiveRoute(SharedPage<Board>.self, runtime: runtime)) { _ in SharedPage(board) }
        try await join(wire, hash)
        return wire
    }

    func join<View>(_ wire: Wire<View>, _ hash: String = "", seal: String = "") async throws {
        try await wire.join(seal, hash)
        try await eventually("the board") {
            try await self.settle([wire.loop])
            return wire.closed != nil || wire.messages.contains { $0.text.hasPrefix(#"["b",1"#) || $0.text.hasPrefix(#"["j",1"#) }
        }
    }

    /// What is under way between the loops arrives.
    func settle(_ loops: [NIOAsyncTestingEventLoop]) async throws {
        for _ in 0..<3 {
            // Past the sixtieth of a second between two renders.
            await home.advanceTime(by: .milliseconds(20))
            for loop in loops { await loop.advanceTime(by: .milliseconds(20)) }
        }
    }

    func send(_ event: Board.Event) async throws {
        let board = board
        try await pumping { try await board.send(event) }
    }
}

@Suite("A view that is one for all")
struct SharedViewTests {
    private let stadium = Stadium()

    @Test("a change is rendered once, and its patch goes to all")
    func rendersOnce() async throws {
        let wires = [try await stadium.spectator(), try await stadium.spectator(), try await stadium.spectator()]
        for wire in wires { _ = wire.take() }
        let before = stadium.bodies.value
        try await stadium.send(.left)
        try await stadium.settle(wires.map(\.loop))
        for wire in wires { #expect(wire.take() == [#"["p",1,1,0,1]"#]) }
        #expect(stadium.bodies.value == before + 1)
    }

    @Test("a page shows it as it is, and a browser that has just that page gets no tree")
    func painted() async throws {
        try await stadium.send(.right)
        try await stadium.settle([])
        let page = try await stadium.page()
        #expect(page.content.contains("<b>0</b><i>1</i>"))
        let wire = try await stadium.spectator(page.hash)
        #expect(wire.messages.filter { $0.kind != .templates }.map(\.text) == [#"["b",0,0,[0,1]]"#, #"["b",1,1,[0]]"#])
    }

    @Test("a browser whose page is older gets the tree of the board alone, and then what follows")
    func older() async throws {
        let first = try await stadium.spectator()
        let page = try await stadium.page()
        try await stadium.send(.left)
        try await stadium.settle([first.loop])
        let wire = try await stadium.spectator(page.hash)
        #expect(wire.messages.filter { $0.kind != .templates }.map(\.text) == [#"["b",0,0,[0,1]]"#, #"["j",1,1,{"0":[1,0,"left"]}]"#])
        _ = wire.take()
        try await stadium.send(.left)
        try await stadium.settle([first.loop, wire.loop])
        #expect(wire.take() == [#"["p",1,2,0,2]"#])
    }

    @Test("nothing is rendered while nobody looks, and the next page shows what has happened")
    func nobody() async throws {
        let wire = try await stadium.spectator()
        try await wire.close()
        let before = stadium.bodies.value
        for _ in 0..<5 { try await stadium.send(.left) }
        try await stadium.settle([])
        #expect(stadium.bodies.value == before)
        #expect(try await stadium.page().content.contains("5"))
        let next = try await stadium.spectator()
        #expect(next.messages.last?.text == #"["j",1,1,{"0":[5,0,"left"]}]"#)
    }

    @Test("a page of another process is not taken for what it is not")
    func anotherProcess() async throws {
        let page = try await stadium.page()
        let other = Stadium()
        let wire = try await other.spectator(page.hash)
        #expect(wire.messages.last?.text == #"["j",1,0,{"0":[0,0,"left"]}]"#)
    }

    @Test("an event of a browser changes it for all, and is acknowledged when that browser sees it")
    func events() async throws {
        let one = try await stadium.spectator(), other = try await stadium.spectator()
        _ = (one.take(), other.take())
        try await one.say(#"[1,1,"left"]"#)
        try await stadium.settle([one.loop, other.loop])
        #expect(one.take() == [#"["p",1,1,0,1]"#, "1"])
        #expect(other.take() == [#"["p",1,1,0,1]"#])
        try await one.say(#"[2,1,"nothing"]"#)
        try await stadium.settle([one.loop])
        #expect(one.take() == ["2"])
    }

    @Test("what a browser says that the board does not know is refused, and nobody else hears of it")
    func refused() async throws {
        let one = try await stadium.spectator(), other = try await stadium.spectator()
        _ = (one.take(), other.take())
        try await one.say(#"[1,1,"win"]"#)
        try await stadium.settle([one.loop, other.loop])
        #expect(one.take().contains { $0.hasPrefix(#"["err",1"#) })
        #expect(other.take() == [])
    }

    @Test("an own event that comes after the board's is not acknowledged before it")
    func order() async throws {
        let stadium = Stadium(renderInterval: .milliseconds(16)), board = stadium.board
        let wire = try await Wire(LiveRoute(Desk.self, runtime: stadium.runtime)) { _ in Desk(board: board) }
        try await stadium.join(wire)
        try await wire.say(#"[1,1,"left"]"#)
        try await eventually("the first") {
            await wire.advance(by: .milliseconds(20))
            return wire.messages.contains { $0.text == "1" }
        }
        _ = wire.take()
        // The board's next render is a sixtieth of a second later, and its time stands still.
        try await wire.say(#"[2,1,"left"]"#)
        try await wire.say(#"[3,0,"note:$","mine"]"#)
        await wire.advance(by: .milliseconds(20))
        #expect(wire.take() == [#"[1,0,"mine"]"#])
        try await stadium.settle([wire.loop])
        #expect(wire.take() == [#"["p",1,2,0,2]"#, "3"])
    }

    @Test("a browser that is slow is left out, and gets the whole when it has read what there was")
    func slow() async throws {
        let wire = try await stadium.spectator()
        _ = wire.take()
        wire.transport.state.withLock { $0.bufferedBytes = 1 << 20 }
        for _ in 0..<3 {
            try await stadium.send(.left)
            try await stadium.settle([wire.loop])
        }
        #expect(wire.take() == [])
        try await wire.drain()
        try await stadium.settle([wire.loop])
        #expect(wire.take().filter { !$0.hasPrefix(#"["t""#) } == [#"["j",1,3,{"0":[3,0,"left"]}]"#])
        try await stadium.send(.right)
        try await stadium.settle([wire.loop])
        #expect(wire.take() == [#"["p",1,4,1,1]"#])
    }

    @Test("a browser may ask for the board's tree")
    func full() async throws {
        let wire = try await stadium.spectator()
        _ = wire.take()
        try await wire.say(#"["full",1]"#)
        try await stadium.settle([wire.loop])
        #expect(wire.take().last == #"["j",1,0,{"0":[0,0,"left"]}]"#)
    }

    @Test("what it tells the page is told to all; where a browser is and what its page is called is none of its business")
    func messages() async throws {
        let one = try await stadium.spectator(), other = try await stadium.spectator()
        #expect(!one.messages.contains { $0.kind == .title })
        _ = (one.take(), other.take())
        try await stadium.send(.tell)
        try await stadium.send(.wander)
        try await stadium.settle([one.loop, other.loop])
        let told = [#"["flash","info","hear"]"#, #"["e","bell",1]"#]
        #expect(one.take() == told)
        #expect(other.take() == told)
    }

    @Test("what it says while nobody looks is said to nobody")
    func unheard() async throws {
        let first = try await stadium.spectator()
        try await first.close()
        for _ in 0..<3 { try await stadium.send(.tell) }
        let next = try await stadium.spectator()
        try await stadium.send(.left)
        try await stadium.settle([next.loop])
        #expect(!next.messages.contains { $0.kind == .flash || $0.kind == .push })
    }

    @Test("one whose markup becomes another altogether is a tree for all, with its number in their pages")
    func anotherRoot() async throws {
        let home = stadium.home, runtime = stadium.runtime
        let door = SharedLiveView(runtime: runtime, on: home) { Door() }
        let wire = try await Wire(LiveRoute(SharedPage<Door>.self, runtime: runtime)) { _ in SharedPage(door) }
        try await stadium.join(wire)
        _ = wire.take()
        for (number, template) in [(1, 1), (2, 0)] {
            try await stadium.pumping { try await door.send(.toggle) }
            try await stadium.settle([wire.loop])
            let messages = wire.take()
            #expect(messages.last == "[\"j\",1,\(number),{\"\(template)\":[]}]")
            #expect(messages.filter { $0.hasPrefix(#"["t",1,[1,"#) }.count == (number == 1 ? 1 : 0))
        }
    }

    @Test("a page that does not show it hears nothing of it, and has it from when it does")
    func hidden() async throws {
        let board = stadium.board
        let wire = try await Wire(LiveRoute(Curtain.self, runtime: stadium.runtime)) { _ in Curtain(board: board) }
        try await stadium.pumping { try await wire.join() }
        let before = stadium.bodies.value
        try await stadium.send(.left)
        try await stadium.settle([wire.loop])
        #expect(!wire.messages.contains { $0.view == 1 })
        #expect(stadium.bodies.value == before, "nobody looks")
        for (ref, sequence, score) in [(1, 1, 1), (4, 3, 4)] {
            _ = wire.take()
            try await wire.say("[\(ref),0,\"toggle\"]")
            try await stadium.settle([wire.loop])
            #expect(wire.take().last == "[\"j\",1,\(sequence),{\"0\":[\(score),0,\"left\"]}]")
            try await stadium.send(.left)
            try await stadium.settle([wire.loop])
            #expect(wire.take() == ["[\"p\",1,\(sequence + 1),0,\(score + 1)]"])
            try await wire.say("[\(ref + 1),0,\"toggle\"]")
            try await wire.say("[\(ref + 2),1,\"left\"]")
            try await stadium.settle([wire.loop])
            try await stadium.send(.left)
            try await stadium.settle([wire.loop])
            #expect(wire.take().contains("\(ref + 2)"), "what nobody shows is acknowledged at once")
            #expect(wire.closed == nil)
        }
    }

    @Test("one that is shown and hidden in turn counts its watchers right")
    func flicker() async throws {
        let board = stadium.board
        let wire = try await Wire(LiveRoute(Curtain.self, runtime: stadium.runtime)) { _ in Curtain(board: board) }
        try await stadium.pumping { try await wire.join() }
        // Each is rendered, and the board hears of none before the last.
        for ref in 1...6 { try await wire.say("[\(ref),0,\"toggle\"]") }
        try await stadium.settle([wire.loop])
        let before = stadium.bodies.value
        try await stadium.send(.left)
        try await stadium.settle([wire.loop])
        #expect(stadium.bodies.value == before, "nobody looks")
        try await wire.say(#"[7,0,"toggle"]"#)
        try await stadium.settle([wire.loop])
        _ = wire.take()
        try await stadium.send(.left)
        try await stadium.settle([wire.loop])
        #expect(wire.take().count == 1)
    }

    @Test("in pages of another kind it has another number")
    func numbers() async throws {
        let board = stadium.board
        let first = try await stadium.spectator()
        let second = try await Wire(LiveRoute(Stand.self, runtime: stadium.runtime)) { _ in Stand(board: board) }
        try await second.join()
        try await eventually("the board") {
            try await stadium.settle([second.loop])
            return second.messages.contains { $0.text.hasPrefix(#"["j",2"#) }
        }
        _ = (first.take(), second.take())
        try await second.say(#"[1,2,"right"]"#)
        try await stadium.settle([first.loop, second.loop])
        #expect(first.take() == [#"["p",1,1,1,1]"#])
        #expect(second.take() == [#"["p",2,1,1,1]"#, "1"])
    }

    @Test("a resumed page has the board that the route gives it")
    func resumed() async throws {
        let board = stadium.board, route = LiveRoute(resuming: Desk.self, runtime: stadium.runtime)
        let page = try await stadium.pumping { try PaintedPage(try await route.page(LiveRequest()) { Desk(note: "kept", board: board) }) }
        let wire = try await Wire(route) { _ in Desk(board: board) }
        try await stadium.join(wire, page.hash, seal: page.seal)
        #expect(wire.messages.filter { $0.kind != .templates }.map(\.text) == [#"["b",0,0,[0,1]]"#, #"["b",1,0,[0]]"#])
    }

    @Test("a board that can't be shown is over for all, and the next page has a new one")
    func failure() async throws {
        let one = try await stadium.spectator(), other = try await stadium.spectator()
        try await stadium.send(.left)
        try await stadium.send(.broken)
        try await stadium.settle([one.loop, other.loop])
        #expect(one.closed == .failure)
        #expect(other.closed == .failure)
        let next = try await stadium.spectator()
        #expect(next.messages.last?.text == #"["j",1,0,{"0":[0,0,"left"]}]"#)
    }

    @Test("one who comes when a board can't be shown any more hears of it too")
    func failureOnArrival() async throws {
        let home = stadium.home, runtime = stadium.runtime, shown = Count()
        let board = SharedLiveView(runtime: runtime, on: home) { Fading(shown: shown) }
        let wire = try await Wire(LiveRoute(SharedPage<Fading>.self, runtime: runtime)) { _ in SharedPage(board) }
        try await stadium.pumping { try await wire.join() }
        try await eventually("the end") {
            try await stadium.settle([wire.loop])
            return wire.closed == .failure
        }
    }

    @Test("a board that can't be made fails its page, until it can")
    func notMade() async throws {
        struct NotYet: Error {}
        let tries = Count(), bodies = stadium.bodies
        let board = SharedLiveView(runtime: stadium.runtime, on: stadium.home) {
            if tries.next() == 1 { throw NotYet() }
            return Board(bodies: bodies)
        }
        let route = LiveRoute(SharedPage<Board>.self, runtime: stadium.runtime)
        await #expect(throws: NotYet.self) { _ = try await route.page(LiveRequest()) { SharedPage(board) } }
        _ = try await stadium.pumping { try await route.page(LiveRequest()) { SharedPage(board) } }
        #expect(tries.value == 2)
    }

    @Test("one that nobody has any more ends, with the timers that it has begun")
    func dropped() async throws {
        let beats = Count(), ends = Count(), home = stadium.home
        func begin() async throws {
            let pulse = SharedLiveView(runtime: stadium.runtime, on: home) { Pulse(beats: beats, ends: ends) }
            try await stadium.pumping { try await pulse.send(.beat) }
            await home.advanceTime(by: .seconds(3))
            #expect(beats.value == 4)
            #expect(ends.value == 0)
        }
        try await begin()
        await home.advanceTime(by: .seconds(1))
        let last = beats.value
        await home.advanceTime(by: .seconds(3))
        #expect((beats.value, ends.value) == (last, 1))
    }

    @Test("a view with children can't be shared")
    func children() async throws {
        let desk = SharedLiveView(runtime: stadium.runtime, on: stadium.home) { Desk() }
        await #expect(throws: (any Error).self) {
            _ = try await LiveRoute(SharedPage<Desk>.self, runtime: desk.runtime).page(LiveRequest()) { SharedPage(desk) }
        }
    }

    @Test("a view with rows that are forgotten can't be shared, and says so")
    func forgottenRows() async throws {
        let ticker = SharedLiveView(runtime: stadium.runtime, on: stadium.home) { Ticker() }
        let error = await #expect(throws: (any Error).self) {
            try await stadium.pumping {
                _ = try await LiveRoute(SharedPage<Ticker>.self, runtime: ticker.runtime).page(LiveRequest()) { SharedPage(ticker) }
            }
        }
        #expect("\(String(describing: error))".contains("RowStream"))
    }
}
