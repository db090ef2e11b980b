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
/// has no children.
public struct LiveChild<Parent: LiveView>: Sendable {
    let path: any PartialKeyPath<Parent> & Sendable
    let body: @Sendable (Parent) -> HTML
    let mount: @Sendable (inout Parent, LiveRequest) async throws -> Void
    let connected: @Sendable (ViewSession<Parent>, Int) -> Void
    let event: @Sendable (ViewSession<Parent>, Int, String, JSONValue?) throws -> Void
    let navigated: @Sendable (ViewSession<Parent>, Int, LiveRequest) -> Void
    let disconnected: @Sendable (Parent) -> Void

    /// - Parameter path: of a stored property.
    public init<Child: LiveView>(_ path: any WritableKeyPath<Parent, Child> & Sendable) {
        self.path = path
        body = { $0[keyPath: path].body }
        mount = { parent, request in
            var child = parent[keyPath: path]
            try await child.mount(request)
            parent[keyPath: path] = child
        }
        connected = { session, number in
            session.perform(number, Self.dispatch(path, number)) { $0[keyPath: path].connected(&$1) }
        }
        event = { session, number, text, input in
            Self.dispatch(path, number)(session, try EventText.event(text, input: input))
        }
        navigated = { session, number, request in
            session.perform(number, Self.dispatch(path, number)) { $0[keyPath: path].navigated(to: request, &$1) }
        }
        disconnected = { $0[keyPath: path].disconnected() }
    }

    private static func dispatch<Child: LiveView>(
        _ path: any WritableKeyPath<Parent, Child> & Sendable, _ number: Int
    ) -> @Sendable (ViewSession<Parent>, Child.Event) -> Void {
        { session, event in
            session.perform(number, dispatch(path, number)) { $0[keyPath: path].handle(event, &$1) }
        }
    }
}

extension HTML.StringInterpolation {
    /// The place of a view within this one. It must be one of ``LiveView/children``; another one shows nothing.
    public mutating func appendInterpolation<Parent: LiveView, Child: LiveView>(
        child path: any WritableKeyPath<Parent, Child> & Sendable
    ) {
        let index = Parent.children.firstIndex { $0.path == path }
        appendInterpolation(view: index.map { $0 + 1 } ?? 0)
    }
}
