import LiveHTML
import LiveViews
import NIOCore
import RealtimeHub
import RealtimeProtocol

/// One connection in all detail.
struct AdminConnection: LiveView {
    enum Event: LiveEvent {
        case tick, loaded
        case disconnect, disconnectUser
        case unsubscribe(String)
    }

    let frame: AdminFrame
    private let loader = AdminLoader<ConnectionDetails?>()
    private var client = ""
    private var details: ConnectionDetails?
    /// There is nobody (any more).
    private var isGone = false

    init(_ frame: AdminFrame) {
        self.frame = frame
    }

    mutating func mount(_ request: LiveRequest) async {
        client = request.parameters["client"] ?? ""
        show(await frame.admin.hub.connection(client))
    }

    func connected(_ effects: inout LiveEffects<Event>) {
        effects.every(.seconds(1), .tick)
    }

    private mutating func show(_ found: ConnectionDetails?) {
        details = found ?? details
        isGone = found == nil
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        switch event {
        case .tick: loader.load(&effects, then: .loaded) { [hub = frame.admin.hub, client] in await hub.connection(client) }
        case .loaded: if let found = loader.take() { show(found) }
        case .disconnect: frame.disconnect(client: client, &effects)
        case .disconnectUser:
            guard let user = details?.connection.user, !user.isEmpty else { return }
            frame.admin.note("disconnected a user", frame.login, ["user": "\(user)"])
            frame.admin.hub.disconnect(user: user)
            effects.flash(.success, "All connections of \(user) were disconnected.")
        case .unsubscribe(let channel):
            frame.admin.note("unsubscribed a client", frame.login, ["client": "\(client)", "channel": "\(channel)"])
            frame.admin.hub.unsubscribe(client: client, from: channel)
            effects.flash(.success, "Unsubscribed from \(channel).")
        }
    }

    var title: String? { "Connection \(client.prefix(8))" }

    var body: HTML { frame.page(.connections, "Connection", details.map { content($0) } ?? nobody) }

    private var nobody: HTML {
        "<p class=\"none card\">There is no such connection (any more). <a href=\"/admin/connections\" data-navigate>All connections</a></p>"
    }

    private func content(_ details: ConnectionDetails) -> HTML {
        let connection = details.connection
        let age = (frame.admin.now() - connection.connectedAt) / 1_000
        return """
            \(if: isGone, "<p class=\"note\" role=\"status\">It is gone. This is how it was.</p>")
            <dl class="facts card">
            <div class="wide"><dt>Client</dt><dd class="mono">\(connection.client)</dd></div>
            <div><dt>User</dt><dd>\(connection.user.isEmpty ? "<i>anonymous</i>" : "\(connection.user)")</dd></div>
            <div><dt>Transport</dt><dd>\(connection.transport), \(connection.format == .json ? "JSON" : "Protobuf")</dd></div>
            <div><dt>Address</dt><dd>\(connection.address ?? "–")</dd></div>
            <div><dt>Library</dt><dd>\(connection.name.isEmpty ? "–" : "\(connection.name) \(connection.version)")</dd></div>
            <div><dt>Connected for</dt><dd>\(Figures.age(seconds: age))</dd></div>
            <div><dt>Commands in</dt><dd>\(Figures.count(connection.commandsReceived))</dd></div>
            <div><dt>Messages out</dt><dd>\(Figures.count(connection.batchesSent))</dd></div>
            <div><dt>Queue</dt><dd>\(Figures.bytes(connection.queuedBytes))</dd></div>
            <div><dt>Token</dt><dd>\(expiry(details.expiresAt))</dd></div>
            <div class="wide"><dt>Info</dt><dd><code>\(details.info.map { Payload.text($0) } ?? "–")</code></dd></div>
            </dl>
            <p class="tools"><a class="button" href="\(AdminPlaces.trace("client", connection.client))" data-navigate>Trace</a>
            \(traceUser(connection.user))
            <button class="button danger" data-confirm="Disconnect this client?" disabled=\(isGone) \(on: .click, Event.disconnect)>Disconnect</button>
            \(disconnectUser(connection.user))</p>
            <section class="card"><h2>Subscriptions</h2>
            <div class="scroll" tabindex="0"><table><thead><tr><th>Channel</th><th>Kind</th><th class="n">Offset</th><th class="n">Kept</th><th></th></tr></thead>
            <tbody>\(each: details.subscriptions, key: { $0.channel }, Self.row)</tbody></table></div>
            \(if: details.subscriptions.isEmpty, "<p class=\"none\">It is subscribed to nothing.</p>")</section>
            """
    }

    private func traceUser(_ user: String) -> HTML? {
        user.isEmpty ? nil : "<a class=\"button\" href=\"\(AdminPlaces.trace("user", user))\" data-navigate>Trace the user</a>"
    }

    private func disconnectUser(_ user: String) -> HTML? {
        guard !user.isEmpty else { return nil }
        return """
            <button class="button danger" data-confirm="Disconnect all connections of this user?" \(on: .click, Event.disconnectUser)>Disconnect the user</button>
            """
    }

    private func expiry(_ time: Int64) -> String {
        guard time > 0 else { return "does not expire" }
        let left = (time - frame.admin.now()) / 1_000
        return left > 0 ? "expires in \(Figures.age(seconds: left))" : "expired"
    }

    private static func row(_ subscription: SubscriptionDetails) -> HTML {
        let kinds = [
            subscription.isServerSide ? "by the server" : nil, subscription.isWildcard ? "pattern" : nil,
            subscription.isRecoverable ? "recoverable" : subscription.isPositioned ? "positioned" : nil,
            subscription.usesDelta ? "delta" : nil, subscription.isFiltered ? "filtered" : nil,
        ]
        let offset = subscription.offset > 0 ? "\(subscription.offset)" : "–"
        return """
            <tr><td><a href="\(AdminPlaces.channel(subscription.channel))" data-navigate>\(subscription.channel)</a></td><td>\(kinds.compactMap { $0 }.joined(separator: ", "))</td>
            <td class="n">\(offset)</td><td class="n">\(subscription.kept)</td>
            <td class="n"><button class="button small danger" data-confirm="Unsubscribe this client?" \(on: .click, Event.unsubscribe(subscription.channel))>Unsubscribe</button></td></tr>
            """
    }
}
