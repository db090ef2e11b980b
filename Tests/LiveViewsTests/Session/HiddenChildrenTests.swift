import LiveHTML
import LiveViews
import NIOCore
import RealtimeTesting
import Testing

@Suite("Views that the page does not always show")
struct HiddenChildrenTests {
    /// A counter that tells when it is connected.
    struct Panel: LiveView, Codable {
        var count = 0
        var connections = 0
        enum Event: LiveEvent { case up }
        mutating func connected(_ effects: inout LiveEffects<Event>) { connections += 1 }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { count += 1 }
        var body: HTML { "<b>\(count)</b><i>\(connections)</i>" }
    }

    struct Folder: LiveView, Codable {
        var isOpen = false
        var isAside = false
        var panel = Panel()
        enum Event: LiveEvent { case toggle, move, count }
        static let children = [LiveChild(\Folder.panel)]

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .toggle: isOpen.toggle()
            case .move: isAside.toggle()
            case .count: panel.count += 1
            }
        }

        var body: HTML {
            if isAside { return "<aside>\(child: \Folder.panel)</aside>" }
            return "<button id=\"toggle\" \(on: .click, Event.toggle)>x</button>\(if: isOpen, "<div>\(child: \Folder.panel)</div>")"
        }
    }

    private func kinds(_ messages: [String]) -> [String] { messages.map { String($0.prefix(6)) } }

    @Test("are not spoken of while they are not shown")
    func hidden() async throws {
        let wire = try await Wire(LiveRoute(Folder.self, runtime: .testing())) { _ in Folder() }
        try await wire.join()
        #expect(kinds(wire.take()) == [#"["t",0"#, #"["j",0"#])
        try await wire.say(#"[1,0,"count"]"#, #"[2,1,"up"]"#)
        #expect(wire.take() == ["2"])
    }

    @Test("come whole when they are shown, each time, and are connected once")
    func shown() async throws {
        let wire = try await Wire.joined(Folder())
        try await wire.say(#"[1,0,"toggle"]"#)
        let first = wire.take()
        #expect(kinds(first) == ["1", #"["t",0"#, "[1,1,{", #"["t",1"#, #"["j",1"#])
        #expect(first.last == #"["j",1,0,{"0":[0,1]}]"#)
        try await wire.say(#"[2,1,"up"]"#)
        #expect(wire.take() == ["2", #"["p",1,1,0,1]"#])
        try await wire.say(#"[3,0,"toggle"]"#)
        #expect(wire.take() == ["3", "[2,1,null]"])
        try await wire.say(#"[4,0,"count"]"#)
        #expect(wire.take() == ["4"])
        try await wire.say(#"[5,0,"toggle"]"#)
        let again = wire.take()
        #expect(again.prefix(2) == ["5", #"[3,1,{"1":[1]}]"#])
        #expect(again.last == #"["j",1,0,{"0":[2,1]}]"#)
        #expect(again.count == 4 && !again[2].contains("<b>"), "the template is there already")
    }

    @Test("stay where they are when the page around them becomes another")
    func moved() async throws {
        let wire = try await Wire.joined(Folder(isOpen: true))
        try await wire.say(#"[1,0,"move"]"#)
        #expect(kinds(wire.take()) == ["1", #"["t",0"#, #"["j",0"#])
        try await wire.say(#"[2,1,"up"]"#)
        #expect(wire.take() == ["2", #"["p",1,2,0,1]"#], "behind that of its connection")
    }

    @Test("are bound only where the page has them", arguments: [false, true])
    func bound(isOpen: Bool) async throws {
        let runtime = LiveRuntime.testing(), route = LiveRoute(resuming: Folder.self, runtime: runtime)
        let page = try PaintedPage(try await route.page(LiveRequest()) { Folder(isOpen: isOpen) })
        let wire = try await Wire(route) { _ in Folder() }
        try await wire.join(page.seal, page.hash)
        #expect(kinds(wire.take()).filter { $0.hasPrefix(#"["b""#) } == (isOpen ? [#"["b",0"#, #"["b",1"#] : [#"["b",0"#]))
    }

    @Test("have no tree when a browser asks for one, which may be late")
    func full() async throws {
        let wire = try await Wire.joined(Folder())
        try await wire.say(#"["full",1]"#)
        #expect(wire.take() == [])
        try await wire.say(#"["full",0]"#)
        #expect(kinds(wire.take()) == [#"["j",0"#])
        #expect(wire.closed == nil)
        try await wire.say(#"["full",7]"#)
        #expect(wire.closed == .badMessage)
    }

    @Test("have one number, and no other")
    func numbers() async throws {
        let wire = try await Wire.joined(Folder(isOpen: true))
        try await wire.say(#"[1,2,"up"]"#, #"[2,3,"up"]"#)
        let messages = wire.take()
        #expect(messages.count { $0.hasPrefix(#"["err""#) } == 2)
        #expect(messages.last == "2")
    }

    /// Its rows are in the page alone.
    struct Feed: LiveView {
        var rows = RowStream<Row>()
        struct Row: Identifiable, Sendable { let id: Int }
        enum Event: LiveEvent { case more(Int) }
        mutating func mount(_ request: LiveRequest) async throws { rows.append(Row(id: 1)) }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .more(let id): rows.append(Row(id: id))
            }
        }
        var body: HTML { "<ul>\(stream: \Feed.rows, of: self, { "<li>\($0.id)</li>" })</ul>" }
    }

    struct Shelf: LiveView {
        var isOpen = true
        var feed = Feed()
        enum Event: LiveEvent { case toggle }
        static let children = [LiveChild(\Shelf.feed)]
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { isOpen.toggle() }
        var body: HTML { "<p>\(isOpen)</p>\(if: isOpen, "<div>\(child: \Shelf.feed)</div>")" }
    }

    @Test("are joined anew when they have had rows that the page alone had")
    func rows() async throws {
        let closed = try await Wire.joined(Shelf(isOpen: false))
        try await closed.say(#"[1,1,"more:5"]"#, #"[2,0,"toggle"]"#)
        #expect(closed.take().last == #"["j",1,0,{"0":[[1,[1],[5]]]}]"#, "what has not been written is there")
        let wire = try await Wire.joined(Shelf())
        try await wire.say(#"[1,0,"toggle"]"#)
        try await wire.say(#"[2,0,"toggle"]"#)
        #expect(wire.closed == .restart)
    }

    @Test("a tester sees what a browser would")
    func tester() async throws {
        let tester = try await LiveTester(Folder())
        #expect(try !tester.exists("div"))
        for _ in 0..<2 {
            try await tester.click("#toggle")
            #expect(try tester.exists("div b"))
            try await tester.click("#toggle")
            #expect(try !tester.exists("div"))
        }
        try await tester.click("#toggle")
        try await tester.drop()
        try await tester.resume()
        #expect(try tester.exists("div b"))
    }
}
