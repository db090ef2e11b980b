import LiveHTML
import LiveViews
import RealtimeHub
import RealtimeProtocol
import Synchronization

/// What all admin pages have in common: who looks, the way to the others, and the way out.
struct AdminFrame: Sendable {
    enum Place: String, CaseIterable, Sendable {
        case overview, connections, channels, top, trace

        var name: String {
            switch self {
            case .overview: "Overview"
            case .connections: "Connections"
            case .channels: "Channels"
            case .top: "Top talkers"
            case .trace: "Trace"
            }
        }

        var path: String { self == .overview ? AdminPlaces.root : "\(AdminPlaces.root)/\(rawValue)" }
    }

    let admin: Admin
    let login: AdminLogin

    /// Whether the login is over. Whatever a view is asked, it asks this first.
    func isOver<Event>(_ effects: inout LiveEffects<Event>) -> Bool {
        guard !admin.logins.isCurrent(login) else { return false }
        effects.navigate(to: "/admin/login")
        return true
    }

    func disconnect<Event>(client: String, _ effects: inout LiveEffects<Event>) {
        admin.note("disconnected a client", login, ["client": "\(client)"])
        admin.hub.disconnect(client: client)
        effects.flash(.success, "\(client.prefix(8)) was disconnected.")
    }

    func page(_ place: Place, _ title: String, _ content: HTML) -> HTML {
        """
        <header class="bar">
        <a class="brand" href="/admin" data-navigate><img src="/admin/assets/icon.svg" alt="" width="26" height="26">Heliograph</a>
        <nav aria-label="Admin pages"><ul>\(each: Place.allCases, key: \.self, { Self.link($0, isCurrent: $0 == place) })</ul></nav>
        <form id="logout" method="post" action="/admin/logout"><input type="hidden" name="token" value="\(admin.logins.formToken(for: login.id))"><button class="button small">Log out</button></form>
        </header>
        <main><h1>\(title)</h1>
        \(content)
        </main>
        """
    }

    private static func link(_ place: Place, isCurrent: Bool) -> HTML {
        let current: String? = isCurrent ? "page" : nil
        return "<li><a href=\"\(place.path)\" data-navigate aria-current=\(current)>\(place.name)</a></li>"
    }
}

/// Gets what a view shows, one after the other, away from the event loop: a view's events can't carry it, since a browser may say what is in them.
final class AdminLoader<Content: Sendable>: Sendable {
    private struct State {
        var number = 0
        var isLoading = false
        var content: Content?
    }

    private let state = Mutex(State())
    private let id: String

    /// - Parameter id: of the work, within its view.
    init(id: String = "load") {
        self.id = id
    }

    /// Asks for the content, unless that is under way.
    ///
    /// - Parameters:
    ///   - isUrgent: what is under way is of no use any more.
    ///   - event: comes when it is there; then ``take()``.
    func load<Event>(
        _ effects: inout LiveEffects<Event>, isUrgent: Bool = false, then event: Event, _ work: @escaping @Sendable () async -> Content
    ) {
        let number = state.withLock { state -> Int? in
            guard isUrgent || !state.isLoading else { return nil }
            state.isLoading = true
            state.number += 1
            return state.number
        }
        guard let number else { return }
        effects.run(id: id) { [self] in
            let content = await work()
            return state.withLock { state in
                guard state.number == number else { return false }
                state.content = content
                return true
            } ? event : nil
        }
    }

    func take() -> Content? {
        state.withLock { state in
            state.isLoading = false
            return state.content.take()
        }
    }
}
