public import LiveHTML

/// Views within a view that are known by keys, as many as there are at a time: a card for each row of a list, with events and effects of its own.
///
/// ```swift
/// struct Board: LiveView, Codable {
///     var cards = LiveChildren<Int, Card>()
///     static let children = [LiveChild(each: \Board.cards)]
///
///     mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
///         switch event {
///         case .add(let text): cards[nextID()] = Card(text)
///         case .remove(let id): cards[id] = nil
///         }
///     }
///
///     var body: HTML {
///         """
///         <ul>\(children: \Board.cards, of: self, { id, card in "<li>\(card) <button \(on: .click, Event.remove(id))>×</button></li>" })</ul>
///         """
///     }
/// }
/// ```
///
/// It is a dictionary with an order. What happens in one of the views changes and renders that one alone, however many there are. One that is put in later is not mounted, so it must have what it shows;
/// ``LiveView/connected(_:)`` is called when it is there. What it has started ends when it is taken out.
public struct LiveChildren<ID: Hashable & Sendable, Child: LiveView>: Sendable {
    struct Entry: Sendable {
        /// Never used again for another one.
        let serial: Int
        var child: Child
    }

    private var entries: [ID: Entry] = [:]
    private var keys: [Int: ID] = [:]
    private var lastSerial = 0

    /// Their keys, in their order.
    public private(set) var ids: [ID] = []

    /// None.
    public init() {}

    /// With these, in this order. Of two with the same key the first is taken.
    public init(_ children: some Sequence<(ID, Child)>) {
        for (id, child) in children where entries[id] == nil { self[id] = child }
    }

    /// How many there are.
    public var count: Int { ids.count }

    public var isEmpty: Bool { ids.isEmpty }

    /// The view with this key. One that is new comes to the end; nil takes it out.
    public subscript(id: ID) -> Child? {
        get { entries[id]?.child }
        set {
            guard let newValue else { return remove(id) }
            if entries[id] != nil { entries[id]?.child = newValue } else { insert(newValue, id: id, at: ids.count) }
        }
    }

    /// Puts a view in at a place, which is taken to be in the list. One that has been there with this key goes, with all that it has started.
    public mutating func insert(_ child: Child, id: ID, at index: Int) {
        remove(id)
        lastSerial &+= 1
        entries[id] = Entry(serial: lastSerial, child: child)
        keys[lastSerial] = id
        ids.insert(id, at: min(max(index, 0), ids.count))
    }

    private mutating func remove(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        keys[entry.serial] = nil
        ids.removeAll { $0 == id }
    }

    /// Takes all out.
    public mutating func removeAll() {
        entries = [:]
        keys = [:]
        ids = []
    }

    /// Brings them into another order.
    public mutating func sort(by areInIncreasingOrder: (Child, Child) throws -> Bool) rethrows {
        ids = try ids.compactMap { id in entries[id].map { (id, $0.child) } }.sorted { try areInIncreasingOrder($0.1, $1.1) }.map(\.0)
    }

    /// Moves a view so that it is at this place afterwards.
    public mutating func move(_ id: ID, to index: Int) {
        guard let place = ids.firstIndex(of: id) else { return }
        ids.remove(at: place)
        ids.insert(id, at: min(max(index, 0), ids.count))
    }

    // MARK: By number

    /// In their order.
    var serials: [Int] { ids.compactMap { entries[$0]?.serial } }

    subscript(serial serial: Int) -> Child? {
        get { keys[serial].flatMap { entries[$0]?.child } }
        set {
            guard let id = keys[serial], let newValue else { return }
            entries[id]?.child = newValue
        }
    }

    /// Changes a view where it is.
    mutating func change(serial: Int, _ body: (inout Child) throws -> Void) rethrows {
        guard let index = keys[serial].flatMap({ entries.index(forKey: $0) }) else { return }
        try body(&entries.values[index].child)
    }

    /// What a key is called where there is no connection.
    func name(ofSerial serial: Int) -> String? { keys[serial].map { String(describing: $0) } }

    /// The view that was called so, if there is just one; it had this serial, if nobody has made all of them anew.
    func serial(named name: String, before: Int) -> Int? {
        if self.name(ofSerial: before) == name { return before }
        let found = keys.filter { String(describing: $0.value) == name }
        return found.count == 1 ? found.first?.key : nil
    }
}

extension LiveChildren: Codable where ID: Codable, Child: Codable {
    private struct Row: Codable {
        let id: ID
        let serial: Int
        let view: Child
    }

    private enum CodingKeys: CodingKey {
        case rows, last
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        lastSerial = try container.decode(Int.self, forKey: .last)
        for row in try container.decode([Row].self, forKey: .rows) where entries[row.id] == nil && keys[row.serial] == nil {
            entries[row.id] = Entry(serial: row.serial, child: row.view)
            keys[row.serial] = row.id
            ids.append(row.id)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lastSerial, forKey: .last)
        try container.encode(ids.compactMap { id in entries[id].map { Row(id: id, serial: $0.serial, view: $0.child) } }, forKey: .rows)
    }
}

/// Where one of many views is in the markup around it: `\(place)`.
public struct LivePlace: Sendable {
    let number: Int
}

extension HTML.StringInterpolation {
    /// A row for each view of a property that is ``LiveView/children``: its key, and its place.
    ///
    /// - Parameters:
    ///   - path: the property.
    ///   - parent: whose, which is `self`.
    ///   - row: the markup around the view.
    public mutating func appendInterpolation<Parent: LiveView, ID: Hashable & Sendable, Child: LiveView>(
        children path: any WritableKeyPath<Parent, LiveChildren<ID, Child>> & Sendable, of parent: Parent,
        _ row: @escaping @Sendable (ID, LivePlace) -> HTML
    ) {
        let slot = Parent.children.firstIndex { $0.path == path }
        let children = parent[keyPath: path]
        let rows = zip(children.ids, children.serials).map { id, serial in
            (id: id, serial: serial, place: LivePlace(number: slot.map { ViewNumber<Parent>(slot: $0, serial: serial).number } ?? 0))
        }
        appendInterpolation(each: rows, key: { $0.serial }) { row($0.id, $0.place) }
    }

    /// The place of one of many views.
    public mutating func appendInterpolation(_ place: LivePlace) {
        appendInterpolation(view: place.number)
    }
}
