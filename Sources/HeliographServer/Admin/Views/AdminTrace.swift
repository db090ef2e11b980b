import LiveHTML
import LiveViews
import RealtimeHub
import RealtimeProtocol
import Synchronization

/// What happens to one user, connection or channel, while it happens.
struct AdminTrace: LiveView {
    enum Event: LiveEvent {
        case tick, ended
        case start(Subject)
        case stop, clear
    }

    struct Subject: LiveInput {
        var kind = "user"
        var name = ""
        init() {}
    }

    private static let kinds = [("user", "User"), ("client", "Connection"), ("channel", "Channel")]

    let frame: AdminFrame
    private let feed = TraceFeed()
    private var subject = Subject()
    private var events: [TraceEvent] = []
    private var missed: UInt64 = 0
    private var isRunning = false
    private var problem: String?

    init(_ frame: AdminFrame) {
        self.frame = frame
    }

    mutating func mount(_ request: LiveRequest) {
        read(request)
    }

    mutating func connected(_ effects: inout LiveEffects<Event>) {
        effects.every(.seconds(1), .tick)
        start(&effects)
    }

    mutating func navigated(to request: LiveRequest, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return }
        read(request)
        start(&effects)
    }

    private mutating func read(_ request: LiveRequest) {
        subject = Subject()
        if let kind = request.query("kind"), Self.kinds.contains(where: { $0.0 == kind }) { subject.kind = kind }
        subject.name = request.query("name") ?? ""
    }

    private mutating func start(_ effects: inout LiveEffects<Event>) {
        let number = feed.begin()
        (events, missed, problem) = ([], 0, nil)
        guard !subject.name.isEmpty else { return stop(&effects) }
        let traced: TraceSubject =
            switch subject.kind {
            case "client": .client(subject.name)
            case "channel": .channel(subject.name)
            default: .user(subject.name)
            }
        isRunning = true
        frame.admin.note("began to trace", frame.login, ["kind": "\(subject.kind)", "name": "\(subject.name)"])
        effects.run(id: "trace") { [feed, hub = frame.admin.hub] in
            await feed.run(number, traced, hub)
            return .ended
        }
    }

    private mutating func stop(_ effects: inout LiveEffects<Event>) {
        isRunning = false
        effects.cancel("trace")
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        guard !frame.isOver(&effects) else { return stop(&effects) }
        switch event {
        case .tick: if isRunning { (events, missed) = feed.shown }
        case .start(let subject): effects.patch(to: AdminPlaces.trace(subject.kind, String(subject.name.prefix(255))))
        case .stop: stop(&effects)
        case .ended:
            isRunning = false
            problem = feed.problem
        case .clear:
            feed.clear()
            (events, missed) = ([], 0)
        }
    }

    var title: String? { "Trace" }

    var body: HTML {
        frame.page(
            .trace, "Trace",
            """
            <form id="trace" class="tools" \(on: .submit, Event.start)>
            <select name="kind" aria-label="What">\(each: Self.kinds, key: { $0.0 }, { [kind = subject.kind] in "<option value=\"\($0.0)\" selected=\($0.0 == kind)>\($0.1)</option>" })</select>
            <input name="name" type="text" aria-label="Name" placeholder="Whose, or of what" value="\(subject.name)" autocomplete="off" spellcheck="false" required>
            <button class="button primary">Trace</button>
            <button class="button" type="button" disabled=\(!isRunning) \(on: .click, Event.stop)>Stop</button>
            <button class="button" type="button" disabled=\(events.isEmpty) \(on: .click, Event.clear)>Clear</button></form>
            <p class="hint" role="status">\(status)</p>
            <section class="card"><ol class="trace">\(each: events, key: { $0.number }, Self.row)</ol>
            \(if: events.isEmpty, "<p class=\"none\">Nothing has happened yet.</p>")</section>
            """)
    }

    private var status: String {
        if let problem { return problem }
        guard isRunning else { return "The last 200 events are shown. Payloads are among them; tokens are not." }
        return "Tracing…" + (missed > 0 ? " \(Figures.count(Int(clamping: missed))) events were too many to show." : "")
    }

    private static func row(_ event: TraceEvent) -> HTML {
        let size = event.bytes > 0 ? Figures.bytes(event.bytes) : ""
        return """
            <li><time>\(Figures.time(event.time))</time> <b class="\(event.kind.rawValue)">\(event.kind.rawValue)</b> <span class="who">\(event.user) <span class="mono">\(event.client.prefix(8))</span></span> <code>\(event.text)</code> <small>\(size)</small></li>
            """
    }
}

/// The last events of a trace.
final class TraceFeed: Sendable {
    private static let most = 200

    private struct State {
        /// Which trace it is; what others still say is not wanted.
        var number = 0
        var events: [TraceEvent] = []
        var missed: UInt64 = 0
        var problem: String?
    }

    private let state = Mutex(State())

    /// Forgets what there was.
    func begin() -> Int {
        state.withLock { state in
            state = State(number: state.number + 1)
            return state.number
        }
    }

    /// Traces until the task is cancelled, or the trace ends.
    func run(_ number: Int, _ subject: TraceSubject, _ hub: Hub) async {
        do {
            var last: UInt64 = 0
            for await event in try await hub.trace(subject) {
                add(event, number, missed: event.number > last ? event.number - last - 1 : 0)
                last = max(last, event.number)
            }
        } catch HubRefusal.error(.limitExceeded) {
            fail("There are too many traces already.")
        } catch HubRefusal.error(let code) {
            fail("That can't be traced: \(code.message).")
        } catch {
            fail("That can't be traced: \(error).")
        }
    }

    private func add(_ event: TraceEvent, _ number: Int, missed: UInt64) {
        state.withLock { state in
            guard state.number == number else { return }
            state.missed &+= missed
            state.events.append(event)
            if state.events.count > 2 * Self.most { state.events.removeFirst(Self.most) }
        }
    }

    private func fail(_ text: String) {
        state.withLock { $0.problem = text }
    }

    /// The newest first, and how many were left out.
    var shown: ([TraceEvent], missed: UInt64) {
        state.withLock { ($0.events.suffix(Self.most).reversed(), $0.missed) }
    }

    var problem: String? { state.withLock { $0.problem } }

    func clear() {
        state.withLock { state in
            state.events = []
            state.missed = 0
        }
    }
}
