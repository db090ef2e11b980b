public import LiveHTML
import RealtimeProtocol

/// A view within a view: a property that is a ``LiveView`` itself, with events and effects of its own.
///
/// ```swift
/// struct Desk: LiveView {
///     var clock = Clock()
///     var todo = Todo()
///     static let children = [LiveChild(\Desk.clock), LiveChild(\Desk.todo)]
///     var body: HTML { "<aside>\(child: \Desk.clock)</aside><main>\(child: \Desk.todo)</main>" }
/// }
/// ```
///
/// What happens to a child changes and renders that child alone. Its state is part of its parent's, which may look at it and change it in its own events; then all are rendered. A child
/// has no children. Many views of one kind, one for each row of a list, are ``LiveChildren``.
public struct LiveChild<Parent: LiveView>: Sendable {
    /// What is different about a view that others have too.
    struct Shared: Sendable {
        /// Of what a page shows that is painted now; nil if it is not there yet.
        let version: @Sendable (Parent) -> String?
        let watch: @Sendable (Parent, SharedWatch) -> Void
    }

    let path: any PartialKeyPath<Parent> & Sendable
    /// Of a property that is one view, 0 alone.
    let serials: @Sendable (Parent) -> [Int]
    /// Whether they come and go.
    let isKeyed: Bool
    let body: @Sendable (Parent, Int) -> HTML?
    let shared: Shared?
    let mount: @Sendable (inout Parent, LiveRequest) async throws -> Void
    let connected: @Sendable (ViewSession<Parent>, ViewNumber<Parent>) -> Void
    let event: @Sendable (ViewSession<Parent>, ViewNumber<Parent>, String, JSONValue?) throws -> Void
    let navigated: @Sendable (ViewSession<Parent>, ViewNumber<Parent>, LiveRequest) -> Void
    let disconnected: @Sendable (Parent) -> Void
    /// What a browser without JavaScript has sent.
    let posted: @Sendable (inout Parent, Int, PostedForm, LiveRuntime) throws -> [PostedEffect<Parent>]
    /// What it is called there.
    let name: @Sendable (Parent, Int) -> String?
    let serial: @Sendable (Parent, String, Int) -> Int?
    /// Its uploads, for its place among the children.
    let uploadPlaces: @Sendable (Int) -> [UploadPlace<Parent>]
    /// Takes out what of it has been written.
    let forget: @Sendable (inout Parent, Int, any Sendable) -> Void

    /// - Parameter path: of a stored property.
    public init<Child: LiveView>(_ path: any WritableKeyPath<Parent, Child> & Sendable) {
        self.init(
            path, isKeyed: false, serials: { _ in [0] }, all: { [$0[keyPath: path]] },
            one: { parent, serial in serial == 0 ? parent[keyPath: path] : nil },
            change: { parent, _, change in try change(&parent[keyPath: path]) },
            mount: { parent, request in
                var child = parent[keyPath: path]
                try await child.mount(request)
                parent[keyPath: path] = child
            },
            name: { _, _ in "" }, serial: { _, name, serial in name.isEmpty && serial == 0 ? 0 : nil })
    }

    /// Many views, known by keys.
    ///
    /// - Parameter path: of a stored property.
    public init<ID: Hashable & Sendable, Child: LiveView>(each path: any WritableKeyPath<Parent, LiveChildren<ID, Child>> & Sendable) {
        self.init(
            path, isKeyed: true, serials: { $0[keyPath: path].serials },
            all: { parent in parent[keyPath: path].ids.compactMap { parent[keyPath: path][$0] } },
            one: { parent, serial in parent[keyPath: path][serial: serial] },
            change: { parent, serial, change in try parent[keyPath: path].change(serial: serial, change) },
            mount: { parent, request in
                for serial in parent[keyPath: path].serials {
                    guard var child = parent[keyPath: path][serial: serial] else { continue }
                    try await child.mount(request)
                    parent[keyPath: path][serial: serial] = child
                }
            },
            name: { parent, serial in parent[keyPath: path].name(ofSerial: serial) },
            serial: { parent, name, serial in parent[keyPath: path].serial(named: name, before: serial) })
    }

    private typealias Change<Child> = @Sendable (inout Parent, Int, (inout Child) throws -> Void) throws -> Void

    private init<Child: LiveView>(
        _ path: any PartialKeyPath<Parent> & Sendable, isKeyed: Bool, serials: @escaping @Sendable (Parent) -> [Int],
        all: @escaping @Sendable (Parent) -> [Child], one: @escaping @Sendable (Parent, Int) -> Child?, change: @escaping Change<Child>,
        mount: @escaping @Sendable (inout Parent, LiveRequest) async throws -> Void,
        name: @escaping @Sendable (Parent, Int) -> String?, serial: @escaping @Sendable (Parent, String, Int) -> Int?
    ) {
        self.path = path
        shared = nil
        self.isKeyed = isKeyed
        self.serials = serials
        self.mount = mount
        self.name = name
        self.serial = serial
        body = { one($0, $1)?.body }
        connected = { session, number in
            Self.perform(session, number, change) { $0.connected(&$1) }
        }
        event = { session, number, text, input in
            guard isKeyed || number.serial == 0 else { throw EventError.syntax }
            Self.dispatch(number, change)(session, try EventText.event(text, input: input))
        }
        navigated = { session, number, request in
            Self.perform(session, number, change) { $0.navigated(to: request, &$1) }
        }
        disconnected = { for child in all($0) { child.disconnected() } }
        forget = { parent, serial, written in
            try? change(&parent, serial) { (written as? WrittenRows<Child>)?.forget(&$0) }
        }
        posted = { parent, serial, form, runtime in
            var effects: [PostedEffect<Child>] = []
            try change(&parent, serial) { effects = try PostedEffect.all(of: &$0, form, runtime) }
            return effects.map { $0.inParent { try change(&$0, serial, $1) } }
        }
        uploadPlaces = { slot in
            Child.uploads.map { upload in
                UploadPlace(
                    slot: slot, serials: serials, get: { one($0, $1)?[keyPath: upload] },
                    change: { parent, serial, body in try? change(&parent, serial) { body(&$0[keyPath: upload]) } },
                    finished: { session, number, name in
                        guard let number = ViewNumber<Parent>(number) else { return }
                        Self.perform(session, number, change) { $0.uploaded(name, &$1) }
                    })
            }
        }
    }

    private static func dispatch<Child: LiveView>(
        _ number: ViewNumber<Parent>, _ change: @escaping Change<Child>
    ) -> ViewSession<Parent>.Dispatch<Child.Event> {
        { session, event in perform(session, number, change) { $0.handle(event, &$1) } }
    }

    private static func perform<Child: LiveView>(
        _ session: ViewSession<Parent>, _ number: ViewNumber<Parent>, _ change: @escaping Change<Child>,
        _ body: (inout Child, inout LiveEffects<Child.Event>) -> Void
    ) {
        session.perform(number.number, dispatch(number, change)) { view, effects in
            // It may be gone.
            try? change(&view, number.serial) { body(&$0, &effects) }
        }
    }
}

extension LiveChild {
    /// In the page; 0 if it is none of the view's children.
    static func number(of path: any PartialKeyPath<Parent> & Sendable) -> Int {
        (Parent.children.firstIndex { $0.path == path } ?? -1) + 1
    }
}

extension HTML.StringInterpolation {
    /// The place of a view within this one. It must be one of ``LiveView/children``; another one shows nothing.
    public mutating func appendInterpolation<Parent: LiveView, Child: LiveView>(
        child path: any WritableKeyPath<Parent, Child> & Sendable
    ) {
        appendInterpolation(view: LiveChild<Parent>.number(of: path))
    }
}
