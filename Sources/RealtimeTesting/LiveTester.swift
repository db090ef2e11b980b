import LiveHTML
public import LiveViews
import NIOCore
import NIOEmbedded
import Synchronization

/// A browser with a live view in it, without a browser and without a socket: for tests.
///
/// ```swift
/// @Test func counts() async throws {
///     let page = try await LiveTester(Counter())
///     try await page.click("#up")
///     #expect(try page.text(of: "h1") == "1")
///     #expect(page.patchBytes <= 15)
/// }
/// ```
///
/// It gets the page as a browser does, joins it, and applies all that the server sends. A step (``click(_:)``, ``type(_:into:)``, …) is over when the server has handled it and the page shows it; work that the
/// view does elsewhere is waited for with ``waitUntil(_:timeout:isolation:_:)``. A step that nobody could take, because there is no such element, it is disabled, or nothing happens at it, is an error that says so.
///
/// Elements are found by selectors: `#id`, `.class`, `tag`, `[attribute]`, `[attribute=value]`, together for one element (`li.done`), and with spaces for one inside another (`#list li.done button`).
///
/// Time stands still for the view's timers until ``advance(by:)``, or something is waited for.
public final class LiveTester<View: LiveView>: Sendable {
    struct Connection {
        let transport: MemoryTransport
        let session: NIOLoopBound<any LiveSession>
    }

    private let route: Mutex<LiveRoute<View>>
    private let makeRoute: @Sendable (LiveRuntime) -> LiveRoute<View>
    private let make: @Sendable (LiveRequest) async throws -> View
    private let currentRuntime: Mutex<LiveRuntime>
    private let options: TesterOptions
    let loop = NIOAsyncTestingEventLoop()
    let state: Mutex<TesterState>
    private let connection = Mutex<Connection?>(nil)

    /// The page of a view that is mounted again whenever a browser connects.
    ///
    /// - Parameters:
    ///   - view: what the route makes, not mounted.
    ///   - url: the page's path and query.
    ///   - pattern: the route's path, `/items/{id}`; without one all addresses are the view's.
    ///   - session: of this browser.
    ///   - user: who the user is.
    ///   - isBinary: whether patches are binary.
    ///   - runtime: with the limits, the seals and the hub; two testers with the same one are two browsers of one process.
    /// - Throws: what `mount` throws, or ``LiveTesterError``.
    public convenience init(
        _ view: View, at url: String = "/", pattern: String? = nil, session: String = "tester", user: String? = nil, isBinary: Bool = false,
        runtime: LiveRuntime = .testing()
    ) async throws {
        try await self.init(at: url, pattern: pattern, session: session, user: user, isBinary: isBinary, runtime: runtime) { _ in view }
    }

    /// The page of a view that is resumed from its state.
    public convenience init(
        _ view: View, at url: String = "/", pattern: String? = nil, session: String = "tester", user: String? = nil, isBinary: Bool = false,
        runtime: LiveRuntime = .testing()
    ) async throws where View: Codable {
        try await self.init(at: url, pattern: pattern, session: session, user: user, isBinary: isBinary, runtime: runtime) { _ in view }
    }

    /// The page of a view that is made for each request, and mounted again whenever a browser connects.
    ///
    /// `make` is what the route makes for a request, not mounted. It may throw `LiveRefusal`.
    public convenience init(
        at url: String = "/", pattern: String? = nil, session: String = "tester", user: String? = nil, isBinary: Bool = false,
        runtime: LiveRuntime = .testing(), make: @escaping @Sendable (LiveRequest) async throws -> View
    ) async throws {
        try await self.init(
            TesterOptions(url: url, pattern: pattern, session: session, user: user, isBinary: isBinary), runtime,
            { LiveRoute(View.self, runtime: $0) }, make)
    }

    /// The page of a view that is made for each request, and resumed from its state.
    public convenience init(
        at url: String = "/", pattern: String? = nil, session: String = "tester", user: String? = nil, isBinary: Bool = false,
        runtime: LiveRuntime = .testing(), make: @escaping @Sendable (LiveRequest) async throws -> View
    ) async throws where View: Codable {
        try await self.init(
            TesterOptions(url: url, pattern: pattern, session: session, user: user, isBinary: isBinary), runtime,
            { LiveRoute(resuming: View.self, runtime: $0) }, make)
    }

    private init(
        _ options: TesterOptions, _ runtime: LiveRuntime, _ makeRoute: @escaping @Sendable (LiveRuntime) -> LiveRoute<View>,
        _ make: @escaping @Sendable (LiveRequest) async throws -> View
    ) async throws {
        self.options = options
        self.makeRoute = makeRoute
        self.make = make
        currentRuntime = Mutex(runtime)
        route = Mutex(makeRoute(runtime))
        state = Mutex(TesterState(url: options.url))
        try await load()
    }

    deinit {
        // The loop must not go with tasks that it has not done.
        let loop = loop, connection = connection.withLock { $0 }
        Task {
            try? await loop.executeInContext {
                connection?.transport.cut()
                connection?.session.value.closed()
            }
            await loop.shutdownGracefully()
        }
    }

    /// Whose view it is.
    public var runtime: LiveRuntime { currentRuntime.withLock { $0 } }

    private func request(isConnected: Bool) -> LiveRequest {
        let url = state.withLock(\.url)
        let pattern = options.pattern.map { RoutePattern($0) }
        let parameters = pattern?.parameters(of: String(url.prefix { $0 != "?" })) ?? [:]
        return LiveRequest(
            url: url, parameters: parameters, session: options.session, user: options.user, pattern: pattern, isConnected: isConnected)
    }

    // MARK: The connection

    /// Loads the page anew, as a browser does when its user asks for it.
    public func reload() async throws {
        try await cut()
        try await load()
    }

    private func load() async throws {
        let page = try await route.withLock { $0 }.page(request(isConnected: false)) { [make, request = request(isConnected: false)] in
            try await make(request)
        }
        let root = try page.root.painted(with: TemplateCache(), markers: false)
        let tree = PageTree(root)
        let element = tree.elements.first
        guard let start = root.firstIndex(of: ">"), root.hasSuffix("</div>") else {
            throw LiveTesterError(.badMessage, "the page has no root element: \(root.prefix(200))")
        }
        state.withLock { state in
            let url = state.url
            state = TesterState(url: url)
            state.painted = String(root[root.index(after: start)...].dropLast("</div>".count))
            state.seal = element?.attributes["data-live"] ?? ""
            state.hash = element?.attributes["data-live-hash"] ?? ""
            state.title = page.title
        }
        try await connect()
    }

    private func connect() async throws {
        let before = state.withLock { state in
            state.closed = nil
            state.isConnected = true
            state.hasJoined = false
            state.lastRef = 0
            state.acknowledged = 0
            state.stepStart = state.messages.count
            defer { state.forgetViews() }
            return (html: state.markedHTML, seal: state.seal, hash: state.hash, fingerprints: state.fingerprints)
        }
        // Until it knows better, the page shows what it has shown.
        state.withLock { $0.painted = before.html }
        let transport = MemoryTransport(loop, isBinary: options.isBinary) { [weak self] message in
            self?.state.withLock { $0.receive(message) }
        } ended: { [weak self] code, reason in
            self?.state.withLock { state in
                state.closed = (code, reason)
                state.isConnected = false
            }
        }
        let route = route.withLock { $0 }, make = make, request = request(isConnected: true), loop = loop
        let session = try await loop.executeInContext { NIOLoopBound(route.open(transport, request, make: make), eventLoop: loop) }
        connection.withLock { $0 = Connection(transport: transport, session: session) }
        let fingerprints = before.fingerprints.sorted().map(JSON.quoted).joined(separator: ",")
        try await receive("[\"join\",\(JSON.quoted(before.seal)),\(JSON.quoted(before.hash)),[\(fingerprints)]]")
        try await settle("the answer to the join") { $0.hasJoined }
        try await bind(before.html)
        try await offerAgain()
    }

    /// `ClientView` can't be bound to a page, so it gets the tree; it must be what the page shows.
    private func bind(_ shown: String) async throws {
        // A shared view comes a moment after the page.
        try await settle("the views of the page") { !$0.waitsForTree.isEmpty || !$0.lacksViews }
        guard !state.withLock(\.waitsForTree.isEmpty) else { return }
        let isChanged = state.withLock { $0.messages[$0.stepStart...].contains { $0.kind == .patch } }
        try await receive("[\"full\",0]")
        try await settle("the trees") { $0.waitsForTree.isEmpty && !$0.lacksViews }
        let html = state.withLock(\.markedHTML)
        guard
            isChanged || html.normalizedAttributes == FormActions.removed(from: shown).normalizedAttributes
                || state.withLock({ $0.messages[$0.stepStart...].contains { $0.kind == .patch } })
        else {
            throw LiveTesterError(.badMessage, "the server binds a page that shows something else:\n\(shown)\n\(html)")
        }
    }

    /// The connection is lost, and the page stays as it is.
    ///
    /// - Parameter sealed: whether the newest state has been sealed before, as it is unless a connection is lost within `LiveConfiguration.sealInterval` after a change. The time until then passes.
    public func drop(sealed: Bool = true) async throws {
        if sealed, isConnected { await advance(by: runtime.configuration.sealInterval) }
        try await cut()
    }

    private func cut() async throws {
        guard let connection = connection.withLock({ $0.take() }) else { return }
        state.withLock { $0.isConnected = false }
        try await loop.executeInContext {
            connection.transport.cut()
            connection.session.value.closed()
        }
    }

    /// Connects again and joins with the newest seal.
    public func resume() async throws {
        try await cut()
        try await connect()
    }

    /// Joins the view in another process: a restart, a deploy, another server behind a load balancer.
    public func restart(with runtime: LiveRuntime) async throws {
        try await drop()
        currentRuntime.withLock { $0 = runtime }
        route.withLock { $0 = makeRoute(runtime) }
        try await connect()
    }

    // MARK: Messages

    /// A message to the session, whatever is in it.
    func receive(_ text: String) async throws {
        guard let connection = connection.withLock({ $0 }), state.withLock(\.isConnected) else { throw notConnected }
        try await loop.executeInContext { connection.session.value.received(ByteBuffer(string: text), isBinary: false) }
        await loop.run()
    }

    func receive(binary bytes: [UInt8]) async throws {
        guard let connection = connection.withLock({ $0 }), state.withLock(\.isConnected) else { throw notConnected }
        try await loop.executeInContext { connection.session.value.received(ByteBuffer(bytes: bytes), isBinary: true) }
        await loop.run()
    }

    private var notConnected: LiveTesterError {
        guard let closed = state.withLock(\.closed) else { return LiveTesterError(.notConnected, "there is no connection") }
        return LiveTesterError(.closed(closed.code), "the server has ended the connection with \(closed.code.rawValue) \(closed.reason)")
    }

    /// Waits until the server has done something. Time goes on meanwhile.
    func settle(_ what: String, timeout: Duration = .seconds(10), _ isDone: (TesterState) throws -> Bool) async throws {
        let start = ContinuousClock.now
        var passed = Duration.zero
        while true {
            await loop.run()
            let (isDone, fault, isConnected) = try state.withLock { (try isDone($0), $0.fault, $0.isConnected) }
            if let fault { throw fault }
            if isDone { return }
            guard isConnected else { throw notConnected }
            guard passed < timeout else { throw LiveTesterError(.timedOut, "never came: \(what)") }
            try await Task.sleep(for: .milliseconds(1))
            let now = ContinuousClock.now - start
            await loop.advanceTime(by: TimeAmount(now - passed))
            passed = now
        }
    }

    /// Time passes for the view: its timers fire, what is due is rendered and sealed.
    public func advance(by duration: Duration) async {
        await loop.advanceTime(by: TimeAmount(duration))
    }

    /// Waits until something is so, such as that work of the view has come back and is shown. Time goes on meanwhile.
    ///
    /// - Parameters:
    ///   - what: for the error if it never is.
    ///   - timeout: after which it is given up.
    ///   - isolation: where the condition is asked.
    ///   - condition: whether it is so now.
    public func waitUntil(
        _ what: String = "what was waited for", timeout: Duration = .seconds(10), isolation: isolated (any Actor)? = #isolation,
        _ condition: (LiveTester) throws -> Bool
    ) async throws {
        let start = ContinuousClock.now
        var passed = Duration.zero
        while true {
            await loop.run()
            if let fault = state.withLock(\.fault) { throw fault }
            if try condition(self) { return }
            guard passed < timeout else { throw LiveTesterError(.timedOut, "never was: \(what); the page is \(html)") }
            try await Task.sleep(for: .milliseconds(1))
            let now = ContinuousClock.now - start
            await loop.advanceTime(by: TimeAmount(now - passed))
            passed = now
        }
    }
}

/// Of whom and what the page is.
struct TesterOptions: Sendable {
    var url: String
    var pattern: String?
    var session: String
    var user: String?
    var isBinary: Bool
}
