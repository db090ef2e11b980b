import LiveHTML
import Logging
import NIOCore

// Strategy: all that concerns a session happens on its event loop. An event changes the state at once; the render that shows it comes at the end of the loop's turn, or a sixtieth of a second after the last
// one, for all events until then. An acknowledgement waits for the render, so that a browser knows when what it sees is what its event led to.

/// One browser's view, or one that many browsers share.
final class ViewSession<View: LiveView>: LiveSession, ManagedSession {
    enum Phase {
        case new
        /// The view is being made.
        case joining
        case live
        case closed
    }

    /// How a view is made for a browser.
    final class Join {
        let make: @Sendable (LiveRequest) async throws -> View
        var timer: Scheduled<Void>?
        var task: Task<Void, Never>?

        init(make: @escaping @Sendable (LiveRequest) async throws -> View) {
            self.make = make
        }

        func cancel() {
            timer?.cancel()
            task?.cancel()
        }
    }

    /// What an idle view without children has not: one of ten thousand is small.
    final class Extras {
        /// Until the view is there: it may hold all of a request.
        var pendingJoin: Join?
        /// Of its children that the browser has, by their numbers.
        var children: [Int: RenderedView] = [:]
        /// Children that the page does not show, and whether the browser has had rows of theirs that nobody else has.
        var hidden: [Int: Bool] = [:]
        /// One of those is to be shown.
        var mustJoinAnew = false
        /// Where children come and go: the fingerprints of what the browser has.
        var sentTemplates: Set<String> = []
        /// Children with rows that are to be forgotten.
        var streamed: [Int] = []
        private(set) lazy var running = RunningEffects()
        /// Nil if the view has none.
        var uploads: UploadDesk<View>?
        /// Of a shared view.
        var observer: SessionObserver<View>?
        /// Nil if none of its children are shared.
        var places: SharedPlaces?
        var lastPublish: Task<Void, Never>?
        /// What is published and not taken yet.
        var publishing = 0
        /// Of events that events have sent.
        var depth = 0
        /// The view whose tree the browser has asked for; a parent's with those of its children.
        var wantedTree: Int?

        init() {}
    }

    /// What the next render shows.
    private enum NextRender: Equatable {
        case none
        case all
        /// Of this child alone.
        case child(Int)
    }

    let transport: any LiveTransport
    let route: LiveRoute<View>
    let loop: LiveLoop
    var request: LiveRequest
    /// Nil until the view is made.
    var view: View?
    var rendered: RenderedView
    private(set) var extras: Extras?

    // What is to be sent with the next render.
    /// The number of the last event.
    var handled = 0
    private var acknowledged = 0
    private var next = NextRender.none
    var phase = Phase.new
    var isSealDue = false
    var hasChanged = false
    /// Events that may come, in thousandths.
    private var allowance: Int32
    private var outgoing: [[UInt8]] = []
    /// Whether it will be looked if there is room again.
    private var looksAgain = false
    /// A hash of the title that the page has.
    private var shownTitle = String?.none.hashValue
    private var lastRender = NIODeadline.uptimeNanoseconds(0)

    var lastSeal = NIODeadline.uptimeNanoseconds(0)
    /// Of the state that was sealed last and its address, a hash.
    var sealedState = 0
    /// The newest seal is of another address, at which no browser is any more.
    var isAddressNew = false

    private var lastEvent: NIODeadline

    /// Among those of its loop.
    var place = 0

    /// Those that it has from now on.
    var ownExtras: Extras {
        if let extras { return extras }
        let made = Extras()
        extras = made
        return made
    }

    var willRender: Bool { next != .none }

    var user: String? { request.user }
    var runtime: LiveRuntime { route.runtime }
    var configuration: LiveConfiguration { route.runtime.configuration }
    var format: PatchFormat { transport.isBinary ? .binary : .json }

    /// - Parameters:
    ///   - make: makes the view when a browser joins.
    ///   - observer: of a shared view, which is no browser's.
    init(
        transport: any LiveTransport, route: LiveRoute<View>, request: LiveRequest,
        make: (@Sendable (LiveRequest) async throws -> View)? = nil, observer: SessionObserver<View>? = nil
    ) {
        self.transport = transport
        self.route = route
        self.request = request
        self.request.isConnected = true
        loop = route.runtime.loop(transport.eventLoop)
        rendered = RenderedView(cache: loop.cache)
        allowance = Int32(clamping: route.runtime.configuration.maxEventBurst &* 1_000)
        lastEvent = loop.eventLoop.now
        if let make { ownExtras.pendingJoin = Join(make: make) }
        if let observer { ownExtras.observer = observer } else { opened() }
    }

    /// What it has as long as it lives, if it has any.
    func addExtras() {
        if !View.uploadPlaces.isEmpty { ownExtras.uploads = UploadDesk() }
        if View.children.contains(where: { $0.shared != nil }) { ownExtras.places = SharedPlaces() }
    }

    /// The view is there.
    func endJoin() {
        extras?.pendingJoin?.timer?.cancel()
        extras = nil
        addExtras()
    }

    private func opened() {
        loop.add(self)
        runtime.metrics.opened()
        let bound = bound
        extras?.pendingJoin?.timer = transport.eventLoop.scheduleTask(in: TimeAmount(configuration.joinTimeout)) {
            let session = bound.value
            // A view that takes so long to be made is not waited for either.
            if session.phase == .new || session.phase == .joining { session.end(.stale, "no join in time") }
        }
    }

    /// For tasks and timers: they come back to the loop before they touch it.
    var bound: NIOLoopBound<ViewSession<View>> { NIOLoopBound(self, eventLoop: transport.eventLoop) }

    // MARK: Messages

    func received(_ message: ByteBuffer, isBinary: Bool) {
        guard phase != .closed else { return }
        guard !isBinary else {
            return phase == .live ? received(piece: message) : end(.badMessage, "unexpected binary message")
        }
        let parsed: ClientMessage
        do throws(ClientMessage.Fault) {
            parsed = try ClientMessage(message)
        } catch {
            return end(.badMessage, "\(error)")
        }
        switch (parsed, phase) {
        case (.join(let seal, let hash, let fingerprints), .new): join(seal, hash, fingerprints)
        case (.event(let ref, let view, let text, let input), .live):
            guard isAllowed(ref) else { return }
            event(ref, view, text, input)
        case (.navigated(let ref, let url), .live):
            guard isAllowed(ref) else { return }
            navigated(ref, url)
        case (.offer(let ref, let view, let name, let files), .live):
            guard isAllowed(ref) else { return }
            offered(ref, view, name, files)
        case (.cancelled(let id), .live):
            guard isAllowed(nil) else { return }
            cancelled(id)
        case (.full(let view), .live):
            guard isAllowed(nil) else { return }
            sendTrees(from: view)
        default: end(.badMessage, "unexpected message")
        }
    }

    /// Whether another event may come now, and is numbered as it must be.
    func isAllowed(_ ref: Int?) -> Bool {
        let now = loop.eventLoop.now
        let passed = (now - lastEvent).nanoseconds / 1_000_000
        // What is less than a millisecond counts the next time.
        lastEvent = lastEvent + .milliseconds(passed)
        let gained = Int(clamping: passed).multipliedReportingOverflow(by: configuration.maxEventsPerSecond)
        let limit = configuration.maxEventBurst &* 1_000
        allowance = Int32(clamping: gained.overflow ? limit : min(limit, Int(allowance) &+ gained.partialValue))
        guard allowance >= 1_000 else {
            end(.flood, "too many events")
            return false
        }
        allowance &-= 1_000
        guard let ref else { return true }
        guard ref > handled else {
            end(.badMessage, "an event that is not newer than the one before")
            return false
        }
        return true
    }

    func drained() {
        guard phase == .live else { return }
        // Whoever reads fast has no more renders than others.
        if willRender, nextRenderTime <= loop.eventLoop.now { flush() }
        watchAgain()
    }

    func closed() {
        guard phase != .closed else { return }
        let view = view
        let wasLive = phase == .live
        phase = .closed
        extras?.pendingJoin?.cancel()
        extras?.running.cancelAll()
        leavePlaces()
        if extras?.observer == nil {
            loop.remove(self)
            runtime.metrics.closed()
        }
        if wasLive, let view {
            for child in View.children { child.disconnected(view) }
            view.disconnected()
        }
        self.view = nil
        extras?.uploads = nil
    }

    func end(_ code: LiveCloseCode, _ reason: String) {
        guard phase != .closed else { return }
        transport.close(code, reason)
        closed()
    }

    func drain() {
        guard phase == .live else { return }
        flush()
        if hasChanged { seal() }
        let window = configuration.drainWindow.components
        send(.away(milliseconds: Int(clamping: window.seconds &* 1_000 &+ window.attoseconds / 1_000_000_000_000_000)))
    }

    func send(_ message: LiveMessage) {
        guard extras?.observer == nil || message.isForAll else { return }
        transport.send(message.json, isBinary: false)
    }

    private var isBehind: Bool { transport.bufferedBytes > configuration.maxBufferedBytes }

    /// Says something when the page shows what there is now.
    func say(_ message: LiveMessage) {
        // A shared view that is behind is one that nobody looks at.
        if extras?.observer != nil, isBehind || !message.isForAll { return }
        outgoing.append(message.json)
        guard isBehind, outgoing.reduce(0, { $0 &+ $1.count &+ 64 }) > configuration.maxBufferedBytes else { return }
        end(.slow, "the browser is too slow for what the view has to say")
    }

    // MARK: Rendering

    /// The state has changed, or may have.
    ///
    /// - Parameter number: of the view whose it is.
    func setNeedsRender(_ number: Int = 0) {
        guard !willRender else {
            if next != .child(number) { next = .all }
            return
        }
        next = number == 0 ? .all : .child(number)
        let time = nextRenderTime
        let bound = bound
        if time <= loop.eventLoop.now {
            loop.eventLoop.execute { bound.value.flush() }
        } else {
            loop.eventLoop.scheduleTask(deadline: time) { bound.value.flush() }
        }
    }

    private var nextRenderTime: NIODeadline { lastRender + TimeAmount(configuration.renderInterval) }

    /// Sends what is different now.
    func flush() {
        guard phase == .live, willRender, let view else { return }
        // A browser that is slow gets the last state when it has read what there was.
        guard !isBehind else { return lookAgain() }
        let shown = next
        next = .none
        lastRender = loop.eventLoop.now
        let updates: [RenderedView.Update], trees: [[UInt8]], added: [ViewNumber<View>]
        do {
            (updates, trees, added) = try runtime.tracing.span("live.render", of: route.name) {
                let (updates, added) = try update(view, shown)
                if extras?.observer != nil, rendered.hasForgottenRows { throw NotShareable(.rows, "\(View.self)") }
                return (updates, try wantedTrees(view), added)
            }
        } catch {
            return fail(error)
        }
        runtime.metrics.rendered(patchBytes: updates.reduce(0) { $0 + $1.patch.count })
        sendAcknowledgement()
        for update in updates where !update.isEmpty {
            if !update.templates.isEmpty { transport.send(update.templates, isBinary: false) }
            transport.send(update.patch, isBinary: transport.isBinary)
        }
        for tree in trees { transport.send(tree, isBinary: transport.isBinary) }
        if isNew(title: view.title), let title = view.title { send(.title(title)) }
        for message in outgoing { transport.send(message, isBinary: false) }
        outgoing = []
        forgetWrittenRows()
        if shown == .all { watchShown() }
        for number in added { number.child.connected(self, number) }
        if isAddressNew, route.coder != nil { seal() } else if hasChanged { sealLater() }
        extras?.observer?.rendered()
        if extras?.mustJoinAnew == true { joinAnew() }
    }

    /// What the channel takes at the end of the loop's turn has not waited, and nobody tells that it has left.
    func lookAgain() {
        guard extras?.observer == nil, !looksAgain else { return }
        looksAgain = true
        let bound = bound
        loop.eventLoop.scheduleTask(in: TimeAmount(configuration.renderInterval)) {
            let session = bound.value
            session.looksAgain = false
            if !session.isBehind { session.drained() }
        }
    }

    /// The page has it from now on.
    func isNew(title: String?) -> Bool {
        let before = shownTitle
        shownTitle = title.hashValue
        return shownTitle != before
    }

    private func update(_ view: View, _ shown: NextRender) throws -> ([RenderedView.Update], added: [ViewNumber<View>]) {
        if case .child(let number) = shown { return try (updateChild(number, view).map { [$0] } ?? [], []) }
        let update = try rendered.update(view.body, as: format)
        // Most views have none.
        guard !View.children.isEmpty else { return ([update], []) }
        let children = try updateChildren(view, isChanged: !update.isEmpty)
        return ([update] + children.updates, children.added)
    }

    func sendAcknowledgement() {
        // What a shared view has not shown yet holds up what came later.
        let last = extras?.places?.unshown.first.map { $0.ref &- 1 } ?? handled
        guard last > acknowledged else { return }
        acknowledged = last
        send(.acknowledgement(last))
    }

    private func sendTrees(from number: Int) {
        guard number == 0 || child(number) != nil || ViewNumber<View>(number)?.isShared == true else {
            // It may just have gone.
            let mayHaveBeen = ViewNumber<View>(number)?.child.isKeyed == true || extras?.hidden[number] != nil
            return mayHaveBeen ? () : end(.badMessage, "there is no such view")
        }
        // What has been forgotten can't be sent again; a view that is joined anew has its rows put in.
        guard !hasForgottenRows else { return end(.restart, "some rows are in the page alone") }
        let extras = ownExtras
        extras.wantedTree = extras.wantedTree == nil || extras.wantedTree == number ? number : 0
        next = .all
        flush()
    }

    /// A parent's tree has the places of its children alone.
    private func wantedTrees(_ view: View) throws -> [[UInt8]] {
        guard let wanted = extras?.wantedTree else { return [] }
        extras?.wantedTree = nil
        watchAgain(all: wanted)
        guard wanted == 0 else { return child(wanted) == nil ? [] : [try tree(wanted, view)] }
        return try [tree(0, view)] + view.childNumbers.filter { child($0.number) != nil }.map { try tree($0.number, view) }
    }

    func tree(_ number: Int, _ view: View) throws -> [UInt8] {
        if number == 0 { return try rendered.tree(view.body, as: format) }
        guard let child = child(number), let body = view.childBody(number) else { return [] }
        return try child.tree(body, as: format)
    }

    /// The view can't be shown.
    func fail(_ error: any Error) {
        runtime.metrics.failed()
        runtime.logger.error("A live view failed.", metadata: ["view": "\(route.name)", "error": "\(error)"])
        end(.failure, "the view failed")
    }
}
