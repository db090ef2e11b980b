import FoundationEssentials
public import LiveHTML
public import LiveViews
import Synchronization

/// A list of things to do that everybody sees and changes. The list is the application's, not the view's: a view has a copy, and is told of each change by a channel.
public struct SharedTodoList: LiveView {
    public struct Item: Codable, Identifiable, Sendable {
        public let id: Int
        let text: String
        var isDone = false
    }

    /// What all views share.
    public final class Store: Sendable {
        private let items = Mutex<[Item]>([])
        private let lastID = Atomic(0)

        public init() {}

        var all: [Item] { items.withLock { $0 } }

        func change(_ change: (inout [Item], Int) -> Void) {
            let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
            items.withLock {
                change(&$0, id)
                $0 = $0.suffix(100)
            }
        }
    }

    public static let channel = "todo:shared"
    private let store: Store
    private var items: [Item]
    private var draft = ""

    public enum Event: LiveEvent {
        case draft(String)
        case add
        case done(id: Int, Bool)
        case remove(Int)
        case changed
    }

    public init(_ store: Store) {
        self.store = store
        items = store.all
    }

    public mutating func connected(_ effects: inout LiveEffects<Event>) {
        items = store.all
        effects.subscribe(to: Self.channel) { _ in .changed }
    }

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .draft(let text): return draft = String(text.prefix(100))
        case .changed: return items = store.all
        case .add:
            guard !draft.allSatisfy(\.isWhitespace) else { return }
            store.change { [draft] items, id in items.append(Item(id: id, text: draft)) }
            draft = ""
        case .done(let id, let isDone):
            store.change { items, _ in for index in items.indices where items[index].id == id { items[index].isDone = isDone } }
        case .remove(let id): store.change { items, _ in items.removeAll { $0.id == id } }
        }
        items = store.all
        effects.publish(true, to: Self.channel)
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
