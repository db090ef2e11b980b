import LiveHTML
import LiveViews
import RealtimeHub
import RealtimeProtocol

/// The connections of clients: the newest first, searched.
struct AdminConnections: LiveView {
    enum Event: LiveEvent {
        case tick, loaded
        case search(String)
        case disconnect(String)
    }

    private static let pageSize = 50

    let frame: AdminFrame
    private let loader = AdminLoader<ConnectionPage>()
    private var search = ""
    private var after: String?
    private var page = ConnectionPage()

    init(_ frame: AdminFrame) {
        self.frame = frame
    }

    mutating func mount(_ request: LiveRequest) async {
        read(request)
        page = await frame.admin.hub.connections(query)
    }

    func connected(_ effects: inout LiveEffects<Event>) {
        effects.every(.seconds(1), .tick)
    }

    mutating func navigated(to request: LiveRequest, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        read(request)
        load(&effects, isUrgent: true)
    }

    private mutating func read(_ request: LiveRequest) {
        search = String((request.query("q") ?? "").prefix(100))
        after = request.query("after")
    }

    private var query: ConnectionQuery { ConnectionQuery(text: search, after: after, limit: Self.pageSize) }

    private func load(_ effects: inout LiveEffects<Event>, isUrgent: Bool = false) {
        loader.load(&effects, isUrgent: isUrgent, then: .loaded) { [hub = frame.admin.hub, query] in await hub.connections(query) }
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        switch event {
        case .tick: load(&effects)
        case .loaded: page = loader.take() ?? page
        case .search(let text):
            search = String(text.prefix(100))
            after = nil
            effects.patch(to: AdminPlaces.connections(search), replaces: true)
        case .disconnect(let client):
            frame.disconnect(client: client, &effects)
            load(&effects, isUrgent: true)
        }
    }

    var title: String? { "Connections" }

    var body: HTML {
        frame.page(
            .connections, "Connections",
            """
            <div class="tools"><input id="search" name="q" type="search" aria-label="Search" placeholder="User, client, address or library" autocomplete="off" data-debounce="150" \(bind: search, Event.search)>
            <p class="hint" role="status">\(Figures.count(page.count, "connection"))</p></div>
            <section class="card"><div class="scroll" tabindex="0"><table class="connections"><thead><tr><th>User</th><th>Client</th><th>Transport</th><th>Address</th><th class="n">Age</th><th class="n">Channels</th><th class="n">In</th><th class="n">Out</th><th class="n">Queue</th><th></th></tr></thead>
            <tbody>\(each: rows, ConnectionRow.body)</tbody></table></div>
            \(if: page.connections.isEmpty, "<p class=\"none\">Nobody is here.</p>")</section>
            <nav class="pages" aria-label="Pages">\(first) \(next)</nav>
            """)
    }

    private var rows: [ConnectionRow] {
        let now = frame.admin.now()
        return page.connections.map { ConnectionRow($0, now: now) }
    }

    private var first: HTML? {
        after == nil ? nil : "<a class=\"button small\" href=\"\(AdminPlaces.connections(search))\" data-patch>← Newest</a>"
    }

    private var next: HTML? {
        guard let next = page.next else { return nil }
        return "<a class=\"button small\" href=\"\(AdminPlaces.connections(search, after: next))\" data-patch>Older →</a>"
    }
}

/// A connection in a list.
struct ConnectionRow: Identifiable {
    let connection: ConnectionInfo
    let age: Int64

    var id: String { connection.client }

    init(_ connection: ConnectionInfo, now: Int64) {
        self.connection = connection
        age = (now - connection.connectedAt) / 1_000
    }

    static func body(_ row: ConnectionRow) -> HTML {
        let connection = row.connection
        return """
            <tr><td>\(connection.user.isEmpty ? "<i>anonymous</i>" : "\(connection.user)")</td>
            <td><a class="mono" href="\(AdminPlaces.connection(connection.client))" data-navigate title="\(connection.client)">\(connection.client.prefix(8))</a></td>
            <td>\(connection.transport) <small>\(connection.format == .json ? "JSON" : "Protobuf")</small></td><td>\(connection.address ?? "–")</td>
            <td class="n">\(Figures.age(seconds: row.age))</td><td class="n">\(connection.channels.count)</td>
            <td class="n">\(Figures.count(connection.commandsReceived))</td><td class="n">\(Figures.count(connection.batchesSent))</td>
            <td class="n \(connection.isSlow ? "bad" : "")">\(Figures.bytes(connection.queuedBytes))</td>
            <td class="n"><button class="button small danger" aria-label="Disconnect \(connection.client.prefix(8))" data-confirm="Disconnect this client?" \(on: .click, AdminConnections.Event.disconnect(connection.client))>Disconnect</button></td></tr>
            """
    }
}
