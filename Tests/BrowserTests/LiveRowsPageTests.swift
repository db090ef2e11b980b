// Lists of live views in a browser: rows that the server has forgotten, and rows that are views of their own.

import Hummingbird
import LiveHTML
import LiveViews
import RealtimeHummingbird
import Testing

extension InBrowser {
    @Suite("Long lists of live views in a browser", .timeLimit(.minutes(3)))
    struct LiveRowsPageTests {
        /// A thousand rows, of which the page has what somebody has scrolled to; the view has none.
        private struct Feed: LiveView {
            struct Row: Identifiable {
                let id: Int
                var text: String { "row \(id)" }
                var isChanged = false
            }

            var rows = RowStream<Row>()
            var next = 0

            enum Event: LiveEvent { case more, touch(Int), remove(Int) }

            mutating func mount(_ request: LiveRequest) { more() }

            mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
                switch event {
                case .more: more()
                case .touch(let id): rows.update(Row(id: id, isChanged: true))
                case .remove(let id): rows.remove(id)
                }
            }

            private mutating func more() {
                rows.append((next..<min(next + 50, 1_000)).map { Row(id: $0) })
                next = min(next + 50, 1_000)
            }

            var body: HTML {
                """
                <ul>\(stream: \Feed.rows, of: self, Self.row)</ul>
                <p id="more" \(on: .appear, Event.more) hidden=\(next == 1_000)>\(next) so far</p>
                """
            }

            private static func row(_ row: Row) -> HTML {
                """
                <li id="r\(row.id)" class="\(row.isChanged ? "changed" : "")">\(row.text) <button \(on: .click, Event.touch(row.id))>touch</button>
                <button \(on: .click, Event.remove(row.id))>×</button></li>
                """
            }
        }

        /// Counters by names, which the view does not know of each other.
        private struct Board: LiveView, Codable {
            struct Card: LiveView, Codable {
                var count = 0
                enum Event: LiveEvent { case up }
                mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { count += 1 }
                var body: HTML { "<button class=\"up\" \(on: .click, Event.up)>\(count)</button>" }
            }

            var cards = LiveChildren<String, Card>()
            static let children = [LiveChild(each: \Board.cards)]

            enum Event: LiveEvent { case add(FormFields), remove(String), reverse }

            mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
                switch event {
                case .add(let fields): if let name = fields["name"], !name.isEmpty { cards[name] = Card() }
                case .remove(let name): cards[name] = nil
                case .reverse: for (place, id) in cards.ids.reversed().enumerated() { cards.move(id, to: place) }
                }
            }

            var body: HTML {
                """
                <form id="new" \(on: .submit, Event.add)><input name="name" id="name"><button>Add</button></form><button id="reverse" \(on: .click, Event.reverse)>Reverse</button>
                <ul>\(children: \Board.cards, of: self, Self.row)</ul>
                """
            }

            private static func row(_ name: String, _ card: LivePlace) -> HTML {
                "<li id=\"card-\(name)\">\(name) <span>\(card)</span> <button class=\"remove\" \(on: .click, Event.remove(name))>×</button></li>"
            }
        }

        private func run(_ test: @Sendable (Browser, String) async throws -> Void) async throws {
            let routes: (Router<BasicRequestContext>) -> Void = { router in
                router.live("/feed", view: { Feed() })
                router.live("/board", view: { Board() })
            }
            try await LiveTestServer.run(routes) { server in
                try await Browser.run { browser in try await test(browser, server.address) }
            }
        }

        private func open(_ browser: Browser, _ address: String) async throws -> Window {
            let window = try await browser.window(address)
            try await window.wait("window.live?.isLive")
            return window
        }

        private func count(_ window: Window, _ selector: String) async throws -> Int {
            try await window.value("document.querySelectorAll(\(quoted(selector))).length")
        }

        @Test("Who scrolls to the end gets more; rows that the server has forgotten can be changed and taken out")
        func feed() async throws {
            try await run { browser, address in
                let window = try await open(browser, "\(address)/feed")
                #expect(try await count(window, "li") >= 50)
                for _ in 0..<3 {
                    let before = try await count(window, "li")
                    _ = try await window.value("(document.querySelector('#more').scrollIntoView(), true)", as: Bool.self)
                    try await window.wait("document.querySelectorAll('li').length > \(before)")
                    // Until it has been seen that the end is out of sight, it does not come into sight again.
                    _ = try await window.value(
                        "(async () => { scrollTo(0, 0); for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame); return true; })()",
                        as: Bool.self)
                }
                let texts = try await window.value("[...document.querySelectorAll('li')].map((e) => e.id)", as: [String].self)
                #expect(texts == (0..<texts.count).map { "r\($0)" })
                _ = try await window.value(
                    "(window.row = document.querySelector('#r120'), window.row.scrollIntoView({ block: 'center' }), true)", as: Bool.self)
                try await window.click("#r120 button")
                try await window.wait("document.querySelector('#r120').className === 'changed'")
                #expect(try await window.value("window.row === document.querySelector('#r120')", as: Bool.self), "it is the same element")
                try await window.click("#r119 button + button")
                try await window.wait("!document.querySelector('#r119')")
                try await window.click("#r121 button + button")
                try await window.wait("!document.querySelector('#r121')")
                #expect(try await count(window, "li") == texts.count - 2)
                #expect(window.takeComplaints() == [])
            }
        }

        @Test("Cards come, go and move, and each counts for itself; a lost connection changes nothing")
        func board() async throws {
            try await run { browser, address in
                let window = try await open(browser, "\(address)/board")
                for (number, name) in ["a", "b", "c"].enumerated() {
                    try await window.focus("#name")
                    _ = try await window.value("(document.querySelector('#name').value = '', true)", as: Bool.self)
                    try await window.type(name)
                    try await window.press("Enter")
                    try await window.wait("document.querySelectorAll('.up').length === \(number + 1)")
                }
                for _ in 0..<2 { try await window.click("#card-b .up") }
                try await window.click("#card-c .up")
                try await window.wait("[...document.querySelectorAll('.up')].map((e) => e.innerText).join() === '0,2,1'")
                try await window.click("#reverse")
                try await window.wait("[...document.querySelectorAll('.up')].map((e) => e.innerText).join() === '1,2,0'")
                try await window.click("#card-c .remove")
                try await window.wait("[...document.querySelectorAll('.up')].map((e) => e.innerText).join() === '2,0'")
                // The newest state is sealed a second after it changed.
                try await Task.sleep(for: .milliseconds(1_500))
                _ = try await window.value("(live.disconnect(), live.connect(), true)", as: Bool.self)
                try await window.wait("live.isLive")
                try await window.click("#card-b .up")
                try await window.wait("[...document.querySelectorAll('.up')].map((e) => e.innerText).join() === '3,0'")
                #expect(window.takeComplaints() == [])
            }
        }
    }
}
