// The view of step 4 of the tutorial (LiveViews.docc/ASharedTodoList.md), as it stands there.

import LiveHTML
import LiveViews
import RealtimeTesting
import Testing

@Suite("The tutorial")
struct TutorialTests {
    struct TodoList: LiveView, Codable {
        var draft = ""
        var items: [String] = []

        enum Event: LiveEvent {
            case draft(String)
            case add
        }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .draft(let text):
                draft = String(text.prefix(100))
            case .add:
                guard !draft.isEmpty, !items.contains(draft), items.count < 100 else { return }
                items.append(draft)
                draft = ""
            }
        }

        var body: HTML {
            """
            <h1>To do</h1>
            <form id="new" \(on: .submit, Event.add)>
            <input id="draft" name="draft" aria-label="What is to be done" autocomplete="off" \(bind: draft, Event.draft)>
            <button>Add</button></form>
            <ul>\(each: items, key: { $0 }, { "<li>\($0)</li>" })</ul>
            """
        }
    }

    @Test("its list takes what was typed, empties the field, and is there again after a restart")
    func list() async throws {
        let page = try await LiveTester(TodoList())
        try await page.type("Water the plants", into: "#draft")
        try await page.submit("#new")
        #expect(try page.text(of: "li") == "Water the plants")
        #expect(try page.attribute("value", of: "#draft") == "")
        try await page.drop()
        try await page.resume()
        #expect(try page.text(of: "li") == "Water the plants")
    }
}
