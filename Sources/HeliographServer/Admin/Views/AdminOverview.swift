import LiveHTML
import LiveViews
import RealtimeHub

/// The process at a glance: once a second, while somebody looks.
struct AdminOverview: LiveView {
    enum Event: String, LiveEvent { case tick, loaded }

    let frame: AdminFrame
    private let loader = AdminLoader<AdminBoard.Overview>()
    private var overview: AdminBoard.Overview?

    init(_ frame: AdminFrame) {
        self.frame = frame
    }

    mutating func mount(_ request: LiveRequest) async {
        overview = await frame.admin.board.overview()
    }

    func connected(_ effects: inout LiveEffects<Event>) {
        effects.every(.seconds(1), .tick)
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        switch event {
        case .tick: loader.load(&effects, then: .loaded) { [board = frame.admin.board] in await board.overview() }
        case .loaded: overview = loader.take() ?? overview
        }
    }

    var title: String? { "Overview" }

    var body: HTML { frame.page(.overview, "Overview", overview.map { content($0) } ?? "") }

    private func content(_ overview: AdminBoard.Overview) -> HTML {
        let (sample, rates) = (overview.sample, overview.rates)
        return """
            <dl class="node card"><div><dt>Node</dt><dd class="mono">\(frame.admin.hub.node.prefix(12))</dd></div>
            <div><dt>Version</dt><dd>\(HeliographVersion.current)</dd></div>
            <div><dt>Up for</dt><dd>\(Figures.age(seconds: frame.admin.uptime))</dd></div>
            <div><dt>Event loops</dt><dd>\(sample.loops.count)</dd></div></dl>
            <dl class="tiles">
            \(Tile("Connections", Figures.count(sample.connections), Figures.count(sample.users, "user"), overview.connections))
            \(Tile("Deliveries", rates.map { Figures.rate($0.all.deliveries) }, "per second", overview.deliveries))
            \(Tile("Commands", rates.map { Figures.rate($0.all.commandsReceived) }, "per second, from clients", overview.commands))
            \(Tile("Sent", rates.map { Figures.bytes($0.all.bytesSent) }, sent(rates), overview.bytesSent))
            \(Tile("Received", rates.map { Figures.bytes($0.all.bytesReceived) }, "per second", overview.bytesReceived))
            \(Tile("Channels", Figures.count(sample.channels), Figures.count(sample.subscriptions, "subscription"), overview.channels))
            </dl>
            <section class="card"><h2>Event loops</h2>
            <div class="scroll" tabindex="0"><table><thead><tr><th>Loop</th><th>Busy</th><th class="n">Lag</th><th class="n">Connections</th><th class="n">Subscriptions</th><th class="n">Deliveries/s</th><th class="n">Waiting</th><th class="n">Dropped/s</th></tr></thead>
            <tbody>\(each: LoopRow.all(of: overview), LoopRow.body)</tbody></table></div></section>
            """
    }

    private func sent(_ rates: HubRates?) -> String {
        "per second" + (rates.map { ", \(Figures.rate($0.all.batchesSent)) messages" } ?? "")
    }
}

/// A figure, and how it was within the last minute.
private struct Tile: HTMLComponent {
    private let name: String
    private let value: String
    private let detail: String
    private let path: String

    init(_ name: String, _ value: String?, _ detail: String, _ path: String) {
        self.name = name
        self.value = value ?? "–"
        self.detail = detail
        self.path = path
    }

    var body: HTML {
        """
        <div class="card"><dt>\(name)</dt><dd>\(value)</dd><dd class="hint">\(detail)</dd>
        <dd class="spark"><svg viewBox="0 0 120 32" preserveAspectRatio="none" aria-hidden="true"><path d="\(path)"/></svg></dd></div>
        """
    }
}

private struct LoopRow: Identifiable {
    let sample: HubSample.Loop
    let rates: HubRates.Loop?

    var id: Int { sample.id }

    static func all(of overview: AdminBoard.Overview) -> [LoopRow] {
        overview.sample.loops.enumerated().map { LoopRow(sample: $0.element, rates: overview.rates?.loops[$0.offset]) }
    }

    static func body(_ row: LoopRow) -> HTML {
        let busy = row.rates.map { Figures.percent($0.busy) }
        let width = row.rates.map { Int((min(max($0.busy, 0), 1) * 100).rounded()) } ?? 0
        return """
            <tr><td>\(row.id)</td><td><span class="busy"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="\(width)" height="8"/></svg>\(busy ?? "–")</span></td>
            <td class="n">\(Figures.milliseconds(row.sample.lag))</td><td class="n">\(Figures.count(row.sample.connections))</td><td class="n">\(Figures.count(row.sample.subscriptions))</td>
            <td class="n">\(row.rates.map { Figures.rate($0.deliveries) } ?? "–")</td><td class="n">\(Figures.count(row.sample.waiting))</td><td class="n">\(row.rates.map { Figures.rate($0.dropped) } ?? "–")</td></tr>
            """
    }
}
