import LiveHTML
import NIOCore
import Synchronization

// Strategy: a shared view is a session like those of browsers, whose transport sends to all who watch. Its loop renders; what it rendered goes to the loops of the watchers as buffers, which are shared. A tree for
// someone who comes, and the patches after it, take the same way, so that they come in order.

/// A shared view as it lives on its event loop.
///
/// `@unchecked Sendable`: all but `eventLoop` and what has a lock is only touched on the loop.
final class SharedHost<View: LiveView>: @unchecked Sendable {
    /// What a page paints that has this view in it.
    struct Snapshot: Sendable {
        let view: View
        let version: String
    }

    let eventLoop: any EventLoop
    private let runtime: LiveRuntime
    private let ended: @Sendable (SharedHost) -> Void
    private lazy var audience = SharedAudience(eventLoop: eventLoop) { [weak self] in
        if let self { ended(self) }
    }
    private lazy var session = ViewSession(
        transport: audience, route: LiveRoute(View.self, runtime: runtime), request: LiveRequest(isConnected: true),
        observer: SessionObserver(
            // Timers and subscriptions keep the session when the application has let its view go.
            changed: { [weak self] view in self?.changed(view) != nil }, rendered: { [weak self] in self?.rendered() }))
    /// Another process, or another view after a failure, counts from 0 too.
    private let name = String(UInt32.random(in: 0 ... .max), radix: 36)
    private var changes = 0
    private let snapshots = Mutex<Snapshot?>(nil)
    /// Called when a render shows what they wait for.
    private var waiting: [@Sendable () -> Void] = []
    /// The whole view after the last patch, once somebody has needed it.
    private var tree: (sequence: Int, bytes: [UInt8])?

    init(runtime: LiveRuntime, eventLoop: any EventLoop, ended: @escaping @Sendable (SharedHost) -> Void) {
        self.eventLoop = eventLoop
        self.ended = ended
        self.runtime = runtime
    }

    /// Nil before it has begun.
    var snapshot: Snapshot? { snapshots.withLock { $0 } }

    // MARK: On the loop

    func begin(_ view: View) throws {
        try session.share(view)
    }

    private var version: String { "\(name)-\(changes)" }

    private func changed(_ view: View) {
        changes &+= 1
        let snapshot = Snapshot(view: view, version: version)
        snapshots.withLock { $0 = snapshot }
    }

    private func rendered() {
        let done = waiting
        waiting = []
        for done in done { done() }
    }

    func handle(_ event: View.Event) {
        session.handle(event)
    }

    /// - Parameter shown: is called on this loop when a render shows what has become of it.
    func handle(_ event: View.Event, shown: @escaping @Sendable () -> Void) {
        // What nobody looks at is not rendered.
        guard audience.isWatched else {
            session.handle(event)
            return shown()
        }
        waiting.append(shown)
        session.handle(event)
    }

    /// Somebody comes, or has not been sent what there was.
    func show(_ watch: SharedWatch) {
        guard session.phase == .live, let view = session.view else { return watch.refuse(.failure, "the view failed") }
        audience.add(watch)
        // What nobody has seen is not rendered yet.
        session.flush()
        guard session.phase == .live else { return watch.refuse(.failure, "the view failed") }
        do {
            let content = try watch.version == version ? session.rendered.shape() : currentTree(view)
            audience.send(session.rendered.templates(knownToClient: watch.fingerprints), content, to: watch)
        } catch {
            session.fail(error)
            // It is in no group yet that would hear of the end.
            watch.refuse(.failure, "the view failed")
        }
    }

    private func currentTree(_ view: View) throws -> [UInt8] {
        if let tree, tree.sequence == session.rendered.sequence { return tree.bytes }
        let bytes = try session.tree(0, view)
        tree = (session.rendered.sequence, bytes)
        return bytes
    }
}
