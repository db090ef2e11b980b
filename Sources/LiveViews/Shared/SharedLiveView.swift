public import LiveHTML
public import NIOCore
import Synchronization

/// A view that is one for all who look at it: a scoreboard, a price list, a room. A change is rendered once, and what was rendered goes to all browsers.
///
/// ```swift
/// let board = SharedLiveView(runtime: views, on: group.any()) { Scoreboard() }
/// router.live("/scores", shared: board)
/// ```
///
/// What belongs to one user alone is in the page around it, of which it is a child:
///
/// ```swift
/// struct Match: LiveView {
///     var note = ""
///     let board: SharedLiveView<Scoreboard>
///     static let children = [LiveChild(shared: \Match.board)]
///     var body: HTML { "<main>\(child: \Match.board)</main><input \(bind: note, Event.note)>" }
/// }
/// ```
///
/// It is made and mounted when the first page wants it, and lives as long as anybody has this object, so usually as long as the process: all of its state is in memory, and none of it is sealed. It is rendered only while somebody looks. Events come to it from
/// all browsers, one after the other, and from the application by ``send(_:)``. What it says to the page (``LiveEffects/flash(_:_:)``, ``LiveEffects/push(_:_:)``, ``LiveEffects/focus(_:)``, ``LiveEffects/reset(form:)``) is
/// said to all; it has no address, no title, no children, no uploads and no ``RowStream``, and its forms need JavaScript. What it says while nobody looks is said to nobody.
///
/// If it fails, those who look are closed with 1011, and the next page gets a new one.
public final class SharedLiveView<View: LiveView>: Sendable {
    private struct State {
        var start: Task<SharedHost<View>, any Error>?
        var host: SharedHost<View>?
    }

    /// Of the pages that it is in.
    package let runtime: LiveRuntime
    private let eventLoop: any EventLoop
    private let make: @Sendable () async throws -> View
    private let state = Mutex(State())

    /// - Parameters:
    ///   - runtime: of the pages that it is in.
    ///   - eventLoop: where it lives; it may be any.
    ///   - make: the view, not mounted.
    public init(runtime: LiveRuntime, on eventLoop: any EventLoop, _ make: @escaping @Sendable () async throws -> View) {
        self.runtime = runtime
        self.eventLoop = eventLoop
        self.make = make
    }

    /// Something has happened to it. It is made first, if it is not there yet.
    ///
    /// - Throws: what `make` and ``LiveView/mount(_:)`` throw.
    public func send(_ event: View.Event) async throws {
        let host = try await started()
        host.eventLoop.execute { host.handle(event) }
    }

    /// It, made and mounted.
    func started() async throws -> SharedHost<View> {
        let start = state.withLock { state in
            if let start = state.start { return start }
            let start = Task { try await self.start() }
            state.start = start
            return start
        }
        do {
            return try await start.value
        } catch {
            state.withLock { if $0.start == start { $0.start = nil } }
            throw error
        }
    }

    /// Nil before it is started.
    var running: SharedHost<View>? { state.withLock { $0.host } }

    private func start() async throws -> SharedHost<View> {
        guard View.children.isEmpty, View.uploads.isEmpty else { throw NotShareable(.children, "\(View.self)") }
        var view = try await make()
        try await view.mount(LiveRequest(isConnected: true))
        let host = SharedHost<View>(runtime: runtime, eventLoop: eventLoop) { [weak self] host in self?.forget(host) }
        try await eventLoop.submit { [view] in try host.begin(view) }.get()
        state.withLock { $0.host = host }
        return host
    }

    /// The next who wants it gets a new one.
    private func forget(_ host: SharedHost<View>) {
        state.withLock { if $0.host === host { $0 = State() } }
    }
}

/// A view that can't be shared.
struct NotShareable: Error, CustomStringConvertible {
    enum Reason: String {
        /// It is in pages of several kinds, in which its children would have other numbers; and a file belongs to one browser.
        case children = "has children or uploads"
        /// A browser that comes later would have none of them.
        case rows = "has a RowStream, whose rows are forgotten"
    }

    let reason: Reason
    let view: String

    init(_ reason: Reason, _ view: String) {
        self.reason = reason
        self.view = view
    }

    var description: String { "\(view) can't be shared: it \(reason.rawValue)" }
}

/// A page with nothing in it but a view that it shares with others; see `router.live(_:shared:)`.
public struct SharedPage<View: LiveView>: LiveView {
    private let view: SharedLiveView<View>

    public init(_ view: SharedLiveView<View>) {
        self.view = view
    }

    public static var children: [LiveChild<Self>] { [LiveChild(shared: \.view)] }

    public var body: HTML { "\(child: \Self.view)" }
}
