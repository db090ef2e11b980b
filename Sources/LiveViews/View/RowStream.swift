public import LiveHTML

/// Rows that are sent and then forgotten: long lists, feeds, logs. Of each the server remembers 16 bytes, whatever is in it.
///
/// ```swift
/// struct Feed: LiveView {
///     var posts = RowStream<Post>()
///     var oldest = 0
///     enum Event: LiveEvent { case more, new(Int), delete(Int) }
///
///     mutating func mount(_ request: LiveRequest) async throws {
///         posts.append(try await store.latest(50))
///     }
///
///     mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
///         switch event {
///         case .more: posts.append(store.before(oldest, 50))
///         case .new(let id): posts.prepend(store.posts(id))
///         case .delete(let id): posts.remove(id)
///         }
///     }
///
///     var body: HTML {
///         "<ul>\(stream: \Feed.posts, of: self, { "<li>\($0.text)</li>" })</ul><p \(on: .appear, Event.more)>…</p>"
///     }
/// }
/// ```
///
/// The view says what happens to the rows, and need not know which there are. What it says is done with the next render; then it is gone from here.
///
/// Rows are not in the view's sealed state. A view that is mounted when a browser comes back puts them in again in ``LiveView/mount(_:)``; one that is `Codable`, and so is resumed, in
/// ``LiveView/resumed(from:)``. The page keeps what it shows if these are the rows that were painted, and gets them anew otherwise. A browser that needs the whole page again, since something has
/// changed it behind its back, is asked to join again; so it is when a view with such rows is hidden and shown again. While a view is not shown, what happens to its rows waits in its state. A
/// ``SharedLiveView`` can't have any.
public struct RowStream<Row: Identifiable & Sendable>: Sendable where Row.ID: Sendable {
    enum Change: Sendable {
        case insert([Row], at: Int?)
        case update(Row)
        case remove(Row.ID)
        case removeAll
        case keepFirst(Int)
        case keepLast(Int)
    }

    /// Which rows these are.
    private let identity: UInt64
    /// The number of the first change that has not been written.
    private var first = 1
    private var changes: [Change] = []

    /// None.
    public init() {
        identity = .random(in: 1 ... .max)
    }

    /// With these.
    public init(_ rows: some Sequence<Row>) {
        self.init()
        append(rows)
    }

    /// Puts rows at the end. Of those that are there already, by their `id`, each stays where it is and looks like the new one; so it is with all that puts rows in.
    public mutating func append(_ rows: some Sequence<Row>) { insert(Array(rows), at: nil) }

    /// Puts a row at the end.
    public mutating func append(_ row: Row) { insert([row], at: nil) }

    /// Puts rows at the beginning, in their order.
    public mutating func prepend(_ rows: some Sequence<Row>) { insert(Array(rows), at: 0) }

    /// Puts a row at the beginning.
    public mutating func prepend(_ row: Row) { insert([row], at: 0) }

    /// Puts rows at a place, which is taken to be in the list.
    public mutating func insert(_ rows: some Sequence<Row>, at index: Int) { insert(Array(rows), at: Optional(index)) }

    private mutating func insert(_ rows: [Row], at index: Int?) {
        if !rows.isEmpty { changes.append(.insert(rows, at: index)) }
    }

    /// Shows what a row is now, if it is there.
    public mutating func update(_ row: Row) { changes.append(.update(row)) }

    /// Takes a row out, if it is there.
    public mutating func remove(_ id: Row.ID) { changes.append(.remove(id)) }

    /// Takes all out.
    public mutating func removeAll() {
        // What has not been written yet need not be.
        first &+= changes.count
        changes = [.removeAll]
    }

    /// Takes out all but so many of the first: what a page has is bounded by it where rows come to the beginning.
    public mutating func keep(first count: Int) { changes.append(.keepFirst(count)) }

    /// Takes out all but so many of the last.
    public mutating func keep(last count: Int) { changes.append(.keepLast(count)) }

    // MARK: Rendering

    func rendered(_ owner: any Sendable, _ row: @escaping @Sendable (Row) -> HTML) -> RowChanges {
        func made(_ element: Row) -> RowChanges.Row { RowChanges.Row(key: element.id) { row(element) } }
        let changes: [RowChanges.Change] = self.changes.map { change in
            switch change {
            case .insert(let rows, let index): .insert(rows.map(made), at: index)
            case .update(let row): .update(made(row))
            case .remove(let id): .removal(of: id)
            case .removeAll: .removeAll
            case .keepFirst(let count): .keepFirst(count)
            case .keepLast(let count): .keepLast(count)
            }
        }
        return RowChanges(identity: identity, first: first, changes: changes, owner: owner)
    }

    /// They have been written.
    mutating func forget() {
        first &+= changes.count
        changes = []
    }
}

extension RowStream: Codable {
    /// Without rows, whatever there was.
    public init(from decoder: any Decoder) throws { self.init() }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}

/// Takes out of a view what has been written.
struct WrittenRows<View>: Sendable {
    let forget: @Sendable (inout View) -> Void
}

extension HTML.StringInterpolation {
    /// The rows of a ``RowStream``.
    ///
    /// - Parameters:
    ///   - path: a stored property.
    ///   - view: whose, which is `self`.
    ///   - row: the markup of a row.
    public mutating func appendInterpolation<View: LiveView, Row: Identifiable & Sendable>(
        stream path: any WritableKeyPath<View, RowStream<Row>> & Sendable, of view: View, _ row: @escaping @Sendable (Row) -> HTML
    ) where Row.ID: Sendable {
        let written = WrittenRows<View> { $0[keyPath: path].forget() }
        appendInterpolation(changes: view[keyPath: path].rendered(written, row))
    }
}
