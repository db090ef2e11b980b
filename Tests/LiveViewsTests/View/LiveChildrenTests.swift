// Views within a view by keys that are known only at run time.

import LiveHTML
import LiveViews
import NIOCore
import RealtimeTesting
import Testing

@Suite("Views by keys")
struct LiveChildrenTests {
    /// A card that counts, and can start what does not end.
    struct Card: LiveView, Codable {
        var name: String
        var count = 0
        var ticks = 0
        var wasConnected = false

        enum Event: LiveEvent {
            case up, start, tick
            case rename(FormFields)
        }

        init(_ name: String) { self.name = name }

        mutating func connected(_ effects: inout LiveEffects<Event>) { wasConnected = true }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .up: count += 1
            case .start: effects.every(.seconds(1), id: "tick", .tick)
            case .tick: ticks += 1
            case .rename(let fields): name = fields["name"] ?? ""
            }
        }

        private var word: String { wasConnected ? "connected" : "new" }

        var body: HTML {
            "<b>\(name)</b> \(count) \(ticks) \(word)<form \(on: .submit, Event.rename)></form>"
        }
    }

    struct Board: LiveView, Codable {
        var note = Card("note")
        var cards = LiveChildren<Int, Card>()
        static let children = [LiveChild(\Board.note), LiveChild(each: \Board.cards)]

        enum Event: LiveEvent {
            case add(Int), remove(Int), reverse, up(Int)
        }

        init(_ ids: Int...) { cards = LiveChildren(ids.map { ($0, Card("card \($0)")) }) }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .add(let id): cards.insert(Card("card \(id)"), id: id, at: 0)
            case .remove(let id): cards[id] = nil
            case .reverse: for (place, id) in cards.ids.reversed().enumerated() { cards.move(id, to: place) }
            case .up(let id): cards[id]?.count += 1
            }
        }

        var body: HTML {
            "<i>\(child: \Board.note)</i><ul>\(children: \Board.cards, of: self, { id, card in "<li id=\"card-\(id)\">\(card)</li>" })</ul>"
        }
    }

    @Test("each row is a view of its own, with a number that is nobody else's; its templates are sent once")
    func joined() async throws {
        let wire = try await Wire(LiveRoute(Board.self, runtime: .testing())) { _ in Board(7, 8) }
        try await wire.join()
        let texts = wire.take()
        #expect(texts.contains(#"["j",0,0,{"0":[1,[1,[7,4],[8,6]]]}]"#))
        #expect(
            texts.filter { $0.hasPrefix("[\"j\",") }.map { String($0.prefix(7)) } == ["[\"j\",0,", "[\"j\",1,", "[\"j\",4,", "[\"j\",6,"])
        #expect(texts.filter { $0.hasPrefix("[\"t\",") && $0.contains("<b>") }.count == 1)
        #expect(texts.filter { $0.hasPrefix("[\"t\",") }.count == 4)
    }

    @Test("what happens in one changes and renders that one alone")
    func event() async throws {
        let wire = try await Wire.joined(Board(7, 8))
        try await wire.say(#"[1,6,"up"]"#)
        #expect(wire.take() == ["1", #"["p",6,2,1,1]"#])
        try await wire.say(#"[2,0,"up:7"]"#)
        #expect(wire.take() == ["2", #"["p",4,2,1,1]"#])
    }

    @Test("a new one comes with its tree, is told that it is connected, and need not be mounted")
    func added() async throws {
        let wire = try await Wire.joined(Board(7))
        try await wire.say(#"[1,0,"add:9"]"#)
        let texts = wire.take()
        #expect(texts.first == "1")
        #expect(texts.dropFirst().first == ##"[1,1,["+",0,[1,[9,6]]]]"##)
        #expect(texts.contains { $0.hasPrefix("[\"j\",6,0,") && $0.contains("card 9") })
        #expect(texts.contains { $0.hasPrefix("[\"t\",6,") && !$0.contains("<b>") }, "the browser has its template")
        #expect(texts.last?.hasPrefix("[\"p\",6,1,") == true && texts.last?.contains("connected") == true)
        try await wire.say(#"[2,6,"up"]"#)
        #expect(wire.take() == ["2", #"["p",6,2,1,1]"#])
    }

    @Test("one that is moved is the same, and nothing of it is sent")
    func moved() async throws {
        let wire = try await Wire.joined(Board(7, 8, 9))
        try await wire.say(#"[1,6,"up"]"#, #"[2,0,"reverse"]"#)
        let texts = wire.take()
        #expect(texts.filter { $0.hasPrefix("[\"j\"") || $0.hasPrefix("[\"t\"") }.isEmpty)
        try await wire.say(#"[3,6,"up"]"#)
        #expect(wire.take() == ["3", #"["p",6,3,1,2]"#])
    }

    @Test("one that is taken out is gone with what it has started, and what still comes for it is acknowledged and does nothing")
    func removed() async throws {
        let wire = try await Wire.joined(Board(7, 8))
        try await wire.say(#"[1,4,"start"]"#, #"[2,6,"start"]"#)
        await wire.advance(by: .seconds(1))
        #expect(wire.take().filter { $0.hasPrefix("[\"p\"") }.count == 2)
        try await wire.say(#"[3,0,"remove:7"]"#)
        _ = wire.take()
        await wire.advance(by: .seconds(3))
        let ticks = wire.take()
        #expect(ticks.count == 3 && ticks.allSatisfy { $0.hasPrefix("[\"p\",6,") })
        try await wire.say(#"[4,4,"up"]"#, #"["full",4]"#)
        #expect(wire.take() == ["4"])
        #expect(wire.closed == nil)
    }

    @Test("what has the same id in two of them are two things")
    func ids() async throws {
        let wire = try await Wire.joined(Board(7, 8))
        try await wire.say(#"[1,4,"start"]"#, #"[2,6,"start"]"#, #"[3,1,"start"]"#)
        _ = wire.take()
        await wire.advance(by: .seconds(1))
        #expect(wire.take().filter { $0.hasPrefix("[\"p\"") }.count == 3)
    }

    @Test("a key that is put in again is another view, with another number")
    func again() async throws {
        let wire = try await Wire.joined(Board(7))
        try await wire.say(#"[1,4,"up"]"#, #"[2,0,"remove:7"]"#, #"[3,0,"add:7"]"#)
        let texts = wire.take()
        #expect(texts.contains { $0.hasPrefix("[\"j\",6,0,") })
        #expect(!texts.contains { $0.hasPrefix("[\"j\",4,") })
    }

    @Test("a number that no view can have is refused")
    func unknown() async throws {
        let wire = try await Wire.joined(Counter())
        try await wire.say(#"[1,9,"up"]"#)
        #expect(wire.take().contains { $0.hasPrefix("[\"err\",1,") })
        try await wire.say(#"["full",9]"#)
        #expect(wire.closed == .badMessage)
    }

    // MARK: Resumed

    @Test("a page that shows them is bound, and they keep their numbers and states")
    func bound() async throws {
        let runtime = LiveRuntime.testing()
        let route = LiveRoute(resuming: Board.self, runtime: runtime)
        let page = try PaintedPage(try await route.page(LiveRequest()) { Board(7, 8) })
        let wire = try await Wire(route) { _ in Board() }
        try await wire.join(page.seal, page.hash)
        #expect(wire.messages.filter { $0.kind == .bind }.count == 4)
        #expect(wire.messages.first { $0.kind == .bind }?.text.contains("4") == true)
        _ = wire.take()
        try await wire.say(#"[1,6,"up"]"#)
        #expect(wire.take().contains { $0.hasPrefix(#"["p",6,"#) })
    }

    @Test("a dictionary with an order: of equal keys the first, places within the list, its own order")
    func collection() {
        var cards = LiveChildren([(1, Card("a")), (2, Card("b")), (1, Card("c"))])
        #expect(cards.ids == [1, 2] && cards[1]?.name == "a" && cards.count == 2 && !cards.isEmpty)
        cards.insert(Card("d"), id: 3, at: 99)
        cards.insert(Card("e"), id: 4, at: -1)
        #expect(cards.ids == [4, 1, 2, 3])
        cards.move(4, to: 99)
        cards.move(9, to: 0)
        #expect(cards.ids == [1, 2, 3, 4])
        cards.sort { $0.name > $1.name }
        #expect(cards.ids == [4, 3, 2, 1])
        cards[2]?.name = "z"
        #expect(cards[2]?.name == "z")
        cards.removeAll()
        #expect(cards.isEmpty && cards[2] == nil)
    }

    // MARK: Without JavaScript

    private func action(_ content: String, after mark: String) throws -> String {
        let start = try #require(content.firstRange(of: mark))
        let action = try #require(content[start.upperBound...].firstMatch(of: /action="([^"]*)"/))
        return String(action.1).replacing("&amp;", with: "&")
    }

    @Test("a form of one of them is posted to that one, also when all were made anew in another order", arguments: [true, false])
    func posted(isSealed: Bool) async throws {
        let runtime = LiveRuntime.testing()
        let route = isSealed ? LiveRoute(resuming: Board.self, runtime: runtime) : LiveRoute(Board.self, runtime: runtime)
        let page = try PaintedPage(try await route.page(LiveRequest(url: "/")) { Board(7, 8) })
        for (mark, name) in [("<b>card 8</b>", "8th"), ("<b>note</b>", "N")] {
            let form = try #require(
                PostedForm(LiveRequest(url: "/" + (try action(page.content, after: mark))), body: .init(string: "name=\(name)")))
            guard case .page(let answer) = try await route.page(LiveRequest(url: "/"), posted: form, make: { _ in Board(9, 8, 7) }) else {
                Issue.record("no page")
                return
            }
            let text = try PaintedPage(answer).content
            #expect(text.contains("<b>\(name)</b>") && !text.contains(mark))
            #expect(text.contains("<b>card 7</b>"))
        }
    }

    @Test("a form of one that is gone is refused")
    func postedTooLate() async throws {
        let route = LiveRoute(Board.self, runtime: .testing())
        let page = try PaintedPage(try await route.page(LiveRequest(url: "/")) { Board(7) })
        let url = "/" + (try action(page.content, after: "<b>card 7</b>"))
        let form = try #require(PostedForm(LiveRequest(url: url), body: .init(string: "name=x")))
        await #expect(throws: EventError.self) { try await route.page(LiveRequest(url: "/"), posted: form, make: { _ in Board(8) }) }
        #expect(PostedForm(LiveRequest(url: url.replacing("_view=4", with: "_view=x")), body: .init(string: "")) == nil)
        for view in ["99", "-1", "4&_key=9", "9223372036854775807"] {
            let form = try #require(PostedForm(LiveRequest(url: "/?_event=up&_view=\(view)"), body: .init(string: "")))
            await #expect(throws: EventError.self) { try await route.page(LiveRequest(url: "/"), posted: form, make: { _ in Board(7) }) }
        }
    }
}
