// Pages with views in them: those of properties, those by keys, and shared ones.

import LiveHTML
import LiveViews
import NIOPosix
import RealtimeTesting
import Testing

@Suite("The test kit, views in a view")
struct LiveTesterViewsTests {
    struct Card: LiveView, Codable {
        var name: String
        var count = 0

        enum Event: LiveEvent {
            case up
            case rename(FormFields)
        }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .up: count += 1
            case .rename(let fields): name = fields["name"] ?? ""
            }
        }

        var body: HTML {
            """
            <b>\(name)</b> <output>\(count)</output><button class="up" \(on: .click, Event.up)>+</button>
            <form \(on: .submit, Event.rename)><input name="name" value="\(name)"><button>Rename</button></form>
            """
        }
    }

    struct Board: LiveView, Codable {
        var note = Card(name: "note")
        var cards = LiveChildren<Int, Card>((1...2).map { ($0, Card(name: "card \($0)")) })
        var sum = 0
        static let children = [LiveChild(\Board.note), LiveChild(each: \Board.cards)]

        enum Event: LiveEvent { case add, sum }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .add: cards.insert(Card(name: "new"), id: 9, at: 0)
            case .sum: sum = cards.ids.reduce(0) { $0 + (cards[$1]?.count ?? 0) }
            }
        }

        var body: HTML {
            """
            <p>\(sum)</p><button id="add" \(on: .click, Event.add)>Add</button><button id="sum" \(on: .click, Event.sum)>Sum</button>
            <section id="note">\(child: \Board.note)</section>
            <ul>\(children: \Board.cards, of: self, { id, card in "<li id=\"card-\(id)\">\(card)</li>" })</ul>
            """
        }
    }

    @Test("the page shows all of them, painted and joined", arguments: [false, true])
    func shown(isBinary: Bool) async throws {
        let page = try await LiveTester(Board(), isBinary: isBinary)
        #expect(try page.texts(of: "b") == ["note", "card 1", "card 2"])
        #expect(!page.html.contains("<!--"))
        #expect(try page.texts(of: "#card-2 output") == ["0"])
    }

    @Test("a click in one is that view's, and the patch is of that view alone", arguments: [false, true])
    func click(isBinary: Bool) async throws {
        let page = try await LiveTester(Board(), isBinary: isBinary)
        try await page.click("#card-2 .up")
        try await page.click("#card-2 .up")
        try await page.click("#note .up")
        #expect(try page.texts(of: "output") == ["1", "0", "2"])
        #expect(page.messages.filter { $0.kind == .patch }.map(\.view) == [1])
        try await page.click("#sum")
        #expect(try page.text(of: "p") == "2")
        #expect(page.messages.filter { $0.kind == .patch }.map(\.view) == [0])
    }

    @Test("a form in one is that view's, with its fields")
    func form() async throws {
        let page = try await LiveTester(Board())
        try await page.type("another", into: "#card-1 input")
        try await page.submit("#card-1 form")
        #expect(try page.texts(of: "b") == ["note", "another", "card 2"])
    }

    @Test("one that comes later is there at once, with templates that the page has")
    func added() async throws {
        let page = try await LiveTester(Board())
        try await page.click("#add")
        #expect(try page.texts(of: "b") == ["note", "new", "card 1", "card 2"])
        try await page.click("#card-9 .up")
        #expect(try page.text(of: "#card-9 output") == "1")
    }

    @Test("a lost connection leaves them as they were, and they go on")
    func resumed() async throws {
        let page = try await LiveTester(Board())
        try await page.click("#card-1 .up")
        try await page.drop()
        #expect(try page.texts(of: "output") == ["0", "1", "0"])
        try await page.resume()
        try await page.click("#card-1 .up")
        #expect(try page.texts(of: "output") == ["0", "2", "0"])
    }

    @Test("a shared one is seen by two pages")
    func shared() async throws {
        let runtime = LiveRuntime.testing()
        let card = SharedLiveView(runtime: runtime, on: MultiThreadedEventLoopGroup.singleton.any()) { Card(name: "ours") }
        let one = try await LiveTester(SharedPage(card), runtime: runtime), other = try await LiveTester(SharedPage(card), runtime: runtime)
        for page in [one, other] { try await page.waitUntil("the card") { try $0.exists("output") } }
        try await one.click(".up")
        #expect(try one.text(of: "output") == "1")
        try await other.waitUntil("the other's click") { try $0.text(of: "output") == "1" }
    }
}
