import LiveHTML
import Testing

@Suite("Problems of markup")
struct ProblemsTests {
    let id = "a", text = "x"

    @Test("there are none in good markup")
    func none() {
        let html: HTML = """
            <!DOCTYPE html><html><head><title>\(text)</title></head><body><form id="\(id)"><input name="n" value="\(text)"></form>
            \(each: [1, 2], key: { $0 }, { "<p id=\"p\($0)\">\($0)</p>" })</body></html>
            """
        #expect(html.problems() == [])
    }

    @Test("every template that is refused, wherever it is")
    func templates() {
        let html: HTML = "<p>\("<b \(1)></b>")\(each: [1, 2], key: { $0 }, { "<i onclick=\"\($0)\"></i>" })\(unsafeRaw: "<x>")</p>"
        let problems = html.problems()
        #expect(problems.count == 2)
        #expect(problems.first?.description.hasPrefix("a value can't be the name of an attribute") == true)
        #expect(problems.last?.description.hasPrefix("a value can't be in a script") == true)
    }

    @Test("elements that a browser would move, across templates")
    func nesting() {
        let block: HTML = "<div>x</div>", row: HTML = "<tr><td>x</td></tr>"
        #expect(("<p>\(block)</p>" as HTML).problems().first?.description.hasPrefix("a browser would not leave") == true)
        #expect(("<div>\(row)</div>" as HTML).problems().count == 1)
        #expect(("<table><tbody>\(text == "x" ? "loose" : nil)</tbody></table>" as HTML).problems().count == 1)
        #expect(("<table><tbody>\(row)</tbody></table>" as HTML).problems() == [])
        #expect(("<p>\(unsafeRaw: "</p>")</p>" as HTML).problems().count == 1)
    }

    @Test("ids that are there twice")
    func ids() {
        let html: HTML = "<p id=a></p><p id=\"\(id)\"></p><p id='b'></p><p id=\"\"></p><p id=\"\"></p>"
        #expect(html.problems() == [.duplicateID("a")])
        #expect(HTMLProblem.duplicateID("a").description == "two elements have the id a")
    }

    @Test("forms without an id, and scripts in attributes")
    func forms() {
        let html: HTML = "<form></form><form id=\"f\"></form><p onclick=\"f()\"></p><a href=\"javascript:f()\">x</a>"
        #expect(html.problems() == [.formWithoutID, .inlineScript("onclick"), .inlineScript("href")])
        #expect(html.problems().map(\.description).allSatisfy { $0.count > 20 })
    }

    @Test("markup without end")
    func depth() {
        func nest(_ depth: Int) -> HTML { depth == 0 ? "x" : "<b>\(nest(depth - 1))</b>" }
        #expect(nest(250).problems().map(\.description) == ["markup is nested deeper than 200"])
    }
}
