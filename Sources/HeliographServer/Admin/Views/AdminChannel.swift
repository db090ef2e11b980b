import LiveHTML
import LiveViews
import PubSub
import RealtimeHub
import RealtimeProtocol

/// One channel: who is there, what was published, and a place to publish from.
struct AdminChannel: LiveView {
    enum Event: LiveEvent {
        case tick, loaded
        case draft(Draft)
        case publish(Draft)
        case removeHistory, done
    }

    enum Outcome: Sendable {
        case done(String)
        case failed(String)
    }

    struct Draft: LiveInput {
        var data = ""
        var skipsHistory = false
        init() {}
    }

    /// What there is of the channel; what there is not, in words.
    struct Content: Sendable {
        var subscribers = 0
        var members: [ClientInfo] = []
        var clients = 0, users = 0
        var noPresence: String?
        var publications: [PublicationRow] = []
        var position = StreamPosition()
        var hasOlder = false
        var noHistory: String?
    }

    private static let pageSize = 20
    private static let maxMembers = 100

    let frame: AdminFrame
    private let loader = AdminLoader<Content>()
    private let outcomes = AdminLoader<Outcome>(id: "action")
    private var name = ""
    private var before: UInt64?
    private var content = Content()
    private var draft = ""
    private var problem: String?

    init(_ frame: AdminFrame) {
        self.frame = frame
    }

    mutating func mount(_ request: LiveRequest) async {
        read(request)
        content = await Self.content(frame.admin.hub, name, before)
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
        name = request.query("name") ?? ""
        before = request.query("before").flatMap { UInt64($0) }
    }

    private func load(_ effects: inout LiveEffects<Event>, isUrgent: Bool = false) {
        loader.load(&effects, isUrgent: isUrgent, then: .loaded) { [hub = frame.admin.hub, name, before] in
            await Self.content(hub, name, before)
        }
    }

    private static func content(_ hub: Hub, _ name: String, _ before: UInt64?) async -> Content {
        var content = Content()
        content.subscribers = hub.subscribers(of: name)
        do {
            let counts = try await hub.presenceCounts(in: name)
            (content.clients, content.users) = (counts.clients, counts.users)
            content.members = try await hub.presence(in: name, limit: maxMembers).values.sorted {
                ($0.user, $0.client) < ($1.user, $1.client)
            }
        } catch {
            content.noPresence = words(error, "No presence is kept in this channel.")
        }
        do {
            var query = HistoryQuery(limit: .count(pageSize + 1), isReversed: true)
            query.since = before.map { StreamPosition(offset: $0, epoch: "") }
            let history = try await hub.history(of: name, query)
            content.position = history.position
            content.hasOlder = history.publications.count > pageSize
            content.publications = history.publications.prefix(pageSize).map { PublicationRow($0) }
        } catch {
            content.noHistory = words(error, "No history is kept of this channel.")
        }
        return content
    }

    private static func words(_ error: any Error, _ notAvailable: String) -> String {
        switch error {
        case HubRefusal.error(.notAvailable): notAvailable
        case HubRefusal.error(.badRequest): "There can't be such a channel, or it does not take such data."
        case HubRefusal.error(let code): "\(code.message.prefix(1).uppercased())\(code.message.dropFirst())."
        default: "\(error)"
        }
    }

    // MARK: Events

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        switch event {
        case .tick: load(&effects)
        case .loaded: content = loader.take() ?? content
        case .draft(let draft):
            self.draft = draft.data
            problem = nil
        case .publish(let draft): publish(draft, &effects)
        case .removeHistory:
            frame.admin.note("removed a history", frame.login, ["channel": "\(name)"])
            outcomes.load(&effects, then: .done) { [hub = frame.admin.hub, name] in
                do { try await hub.removeHistory(of: name) } catch { return .failed(Self.words(error, "There is no history.")) }
                return .done("The history was removed.")
            }
        case .done:
            switch outcomes.take() {
            case .done(let text): effects.flash(.success, text)
            case .failed(let text): problem = text
            case nil: return
            }
            load(&effects, isUrgent: true)
        }
    }

    private mutating func publish(_ draft: Draft, _ effects: inout LiveEffects<Event>) {
        self.draft = draft.data
        problem = Payload.problem(of: draft.data)
        guard problem == nil else { return }
        frame.admin.note("published", frame.login, ["channel": "\(name)", "bytes": "\(draft.data.utf8.count)"])
        outcomes.load(&effects, then: .done) { [hub = frame.admin.hub, name] in
            do {
                let result = try await hub.publish(Array(draft.data.utf8), to: name, skipsHistory: draft.skipsHistory)
                return .done(result.position.offset > 0 ? "Published, at offset \(result.position.offset)." : "Published.")
            } catch {
                return .failed(Self.words(error, "That is not possible in this channel."))
            }
        }
    }

    // MARK: The page

    var title: String? { name }

    var body: HTML {
        frame.page(
            .channels, name,
            """
            <p class="tools"><span class="hint" role="status">\(Figures.count(content.subscribers, "subscriber"))</span>
            <a class="button small" href="\(AdminPlaces.trace("channel", name))" data-navigate>Trace</a></p>
            <div class="columns">
            <div>\(history)</div>
            <div>\(console)\(presence)</div>
            </div>
            """)
    }

    private var console: HTML {
        """
        <section class="card"><h2>Publish</h2>
        <form id="console" class="console" \(on: .input, Event.draft) \(on: .submit, Event.publish)>
        <label class="visually-hidden" for="data">JSON</label>
        <textarea id="data" name="data" rows="4" class="mono" spellcheck="false" placeholder="\(Payload.example)" aria-invalid="\(problem == nil ? "false" : "true")" aria-describedby="problem" data-debounce="300">\(draft)</textarea>
        <p class="error-text" id="problem" role="alert">\(problem ?? "")</p>
        <p class="tools"><button class="button primary" data-disable-with="Publishing…">Publish</button>
        <label class="check"><input type="checkbox" name="skipsHistory"> not into the history</label></p>
        </form></section>
        """
    }

    private var presence: HTML {
        """
        <section class="card"><h2>Present</h2>
        \(if: content.noPresence == nil, "<p class=\"hint\">\(Figures.count(content.clients, "client")) of \(Figures.count(content.users, "user"))\(content.clients > content.members.count ? ", of which these" : "")</p>", else: "<p class=\"none\">\(content.noPresence)</p>")
        <ul class="people">\(each: content.members, key: { $0.client }, Self.person)</ul></section>
        """
    }

    private static func person(_ info: ClientInfo) -> HTML {
        """
        <li>\(info.user.isEmpty ? "<i>anonymous</i>" : "\(info.user)") <a class="mono" href="\(AdminPlaces.connection(info.client))" data-navigate>\(info.client.prefix(8))</a></li>
        """
    }

    private var history: HTML {
        """
        <section class="card"><h2>History</h2>
        \(if: content.noHistory == nil, "<p class=\"hint\">Offset \(content.position.offset) of epoch <span class=\"mono\">\(content.position.epoch)</span></p>", else: "<p class=\"none\">\(content.noHistory)</p>")
        <ol class="history">\(each: content.publications, PublicationRow.body)</ol>
        \(if: content.noHistory == nil && content.publications.isEmpty, "<p class=\"none\">There is nothing in it.</p>")
        <nav class="pages" aria-label="Pages">\(newest) \(older) \(remove)</nav></section>
        """
    }

    private var newest: HTML? {
        before == nil ? nil : "<a class=\"button small\" href=\"\(AdminPlaces.channel(name))\" data-patch>← Newest</a>"
    }

    private var older: HTML? {
        guard content.hasOlder, let last = content.publications.last else { return nil }
        return "<a class=\"button small\" href=\"\(AdminPlaces.channel(name, before: last.publication.offset))\" data-patch>Older →</a>"
    }

    private var remove: HTML? {
        guard !content.publications.isEmpty else { return nil }
        return """
            <button class="button small danger" data-confirm="Remove all publications from the history?" \(on: .click, Event.removeHistory)>Remove</button>
            """
    }
}
