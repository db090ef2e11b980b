public import LiveHTML
public import LiveViews

/// Ten thousand rows, searched on the server while you type; and a button that changes one of them.
public struct BigTable: LiveView {
    struct Row: Identifiable {
        let id: Int
        let name: String
        var hits = 0
    }

    private static let syllables = ["ka", "lo", "mi", "ne", "ra", "su", "ti", "vo", "ze", "pa"]
    private static let all: [Row] = (0..<10_000).map { number in
        let digits = [number / 1_000, number / 100 % 10, number / 10 % 10, number % 10]
        return Row(id: number, name: digits.map { syllables[$0] }.joined())
    }

    private var rows = BigTable.all
    private var search = ""
    private var shown = BigTable.all

    public enum Event: LiveEvent {
        case search(String)
        case hit(Int)
    }

    public init() {}

    public mutating func mount(_ request: LiveRequest) {
        find(request.query("q") ?? "")
    }

    public mutating func navigated(to request: LiveRequest, _ effects: inout LiveEffects<Event>) {
        find(request.query("q") ?? "")
    }

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .search(let text):
            find(text)
            effects.patch(to: search.isEmpty ? "/live/table" : "/live/table?q=\(search)", replaces: true)
        case .hit(let id):
            guard rows.indices.contains(id) else { return }
            rows[id].hits += 1
            for index in shown.indices where shown[index].id == id { shown[index] = rows[id] }
        }
    }

    private mutating func find(_ text: String) {
        search = String(text.lowercased().filter { $0.isASCII && $0.isLetter }.prefix(20))
        shown = search.isEmpty ? rows : rows.filter { $0.name.contains(search) }
    }

    public var body: HTML {
        """
        <p class="row"><input id="search" name="q" type="search" aria-label="Search" placeholder="Search: kalo, mine, …" autocomplete="off" data-debounce="100" \(bind: search, Event.search)>
        <span class="hint">\(shown.count) of 10000</span></p>
        <div class="scroll" tabindex="0"><table class="big"><thead><tr><th>No.</th><th>Name</th><th>Hits</th></tr></thead>
        <tbody>\(each: shown, Self.row)</tbody></table></div>
        """
    }

    private static func row(_ row: Row) -> HTML {
        """
        <tr><td>\(row.id)</td><td>\(row.name)</td><td><button class="button small" aria-label="One more" \(on: .click, Event.hit(row.id))>\(row.hits)</button></td></tr>
        """
    }
}
