import LiveHTML
import LiveViews
import RealtimeHub

/// The channels with subscribers, in the order of their names, searched.
struct AdminChannels: LiveView {
    enum Event: LiveEvent {
        case tick, loaded
        case search(String)
    }

    private static let pageSize = 100

    let frame: AdminFrame
    private let loader = AdminLoader<ChannelPage>()
    private var search = ""
    private var after = ""
    private var page = ChannelPage()

    init(_ frame: AdminFrame) {
        self.frame = frame
    }

    mutating func mount(_ request: LiveRequest) async {
        read(request)
        page = Self.page(frame.admin.hub, search, after)
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
        search = String((request.query("q") ?? "").prefix(255))
        after = request.query("after") ?? ""
    }

    private static func page(_ hub: Hub, _ search: String, _ after: String) -> ChannelPage {
        guard search.contains(where: { $0 == "*" || $0 == "?" }) else {
            return hub.channels(containing: search, after: after, limit: pageSize)
        }
        let glob = Glob(search)
        return hub.channels(matching: { glob.matches($0) }, after: after, limit: pageSize)
    }

    private func load(_ effects: inout LiveEffects<Event>, isUrgent: Bool = false) {
        loader.load(&effects, isUrgent: isUrgent, then: .loaded) { [hub = frame.admin.hub, search, after] in Self.page(hub, search, after) }
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        switch event {
        case .tick: load(&effects)
        case .loaded: page = loader.take() ?? page
        case .search(let text):
            search = String(text.prefix(255))
            after = ""
            effects.patch(to: AdminPlaces.channels(search), replaces: true)
        }
    }

    var title: String? { "Channels" }

    var body: HTML {
        frame.page(
            .channels, "Channels",
            """
            <div class="tools"><input id="search" name="q" type="search" aria-label="Search" placeholder="Part of the name, or a pattern: chat:*" autocomplete="off" data-debounce="150" \(bind: search, Event.search)>
            <p class="hint" role="status">\(Figures.count(page.count, "channel")) with subscribers</p></div>
            <section class="card"><div class="scroll" tabindex="0"><table><thead><tr><th>Channel</th><th class="n">Subscribers</th></tr></thead>
            <tbody>\(each: page.channels, Self.row)</tbody></table></div>
            \(if: page.channels.isEmpty, "<p class=\"none\">There is none.</p>")</section>
            <nav class="pages" aria-label="Pages">\(first) \(next) \(other)</nav>
            """)
    }

    private static func row(_ channel: ChannelSummary) -> HTML {
        """
        <tr><td><a href="\(AdminPlaces.channel(channel.name))" data-navigate>\(channel.name)</a></td><td class="n">\(Figures.count(channel.subscribers))</td></tr>
        """
    }

    private var first: HTML? {
        after.isEmpty ? nil : "<a class=\"button small\" href=\"\(AdminPlaces.channels(search))\" data-patch>← First</a>"
    }

    private var next: HTML? {
        guard let next = page.next else { return nil }
        return "<a class=\"button small\" href=\"\(AdminPlaces.channels(search, after: next))\" data-patch>Next →</a>"
    }

    /// A channel without subscribers may have a history.
    private var other: HTML? {
        guard !search.isEmpty, !page.channels.contains(where: { $0.name == search }) else { return nil }
        return "<a class=\"button small\" href=\"\(AdminPlaces.channel(search))\" data-navigate>Look at “\(search)”</a>"
    }
}
