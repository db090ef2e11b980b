public import LiveHTML
import Logging
import NIOCore

extension LiveChild {
    /// A view that others have too, as a property of the page's view.
    ///
    /// - Parameter path: of a property. A view that is `Codable` has it as a computed property, or takes it over in ``LiveView/resumed(from:)``: it is not sealed.
    public init<Child: LiveView>(shared path: any KeyPath<Parent, SharedLiveView<Child>> & Sendable) {
        self.init(path: path) { $0[keyPath: path] }
    }

    /// A view that others have too, as a property that a sealed state does not have.
    public init<Child: LiveView>(shared path: any KeyPath<Parent, SharedLiveView<Child>?> & Sendable) {
        self.init(path: path) { $0[keyPath: path] }
    }

    private init<Child: LiveView>(
        path: any PartialKeyPath<Parent> & Sendable, _ child: @escaping @Sendable (Parent) -> SharedLiveView<Child>?
    ) {
        self.path = path
        // It is none of those that the page renders.
        isKeyed = false
        serials = { _ in [] }
        name = { _, _ in nil }
        serial = { _, _, _ in nil }
        posted = { _, _, _, _ in throw EventError.syntax }
        uploadPlaces = { _ in [] }
        forget = { _, _, _ in }
        shared = Shared(
            version: { child($0)?.running?.snapshot?.version },
            watch: { parent, watch in
                guard let view = child(parent) else { return watch.refuse(.failure, "the view failed") }
                view.watch(watch)
            })
        body = { parent, serial in serial == 0 ? child(parent)?.running?.snapshot?.view.body : nil }
        mount = { parent, _ in _ = try await child(parent)?.started() }
        connected = { _, _ in }
        event = { session, number, text, input in
            let event: Child.Event = try EventText.event(text, input: input)
            guard number.serial == 0, let view = session.view, let host = child(view)?.running else { throw EventError.syntax }
            session.passOn(number.number) { shown in host.eventLoop.execute { host.handle(event, shown: shown) } }
        }
        navigated = { _, _, _ in }
        disconnected = { _ in }
    }
}

extension SharedLiveView {
    /// From the watcher's loop.
    func watch(_ watch: SharedWatch) {
        if let running { return running.eventLoop.execute { running.show(watch) } }
        Task {
            do {
                let host = try await started()
                host.eventLoop.execute { host.show(watch) }
            } catch {
                runtime.logger.error("A shared view can't be made.", metadata: ["view": "\(View.self)", "error": "\(error)"])
                watch.refuse(.failure, "the view failed")
            }
        }
    }
}

extension HTML.StringInterpolation {
    /// The place of a shared view. It must be one of ``LiveView/children``; another one shows nothing.
    public mutating func appendInterpolation<Parent: LiveView, Child: LiveView>(
        child path: any KeyPath<Parent, SharedLiveView<Child>> & Sendable
    ) {
        appendInterpolation(view: LiveChild<Parent>.number(of: path))
    }

    /// The place of a shared view that a sealed state does not have.
    public mutating func appendInterpolation<Parent: LiveView, Child: LiveView>(
        child path: any KeyPath<Parent, SharedLiveView<Child>?> & Sendable
    ) {
        appendInterpolation(view: LiveChild<Parent>.number(of: path))
    }
}
