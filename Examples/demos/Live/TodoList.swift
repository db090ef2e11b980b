public import LiveHTML
public import LiveViews

/// A list of things to do, for one browser. It outlives a restart of the server: the page has its sealed state.
public struct TodoList: LiveView, Codable {
    struct Item: Codable, Identifiable {
        let id: Int
        let text: String
        var isDone = false
    }

    var draft = ""
    var items: [Item] = []
    var nextID = 1

    public enum Event: LiveEvent {
        case draft(String)
        case add
        case done(id: Int, Bool)
        case remove(Int)
    }

    public init() {}

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .draft(let text): draft = String(text.prefix(100))
        case .add:
            // The button is not disabled meanwhile: a browser sends no form whose button is, and somebody who types fast is ahead of us.
            guard !draft.allSatisfy(\.isWhitespace), items.count < 50 else { return }
            items.append(Item(id: nextID, text: draft))
            nextID += 1
            draft = ""
        case .done(let id, let isDone):
            for index in items.indices where items[index].id == id { items[index].isDone = isDone }
        case .remove(let id): items.removeAll { $0.id == id }
        }
    }

    private var open: Int { items.count { !$0.isDone } }

    public var body: HTML {
        """
        <form id="todo-new" class="row" \(on: .submit, Event.add)>
        <input id="todo-draft" name="draft" aria-label="What is to be done" placeholder="What is to be done?" autocomplete="off" \(bind: draft, Event.draft)>
        <button class="button">Add</button></form>
        <ul class="todos">\(each: items, Self.row)</ul>
        <p class="hint">\(open) of \(items.count) to do</p>
        """
    }

    private static func row(_ item: Item) -> HTML {
        """
        <li class="\(item.isDone ? "done" : "")"><label><input type="checkbox" \(bind: item.isDone, { Event.done(id: item.id, $0) })> \(item.text)</label>
        <button class="button small" aria-label="Remove" \(on: .click, Event.remove(item.id))>×</button></li>
        """
    }
}
