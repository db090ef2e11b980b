// What is in the bound controls of a form, where no script tells it while it is typed (live protocol §12).

import LiveHTML
import LiveViews
import NIOCore
import RealtimeTesting
import Testing

@Suite("Bound controls without JavaScript")
struct FormControlsTests {
    struct Order: LiveView, Codable {
        var log: [String] = []
        var name = "na\"me <>&"

        enum Event: LiveEvent {
            case name(String), count(Int), gift(Bool), size(String), tags([String]), note(String), other(String)
            case send, more
        }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            if case .name(let text) = event { name = text }
            log.append("\(event)")
        }

        var body: HTML {
            """
            <input name="name" \(bind: "outside", Event.other)>
            <form id="a" \(on: .submit, Event.more)><input name="name" \(bind: "other form", Event.other)></form>
            <form id="b" \(on: .submit, Event.send)>
            <input title='a > b' \(bind: name, Event.name) name="name">
            <input name=count type="number" \(bind: 1, Event.count)>
            <input type="checkbox" name="gift" \(bind: false, Event.gift)>
            <input type="radio" name="size" value="s" \(on: .change, Event.size)><input type="radio" name="size" value="l" \(on: .change, Event.size)>
            <select name="tags" multiple \(on: .change, Event.tags)><option>x</option><option>y</option></select>
            <textarea name="note" \(on: .input, Event.note)>n</textarea><input name="plain" value="p"><input \(on: .input, Event.other)>
            <button>Send</button></form>
            <pre>\(each: log, key: { $0 }, { "<b>\($0)</b>" })</pre>
            """
        }
    }

    private func log(_ body: String, event: String = "send") async throws -> [String] {
        let route = LiveRoute(resuming: Order.self, runtime: .testing())
        let form = try #require(PostedForm(LiveRequest(url: "/?_event=\(event)"), body: ByteBuffer(string: body)))
        guard case .page(let page) = try await route.page(LiveRequest(url: "/"), posted: form, make: { _ in Order() }) else { return [] }
        return try PaintedPage(page).content.matches(of: /<b>([^<]*)<\/b>/).map { String($0.1) }
    }

    @Test("their events come before the form's, in the order of the page, each with the value that it would have had")
    func events() async throws {
        let body = "name=A%26B&count=3&gift=on&size=l&tags=x&tags=y&note=1%0D%0A2&plain=z"
        #expect(
            try await log(body) == [
                "name(&quot;A&amp;B&quot;)", "count(3)", "gift(true)", "size(&quot;l&quot;)", "tags([&quot;x&quot;, &quot;y&quot;])",
                "note(&quot;1\\r\\n2&quot;)", "send",
            ])
    }

    @Test("a box that was not sent is not ticked, what was not sent otherwise is no event")
    func absent() async throws {
        #expect(try await log("name=n") == ["name(&quot;n&quot;)", "gift(false)", "tags([])", "send"])
    }

    @Test("a value that a control can't have is as if it had not been typed")
    func wrong() async throws {
        #expect(try await log("count=three&gift=on") == ["gift(true)", "tags([])", "send"])
    }

    @Test("controls of other forms and of none have nothing to say")
    func others() async throws {
        #expect(try await log("name=n", event: "more") == ["other(&quot;n&quot;)", "more"])
    }
}
