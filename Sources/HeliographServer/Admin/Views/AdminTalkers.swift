import LiveHTML
import LiveViews
import RealtimeHub

/// Who has most to say, and who reads too slowly.
struct AdminTalkers: LiveView {
    enum Event: LiveEvent {
        case tick, loaded
        case disconnect(String)
    }

    struct Content: Sendable {
        var talkers = TopTalkers()
        var slow: [ConnectionInfo] = []
    }

    let frame: AdminFrame
    private let loader = AdminLoader<Content>()
    private var content = Content()

    init(_ frame: AdminFrame) {
        self.frame = frame
    }

    mutating func mount(_ request: LiveRequest) async {
        content = await Self.content(frame.admin)
    }

    func connected(_ effects: inout LiveEffects<Event>) {
        effects.every(.seconds(1), .tick)
    }

    private static func content(_ admin: Admin) async -> Content {
        async let talkers = admin.board.topTalkers()
        async let slow = admin.board.slowReaders()
        return await Content(talkers: talkers, slow: slow)
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        switch event {
        case .tick: loader.load(&effects, then: .loaded) { [admin = frame.admin] in await Self.content(admin) }
        case .loaded: content = loader.take() ?? content
        case .disconnect(let client): frame.disconnect(client: client, &effects)
        }
    }

    var title: String? { "Top talkers" }

    var body: HTML {
        frame.page(
            .top, "Top talkers",
            """
            <p class="hint">What was counted within the last second. Nobody counts while nobody looks.</p>
            <div class="columns">
            <section class="card"><h2>Channels</h2>
            <div class="scroll" tabindex="0"><table><thead><tr><th>Channel</th><th class="n">Deliveries/s</th><th class="n">Turns/s</th></tr></thead>
            <tbody>\(each: content.talkers.channels, Self.channel)</tbody></table></div>
            \(if: content.talkers.channels.isEmpty, "<p class=\"none\">Nothing is delivered.</p>")</section>
            <section class="card"><h2>Connections</h2>
            <div class="scroll" tabindex="0"><table><thead><tr><th>User</th><th>Client</th><th class="n">Commands/s</th></tr></thead>
            <tbody>\(each: content.talkers.connections, Self.connection)</tbody></table></div>
            \(if: content.talkers.connections.isEmpty, "<p class=\"none\">Nobody says anything.</p>")</section>
            </div>
            <section class="card"><h2>Slow readers</h2>
            <div class="scroll" tabindex="0"><table class="slow"><thead><tr><th>User</th><th>Client</th><th>Transport</th><th>Address</th><th class="n">Queue</th><th></th></tr></thead>
            <tbody>\(each: content.slow, Self.slow)</tbody></table></div>
            \(if: content.slow.isEmpty, "<p class=\"none\">Nothing waits for anybody.</p>")</section>
            """)
    }

    private static func channel(_ channel: TopTalkers.Channel) -> HTML {
        """
        <tr><td><a href="\(AdminPlaces.channel(channel.name))" data-navigate>\(channel.name)</a></td><td class="n">\(Figures.rate(channel.deliveries))</td><td class="n">\(Figures.rate(channel.turns))</td></tr>
        """
    }

    private static func connection(_ connection: TopTalkers.Connection) -> HTML {
        """
        <tr><td>\(connection.user.isEmpty ? "–" : "\(connection.user)")</td><td><a class="mono" href="\(AdminPlaces.connection(connection.client))" data-navigate>\(connection.client.prefix(8))</a></td><td class="n">\(Figures.rate(connection.commands))</td></tr>
        """
    }

    private static func slow(_ connection: ConnectionInfo) -> HTML {
        """
        <tr><td>\(connection.user.isEmpty ? "<i>anonymous</i>" : "\(connection.user)")</td><td><a class="mono" href="\(AdminPlaces.connection(connection.client))" data-navigate>\(connection.client.prefix(8))</a></td>
        <td>\(connection.transport)</td><td>\(connection.address ?? "–")</td><td class="n \(connection.isSlow ? "bad" : "")">\(Figures.bytes(connection.queuedBytes))</td>
        <td class="n"><button class="button small danger" aria-label="Disconnect \(connection.client.prefix(8))" data-confirm="Disconnect this client?" \(on: .click, Event.disconnect(connection.client))>Disconnect</button></td></tr>
        """
    }
}
