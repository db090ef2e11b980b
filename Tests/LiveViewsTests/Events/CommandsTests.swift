import LiveHTML
import LiveViews
import Testing

@Suite("Commands in markup")
struct CommandsTests {
    private enum Event: LiveEvent { case add }

    private func painted(_ html: HTML) throws -> String {
        try html.painted(with: TemplateCache(), markers: false).replacing("&quot;", with: "'").replacing("  ", with: " ")
    }

    @Test("are arrays in an attribute, of which each trigger has its own")
    func triggers() throws {
        let triggers: [(LiveCommand.Trigger, String)] = [
            (.click, "click"), (.input, "input"), (.change, "change"), (.submit, "submit"), (.away, "away"),
        ]
        for (trigger, name) in triggers {
            #expect(
                try painted("<p \(on: trigger, .show("#a"), .focus())></p>")
                    == "<p data-do-\(name)=\"[['set','#a','hidden',null],['focus','']]\"></p>")
        }
    }

    @Test("show, hide, and give and take classes and attributes")
    func parts() throws {
        let commands: [(LiveCommand, String)] = [
            (.show("#a"), "['set','#a','hidden',null]"), (.hide("#a"), "['set','#a','hidden','']"),
            (.toggle("#a"), "['toggle','#a','hidden','']"),
            (.addClass("x", to: "#a"), "['set','#a','.x','']"), (.removeClass("x", from: "#a"), "['set','#a','.x',null]"),
            (.toggleClass("x"), "['toggle','','.x','']"),
            (.transition("x", milliseconds: 200, of: "#a"), "['set','#a','.x',''],['wait',200],['set','#a','.x',null]"),
            (.set(.title, to: "t", of: "#a"), "['set','#a','title','t']"), (.remove(.disabled, of: "#a"), "['set','#a','disabled',null]"),
            (.toggle(.aria("expanded"), to: "true"), "['toggle','','aria-expanded','true']"),
            (.set(.data("state"), to: "1"), "['set','','data-state','1']"),
            (.toggle(.open), "['toggle','','open','']"), (.set(.inert, to: ""), "['set','','inert','']"),
            (.remove(.hidden), "['set','','hidden',null]"),
        ]
        for (command, json) in commands { #expect(try painted("<p \(on: .click, command)></p>").contains("data-do-click=\"[\(json)]\"")) }
    }

    @Test("move the focus, tell JavaScript, and wait")
    func others() throws {
        let text = try painted(
            "<p \(on: .click, .focus("#a"), .dispatch("x", detail: "d", to: "#a"), .dispatch("y"), .wait(milliseconds: 9))></p>")
        #expect(text.contains("[['focus','#a'],['event','#a','x','d'],['event','','y',null],['wait',9]]"))
    }

    @Test("stand beside an event of the same trigger")
    func beside() throws {
        let text = try painted("<button \(on: .click, Event.add) \(on: .click, .hide())>+</button>")
        #expect(text.contains("data-on-click=\"add\"") && text.contains("data-do-click=\"[['set','','hidden','']]\""))
    }

    @Test("have no way out of their attribute")
    func escaping() throws {
        let text = try painted("<p \(on: .click, .set(.title, to: "\"><script>"), .show("'\\"))></p>")
        #expect(!text.contains("<script"))
        #expect(text.contains(#"'title','\'&gt;&lt;script&gt;'],['set','&#39;\\','hidden',null]"#))
    }
}
