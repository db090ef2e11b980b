import LiveHTML
import LiveViews
import Testing

@Suite("Events in markup")
struct BindingsTests {
    enum Event: LiveEvent {
        case add, toggle(Int), rename(id: Int, to: String), text(String), number(Int), flag(Bool), form(FormFields), key(KeyPress)
    }

    private func painted(_ html: HTML) throws -> String { try html.painted(with: TemplateCache(), markers: false) }

    @Test("are attributes, of which each trigger has its own")
    func triggers() throws {
        let triggers: [(LiveTrigger, String)] = [
            (.click, "on-click"), (.input, "on-input"), (.change, "on-change"), (.submit, "on-submit"), (.focus, "on-focus"),
            (.blur, "on-blur"),
            (.keydown, "on-keydown"), (.keyup, "on-keyup"), (.windowKeydown, "on-window-keydown"), (.windowKeyup, "on-window-keyup"),
            (.windowFocus, "on-window-focus"), (.windowBlur, "on-window-blur"), (.away, "on-away"), (.appear, "on-appear"),
        ]
        for (trigger, name) in triggers {
            #expect(try painted("<p \(on: trigger, Event.add)></p>").replacing("  ", with: " ") == "<p data-\(name)=\"add\"></p>")
        }
    }

    @Test("have their values in them, without a way out of the attribute")
    func values() throws {
        let name = "\"><script>'&"
        #expect(try painted("<p \(on: .click, Event.toggle(4))></p>").contains("data-on-click=\"toggle:4\""))
        let text = try painted("<p \(on: .click, Event.rename(id: 1, to: name))></p>")
        #expect(!text.contains("<script"))
        #expect(text.contains(#"data-on-click="rename?{&quot;id&quot;:1,&quot;to&quot;:&quot;\&quot;&gt;&lt;script&gt;&#39;&amp;&quot;}""#))
    }

    @Test("have a place for the browser's value")
    func inputs() throws {
        #expect(try painted("<input \(on: .input, Event.text)>").contains("data-on-input=\"text:$\""))
        #expect(try painted("<form \(on: .submit, Event.form)></form>").contains("data-on-submit=\"form:$\""))
        #expect(try painted("<input \(on: .keydown, Event.key)>").contains("data-on-keydown=\"key:$\""))
        let text = try painted("<input \(on: .change, { Event.rename(id: 3, to: $0) })>")
        #expect(text.contains("data-on-change=\"rename?{&quot;id&quot;:3,&quot;to&quot;:$}\""))
    }

    @Test("bind a control to a property")
    func bind() throws {
        let text = "a\"b", number = 4
        let input = try painted("<input name=\"t\" \(bind: text, Event.text)>")
        #expect(input.contains("value=\"a&quot;b\"") && input.contains("data-on-input=\"text:$\""))
        let range = try painted("<input type=\"range\" \(bind: number, Event.number)>")
        #expect(range.contains("value=\"4\"") && range.contains("data-on-input=\"number:$\""))
        for flag in [true, false] {
            let box = try painted("<input type=\"checkbox\" \(bind: flag, Event.flag)>")
            #expect(box.contains("checked") == flag)
            #expect(box.contains("data-on-change=\"flag:$\""))
        }
    }
}
