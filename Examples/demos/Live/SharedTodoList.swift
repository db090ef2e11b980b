public import LiveHTML
public import LiveViews
import Synchronization

/// A list of things to do that everybody sees and changes. The list is the application's: a view has a copy, and a channel tells it of each change.
public struct SharedTodoList: LiveView {
    struct Item: Identifiable {
        let id: Int
        let text: String
        var isDone = false
    }

    /// What all views share: the last hundred items. An application with a database has that instead.
    public final class Store: Sendable {
        private let state = Mutex((items: [Item](), nextID: 1))
        public init() {}
        var items: [Item] { state.withLock { $0.items } }
        func add(_ text: String) {
            state.withLock { state in
                state.items = state.items.suffix(99) + [Item(id: state.nextID, text: text)]
                state.nextID += 1
            }
        }
        func set(_ id: Int, isDone: Bool) {
            state.withLock { state in
                for index in state.items.indices where state.items[index].id == id { state.items[index].isDone = isDone }
            }
        }
        func remove(_ id: Int) { state.withLock { $0.items.removeAll { $0.id == id } } }
    }

    public enum Event: LiveEvent {
        case draft(String), add, done(id: Int, Bool), remove(Int), changed
    }

    private let store: Store
    private var items: [Item]
    private var draft = ""
    public init(_ store: Store) {
        self.store = store
        items = store.items
    }

    public mutating func connected(_ effects: inout LiveEffects<Event>) {
        items = store.items
        effects.subscribe(to: "todo:shared") { _ in .changed }
    }

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .draft(let text): return draft = String(text.prefix(100))
        case .changed: return items = store.items
        case .add:
            guard !draft.allSatisfy(\.isWhitespace) else { return }
            store.add(draft)
            draft = ""
        case .done(let id, let isDone): store.set(id, isDone: isDone)
        case .remove(let id): store.remove(id)
        }
        items = store.items
        effects.publish(true, to: "todo:shared")
    }

    public var body: HTML {
        """
        <form id="shared-new" class="row" \(on: .submit, Event.add)>
        <input id="shared-draft" name="draft" aria-label="What is to be done" placeholder="What is to be done, by anybody?" autocomplete="off" \(bind: draft, Event.draft)>
        <button class="button">Add</button></form>
        <ul class="todos">\(each: items, Self.row)</ul>
        <p class="hint">\(items.count { !$0.isDone }) of \(items.count) to do</p>
        """
    }

    private static func row(_ item: Item) -> HTML {
        """
        <li class="\(item.isDone ? "done" : "")"><label><input type="checkbox" \(bind: item.isDone, { Event.done(id: item.id, $0) })> \(item.text)</label>
        <button class="button small" aria-label="Remove" \(on: .click, Event.remove(item.id))>×</button></li>
        """
    }
}
