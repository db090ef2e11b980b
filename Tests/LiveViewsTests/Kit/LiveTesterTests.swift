import LiveHTML
import LiveViews
import PubSub
import RealtimeHub
import RealtimeTesting
import Testing

@Suite("The test kit")
struct LiveTesterTests {
    @Test("a page is joined, a click changes it")
    func click() async throws {
        let page = try await LiveTester(Counter(count: 4))
        #expect(try page.text(of: "h1") == "4")
        #expect(page.html.hasPrefix("<h1>4</h1>"))
        try await page.click("#up")
        try await page.click("#up")
        try await page.click("#down")
        #expect(try page.text(of: "h1") == "5")
        #expect(page.messages.map(\.kind) == [.acknowledgement, .patch])
        #expect(page.messages.map(\.text) == ["3", "[3,0,5]"])
        #expect(page.bytesSent == 8)
        #expect(page.patchBytes == 7)
    }

    @Test("binary patches")
    func binary() async throws {
        let page = try await LiveTester(Counter(), isBinary: true)
        try await page.click("#up")
        #expect(try page.text(of: "h1") == "1")
        #expect(page.patchBytes < 8)
    }

    @Test("selectors")
    func selectors() async throws {
        let page = try await LiveTester(Everything(log: ["one", "two"]))
        #expect(try page.texts(of: "#log li") == ["one", "two"])
        #expect(try page.count("li.entry") == 2)
        #expect(try page.count("input[type=radio]") == 2)
        #expect(try page.count("form input[type='radio'][value=\"l\"]") == 1)
        #expect(try page.exists(".card.big b"))
        #expect(try !page.exists(".card.small"))
        #expect(try !page.exists("ul b"))
        #expect(try page.text(of: "div.card") == "text & more")
        #expect(try page.attribute("type", of: "#tick") == "checkbox")
        #expect(try page.attribute("checked", of: "#tick") == nil)
        #expect(try page.attribute("checked", of: "[value=s]") == "")
        #expect(try page.count("[disabled]") == 1)
        #expect(try page.count("body *") == 0)
        #expect(throws: LiveTesterError.self) { try page.text(of: "li") }
        for text in ["", "#", "a > b", "a,b", "[", "[a", "[a=b", "a..b", "li:first-child"] {
            #expect(throws: LiveTesterError.self, "\(text)") { try page.count(text) }
        }
    }

    private func reason(_ step: () async throws -> Void) async -> LiveTesterError.Reason? {
        do {
            try await step()
            return nil
        } catch {
            return (error as? LiveTesterError)?.reason
        }
    }

    @Test("what nobody could do is an error that says what was looked for")
    func errors() async throws {
        let page = try await LiveTester(Everything())
        #expect(await reason { try await page.click("#nobody") } == .noElement)
        #expect(await reason { try await page.click("#plain") } == .noBinding)
        #expect(await reason { try await page.click("input") } == .severalElements)
        #expect(await reason { try await page.click("!") } == .badSelector)
        #expect(await reason { try await page.type("x", into: "#plain") } == .noControl)
        #expect(await reason { try await page.type("x", into: "#tick") } == .noControl)
        #expect(await reason { try await page.type("x", into: "#focus") } == .noBinding)
        #expect(await reason { try await page.type("x", into: "[name=off]") } == .disabled)
        #expect(await reason { try await page.change("#pick", to: "c") } == .noControl)
        #expect(await reason { try await page.check("#draft") } == .noControl)
        #expect(await reason { try await page.submit("#draft") } == .noControl)
        #expect(await reason { try await page.submit("#form", ["nothing": "x"]) } == .noControl)
        #expect(await reason { try await page.submit("#form", ["off": "x"]) } == .disabled)
        #expect(await reason { try await page.submit("#form", ["size": "xl"]) } == .noControl)
        #expect(await reason { try await page.press("a", in: "#keys") } == .noBinding)
        #expect(await reason { try await page.blur("#focus") } == .noBinding)
        try await page.click("#lock")
        #expect(await reason { try await page.click("#locked") } == .disabled)
        do {
            try await page.click("#nobody")
        } catch {
            #expect("\(error)".contains("#nobody"))
        }
        try await page.drop()
        #expect(await reason { try await page.click("#lock") } == .notConnected)
    }

    @Test("controls and forms send what a browser would")
    func forms() async throws {
        let page = try await LiveTester(Everything())
        func last() throws -> String? { try page.texts(of: "#log li").last }
        try await page.click("#inside")
        #expect(try last() == "clicked card")
        try await page.type("Hi \"<b>\"\n", into: "#draft")
        #expect(try page.text(of: "#echo") == "Hi \"<b>\"")
        #expect(try page.value(of: "#draft") == "Hi \"<b>\"\n")
        try await page.check("#tick")
        #expect(try page.attribute("checked", of: "#tick") == "")
        try await page.check("#tick")
        #expect(page.messages == [])
        try await page.click("#tick")
        #expect(try page.attribute("checked", of: "#tick") == nil)
        try await page.change("#pick", to: "b")
        #expect(try last() == "chose b")
        try await page.type("T", into: "#form [name=title]")
        #expect(try page.value(of: "[name=title]") == "T")
        try await page.submit("#form", ["mail": "a@b", "size": "l", "extra": "x"])
        #expect(try last() == "saved extra=x mail=a@b note=N size=l title=T token=t")
        try await page.click("#save")
        #expect(try last() == "saved how=saved mail= note=N size=s title=none token=t")
        try await page.press("Enter", in: "[name=mail]")
        #expect(try last() == "saved how=saved mail= note=N size=s title=none token=t")
    }

    @Test("a form's change says what changed and what nobody has touched")
    func changes() async throws {
        let page = try await LiveTester(Everything())
        try await page.change("[name=mail]", to: "x")
        #expect(try page.texts(of: "#log li").last == "changed mail to x, untouched [\"note\", \"size\", \"title\"]")
    }

    @Test("keys, focus")
    func keys() async throws {
        let page = try await LiveTester(Everything())
        try await page.press("Enter", in: "#keys")
        try await page.press(KeyPress(key: "Escape", ctrl: true), in: "#keys")
        try await page.press("F1")
        try await page.focus("#focus")
        #expect(try page.texts(of: "#log li") == ["key Enter", "key Escape with ctrl", "anywhere F1", "focused"])
    }

    @Test("raw events and messages")
    func raw() async throws {
        let page = try await LiveTester(Counter())
        try await page.send("add:40")
        try await page.send(.add(2))
        #expect(try page.text(of: "h1") == "42")
        try await page.send("jump")
        #expect(page.refusals.count == 1)
        #expect(try page.text(of: "h1") == "42")
        try await page.send(message: "nonsense")
        #expect(page.closeCode == .badMessage)
        #expect(!page.isConnected)
        #expect(await reason { try await page.click("#up") } == .closed(.badMessage))
        try await page.resume()
        try await page.click("#up")
    }

    @Test("a lost connection is resumed from the newest seal, in another process too")
    func resume() async throws {
        let seals = StateSeals()
        let page = try await LiveTester(Counter(), runtime: .testing(seals: seals))
        try await page.click("#up")
        try await page.drop()
        #expect(!page.isConnected)
        #expect(try page.text(of: "h1") == "1")
        try await page.resume()
        #expect(page.messages.first?.kind == .templates)
        #expect(!page.messages[0].text.contains("<button"), "the templates are known")
        #expect(try page.text(of: "h1") == "1")
        try await page.click("#up")
        try await page.restart(with: .testing(seals: seals))
        #expect(try page.text(of: "h1") == "2")
        try await page.restart(with: .testing())
        #expect(try page.text(of: "h1") == "0", "another secret: mounted anew")
        try await page.click("#up")
        try await page.drop(sealed: false)
        try await page.resume()
        #expect(try page.text(of: "h1") == "0", "the newest state was not sealed yet")
        try await page.click("#up")
        try await page.reload()
        #expect(try page.text(of: "h1") == "0")
    }

    struct Room: LiveView {
        var name = ""
        var lines: [String] = []
        enum Event: LiveEvent { case say(FormFields), said(String), tick, notes, go(String) }

        mutating func connected(_ effects: inout LiveEffects<Event>) {
            effects.subscribe(to: "open:room") { publication in
                Room.text(publication.data).map { .said($0) }
            }
        }

        static func text(_ data: [UInt8]) -> String? { String(decoding: data, as: UTF8.self).split(separator: "\"").first.map(String.init) }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .say(let fields): effects.publish("\(name): \(fields["text"] ?? "")", to: "open:room")
            case .said(let text): lines.append(text)
            case .tick: effects.every(.seconds(1), .said("tick"))
            case .notes:
                effects.push("note", ["a": 1])
                effects.flash(.warning, "Careful")
                effects.focus("#text")
                effects.reset(form: "say")
                effects.patch(to: "/there?x=1")
                effects.navigate(to: "/elsewhere")
            case .go(let url): effects.patch(to: url)
            }
        }

        mutating func navigated(to request: LiveRequest, _ effects: inout LiveEffects<Event>) { lines.append("at \(request.url)") }
        var title: String? { lines.last }

        var body: HTML {
            """
            <ul>\(lines.map { "<li>\($0)</li>" })</ul>
            <form id="say" \(on: .submit, Event.say)><input id="text" name="text"></form>
            <button id="tick" \(on: .click, Event.tick)>Tick</button>
            <button id="notes" \(on: .click, Event.notes)>Notes</button>
            <a id="patch" href="/p?q=2" data-patch>Patch</a> <a id="away" href="/away" data-navigate>Away</a>
            """
        }
    }

    @Test("two browsers share a channel")
    func two() async throws {
        let hub = testHub()
        let ann = try await LiveTester(Room(name: "Ann"), session: "a", runtime: .testing(hub: hub))
        let bob = try await LiveTester(Room(name: "Bob"), session: "b", runtime: .testing(hub: hub))
        try await ann.waitUntil { _ in hub.subscribers(of: "open:room") == 2 }
        try await ann.submit("#say", ["text": "Hello"])
        try await ann.waitUntil { try $0.count("li") == 1 }
        try await bob.waitUntil { try $0.count("li") == 1 }
        #expect(try bob.text(of: "li") == "Ann: Hello")
        try await bob.drop()
        try await ann.waitUntil { _ in hub.subscribers(of: "open:room") == 1 }
    }

    @Test("time passes when it is told to")
    func time() async throws {
        let page = try await LiveTester(Room(), runtime: .testing(hub: testHub()))
        try await page.click("#tick")
        await page.advance(by: .milliseconds(999))
        #expect(try page.count("li") == 0)
        await page.advance(by: .milliseconds(1))
        #expect(try page.count("li") == 1)
        await page.advance(by: .seconds(9))
        #expect(try page.count("li") == 10)
        try await page.waitUntil { try $0.count("li") == 11 }
    }

    @Test("what is never so is given up")
    func never() async throws {
        let page = try await LiveTester(Counter())
        #expect(await reason { try await page.waitUntil(timeout: .milliseconds(20)) { _ in false } } == .timedOut)
    }

    @Test("pushed events, flashes, titles, addresses")
    func messages() async throws {
        let page = try await LiveTester(Room(), at: "/here", runtime: .testing(hub: testHub()))
        try await page.click("#notes")
        #expect(page.pushed.map(\.name) == ["note"])
        #expect(try page.pushed[0].value(as: [String: Int].self) == ["a": 1])
        #expect(page.flash?.kind == "warning" && page.flash?.text == "Careful")
        #expect(page.focused == ["#text"])
        #expect(page.resets == ["say"])
        #expect(page.addresses == ["/there?x=1"])
        #expect(page.address == "/there?x=1")
        #expect(page.destination == "/elsewhere")
        #expect(page.title == "at /there?x=1")
        try await page.click("#patch")
        #expect(page.address == "/p?q=2")
        #expect(page.titles == ["at /there?x=1", "at /p?q=2"])
        try await page.navigate(to: "/back")
        #expect(try page.texts(of: "li").last == "at /back")
        try await page.click("#away")
        #expect(page.destination == "/away")
    }

    @Test("a view that is refused when the browser connects")
    func refused() async throws {
        let result = await reason {
            _ = try await LiveTester<Counter>(make: { request in
                guard !request.isConnected else { throw LiveRefusal(.notFound) }
                return Counter()
            })
        }
        #expect(result == .closed(.notFound))
    }

    @Test("what the page's request has")
    func request() async throws {
        let page = try await LiveTester<LiveRouteTests.Titled>(at: "/items/7?a=b", pattern: "/items/{id}", user: "ann") { request in
            #expect(request.url == "/items/7?a=b")
            #expect(request.user == "ann")
            #expect(request.session == "tester")
            return LiveRouteTests.Titled()
        }
        #expect(try page.text(of: "p") == "Hello, 7 false", "it is resumed, not mounted again")
        #expect(page.title == "<7 false>")
    }

    struct Wrong: LiveView {
        var hasTwo = false
        var body: HTML { "<p id=\"a\">\(hasTwo ? "<b id=\"a\"></b><form></form>" : nil)</p>" }
    }

    @Test("problems of the markup in a number of states")
    func problems() {
        #expect(LiveTester.problems(of: Counter(), Counter(count: 5)) == [])
        #expect(LiveTester.problems(of: Everything(), Everything(log: ["a"], isLocked: true)) == [])
        #expect(LiveTester.problems(of: Wrong()) == [])
        #expect(!LiveTester.problems(of: Wrong(), Wrong(hasTwo: true), Wrong(hasTwo: true)).isEmpty)
        #expect(throws: LiveTesterError.self) { try LiveTester.assertNoProblems(of: Wrong(hasTwo: true)) }
        #expect(throws: Never.self) { try LiveTester.assertNoProblems(of: Counter()) }
    }
}
