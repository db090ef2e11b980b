import LiveHTML
public import Logging
import Metrics
import NIOCore
public import RealtimeHub
import Synchronization
public import Tracing

/// What all live views of a service have in common: seals, limits, and who is connected.
///
/// ```swift
/// let views = LiveRuntime(seals: StateSeals(secret: secret), hub: hub)
/// router.live("/counter", views: views) { _, _ in Counter() }
/// ```
public final class LiveRuntime: Sendable {
    /// One for the process, without a hub. Its secret is random: after a restart views are mounted anew.
    public static let process = LiveRuntime()

    public let configuration: LiveConfiguration
    let seals: StateSeals
    let hub: Hub?
    let logger: Logger
    let tracing: LiveTracing
    let metrics: LiveMetrics
    let uploads: UploadStorage
    let now: @Sendable () -> Int64
    private let loops = Mutex<[ObjectIdentifier: LiveLoop]>([:])
    private let painters = PaintPool()

    /// - Parameters:
    ///   - configuration: limits.
    ///   - seals: what encrypts the states of views. By default with a secret that is lost with the process: after a restart views are mounted anew.
    ///   - hub: whose channels views subscribe and publish to.
    ///   - logger: gets what fails in views.
    ///   - tracer: gets spans of mounts, events and renders. By default that of the process, if one was bootstrapped before.
    public convenience init(
        configuration: LiveConfiguration = LiveConfiguration(), seals: StateSeals = StateSeals(), hub: Hub? = nil,
        logger: Logger = Logger(label: "LiveViews", factory: { _ in SwiftLogNoOpLogHandler() }), tracer: (any Tracer)? = nil
    ) {
        self.init(configuration: configuration, seals: seals, hub: hub, logger: logger, tracer: tracer, now: systemMilliseconds)
    }

    package init(
        configuration: LiveConfiguration, seals: StateSeals, hub: Hub?, logger: Logger, tracer: (any Tracer)? = nil,
        now: @escaping @Sendable () -> Int64
    ) {
        self.configuration = configuration
        self.seals = seals
        self.hub = hub
        self.logger = logger
        self.now = now
        tracing = LiveTracing(tracer)
        metrics = LiveMetrics()
        uploads = UploadStorage(configuration.uploads)
    }

    func loop(_ eventLoop: any EventLoop) -> LiveLoop {
        loops.withLock { loops in
            if let loop = loops[ObjectIdentifier(eventLoop)] { return loop }
            let loop = LiveLoop(eventLoop: eventLoop)
            loops[ObjectIdentifier(eventLoop)] = loop
            return loop
        }
    }

    /// Paints a page of which no client binds anything, on whatever thread this is.
    func painted(_ page: HTML) throws(TemplateError) -> String {
        String(decoding: try painters.painted(page, markers: false) { _ in HTML() }.text, as: UTF8.self)
    }

    /// Paints markup, on whatever thread this is.
    func painted(_ html: HTML, child: (Int) -> HTML) throws(TemplateError) -> PaintedPage {
        try painters.painted(html, markers: true, child: child)
    }

    /// Tells all browsers to come back within a time, because this process goes away. They have the newest seals then. It does not close their connections.
    public func drain() {
        for loop in loops.withLock({ Array($0.values) }) { loop.forEach { $0.drain() } }
    }

    /// Ends all views of a user, who must be found out anew then.
    public func disconnect(user: String) {
        for loop in loops.withLock({ Array($0.values) }) {
            loop.forEach { if $0.user == user { $0.end(.unauthorized, "revoked") } }
        }
    }
}

/// Views on one event loop.
///
/// `@unchecked Sendable`: all but `eventLoop` is only touched on the loop.
final class LiveLoop: @unchecked Sendable {
    let eventLoop: any EventLoop
    let cache = TemplateCache()
    /// Each has its place.
    @exclusivity(unchecked) private var sessions: ContiguousArray<any ManagedSession> = []

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func add(_ session: any ManagedSession) {
        session.place = sessions.count
        sessions.append(session)
    }

    /// The last one takes its place.
    func remove(_ session: any ManagedSession) {
        guard sessions.indices.contains(session.place), sessions[session.place] === session, let last = sessions.popLast() else { return }
        guard last !== session else { return }
        last.place = session.place
        sessions[session.place] = last
    }

    /// From any thread.
    func forEach(_ body: @escaping @Sendable (any ManagedSession) -> Void) {
        eventLoop.execute {
            for session in self.sessions { body(session) }
        }
    }
}

/// What the runtime does with a session.
protocol ManagedSession: AnyObject {
    var user: String? { get }
    /// Among those of its loop; the loop's.
    var place: Int { get set }
    func drain()
    func end(_ code: LiveCloseCode, _ reason: String)
}

/// Caches of templates for those who paint and have no event loop: as many as have ever painted at the same time.
private final class PaintPool: Sendable {
    private struct Box: @unchecked Sendable {
        // Only whoever has taken it out of the pool has it.
        let cache: TemplateCache
    }

    private let free = Mutex<[Box]>([])

    func painted(_ html: HTML, markers: Bool, child: (Int) -> HTML) throws(TemplateError) -> PaintedPage {
        let box = free.withLock { $0.popLast() } ?? Box(cache: TemplateCache())
        defer { free.withLock { $0.append(box) } }
        return try html.paintedPage(with: box.cache, markers: markers) { (number) throws(TemplateError) in child(number) }
    }
}
