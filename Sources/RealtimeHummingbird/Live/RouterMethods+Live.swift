public import Hummingbird
public import LiveViews
import WebSocketHummingbird
import WebSocketNIO

extension RouterMethods {
    /// Adds a live view: the page, painted for plain HTTP, and beside it the socket by which it is kept current.
    ///
    /// ```swift
    /// router.live("/counter") { Counter() }
    /// router.liveScript()
    /// let app = Application(router: router, server: .webSockets())
    /// ```
    ///
    /// The page is at the path (GET; and POST for the forms of browsers without JavaScript), the socket at the path with `/_live` behind it, all behind the same middleware. Where something between
    /// the browser and the server breaks WebSockets, the view is kept current by server-sent events and requests at `/_live.sse`; that needs a server of
    /// `HTTPServerBuilder.webSockets(configuration:)` or `HTTPServerBuilder.webSocketsHTTP2(tlsConfiguration:configuration:)`, and requests that come to the process that has the stream. As the
    /// view is `Codable`, it is resumed from its sealed state after a lost connection.
    ///
    /// - Parameters:
    ///   - path: the route's path, with parameters as in every route.
    ///   - views: seals and limits. Those of one application share one. Default: one for the process, whose seals are worth nothing after a restart.
    ///   - options: the page around the view, cookies, origins.
    ///   - user: who the user of a request is, if anybody knows: what `LiveRuntime.disconnect(user:)` names, and `LiveRequest.user` says. A sealed state is its user's: whoever logs in after him in the same
    ///     browser gets a view of his own. Where users log in, say it; by default nobody is known.
    ///   - view: makes the view for a request. It is called again when a browser connects, also when the view is resumed: what it refuses by throwing an `HTTPError` (401, 403, 404) is refused.
    @discardableResult
    public func live<View: LiveView & Codable>(
        _ path: RouterPath, views: LiveRuntime = .process, options: LiveOptions = LiveOptions(),
        user: @escaping @Sendable (Request, Context) -> String? = { _, _ in nil },
        view: @escaping @Sendable (Request, Context) async throws -> View
    ) -> Self {
        add(LivePageRoute(LiveRoute(resuming: View.self, runtime: views), path, options, user, view))
    }

    /// Adds a live view that is mounted anew whenever a browser connects, since its state can't be sealed.
    @discardableResult
    @_disfavoredOverload
    public func live<View: LiveView>(
        _ path: RouterPath, views: LiveRuntime = .process, options: LiveOptions = LiveOptions(),
        user: @escaping @Sendable (Request, Context) -> String? = { _, _ in nil },
        view: @escaping @Sendable (Request, Context) async throws -> View
    ) -> Self {
        add(LivePageRoute(LiveRoute(View.self, runtime: views), path, options, user, view))
    }

    /// Adds a live view that is the same for each request.
    @discardableResult
    public func live<View: LiveView & Codable>(
        _ path: RouterPath, views: LiveRuntime = .process, options: LiveOptions = LiveOptions(),
        user: @escaping @Sendable (Request, Context) -> String? = { _, _ in nil }, view: @escaping @Sendable () -> View
    ) -> Self {
        live(path, views: views, options: options, user: user) { _, _ in view() }
    }

    /// Adds a live view that is the same for each request, and is mounted anew whenever a browser connects.
    @discardableResult
    @_disfavoredOverload
    public func live<View: LiveView>(
        _ path: RouterPath, views: LiveRuntime = .process, options: LiveOptions = LiveOptions(),
        user: @escaping @Sendable (Request, Context) -> String? = { _, _ in nil }, view: @escaping @Sendable () -> View
    ) -> Self {
        live(path, views: views, options: options, user: user) { _, _ in view() }
    }

    /// Adds a live view that is one for all who look at it; it is rendered once for all of them.
    ///
    /// ```swift
    /// let board = SharedLiveView(runtime: views, on: group.any()) { Scoreboard() }
    /// router.live("/scores", shared: board)
    /// ```
    @discardableResult
    public func live<View: LiveView>(
        _ path: RouterPath, shared view: SharedLiveView<View>, options: LiveOptions = LiveOptions(),
        user: @escaping @Sendable (Request, Context) -> String? = { _, _ in nil }
    ) -> Self {
        live(path, views: view.runtime, options: options, user: user) { _, _ in SharedPage(view) }
    }

    /// Adds the client of live views: a script at the path, and beside it (`-extras.js` in place of `.js`) what it asks for when a page needs it.
    @discardableResult
    public func liveScript(at path: RouterPath = "/heliograph-live.js") -> Self {
        let name = path.description
        let stem = name.hasSuffix(".js") ? String(name.dropLast(3)) : name
        get(path) { request, context in try await LiveScript.core.response(to: request, context) }
        return get("\(stem)-extras.js") { request, context in try await LiveScript.extras.response(to: request, context) }
    }

    private func add<View: LiveView>(_ route: LivePageRoute<View, Context>) -> Self {
        get(route.path) { request, context in try await route.page(request, context) }
        post(route.path) { request, context in try await route.posted(request, context) }
        let stream = route.path.appendingPath("_live.sse")
        get(stream) { request, context in try await route.stream(request, context) }
        post(stream) { request, context in try await route.received(request, context) }
        var configuration = route.options.webSocket
        configuration.subprotocols = LiveSocket.subprotocols
        return webSocket(
            route.path.appendingPath("_live"), configuration: configuration, origins: route.options.origins,
            delegate: { request, context in route.socket(request, context) })
    }
}
