import FoundationEssentials
public import LiveHTML
import Logging
import NIOCore

/// A kind of view at an address: paints pages of it, and opens sessions.
///
/// The adapters' part of a view. Applications say `router.live(…)`.
public struct LiveRoute<View: LiveView>: Sendable {
    let runtime: LiveRuntime
    let coder: StateCoder<View>?

    /// Of a view that is mounted again whenever a browser connects.
    public init(_ type: View.Type = View.self, runtime: LiveRuntime) {
        self.runtime = runtime
        coder = nil
    }

    /// Of a view that is resumed from its state.
    public init(resuming type: View.Type = View.self, runtime: LiveRuntime) where View: Codable {
        self.runtime = runtime
        coder = .codable()
    }

    /// Of the type, and of what its state means.
    var name: String { "\(String(reflecting: View.self))#\(View.stateVersion)" }

    /// A page as it is before there is a connection.
    ///
    /// - Parameters:
    ///   - request: for which it is.
    ///   - make: a view for this request, not mounted.
    /// - Throws: what `make` and ``LiveView/mount(_:)`` throw; `TemplateError` if the view's markup is not what it may be.
    public func page(_ request: LiveRequest, make: () async throws -> View) async throws -> LivePage {
        var view = try await make()
        try await mount(&view, request)
        runtime.metrics.mounted()
        return try page(of: view, request)
    }

    private func mount(_ view: inout View, _ request: LiveRequest) async throws {
        try await runtime.tracing.span("live.mount", of: name) {
            try await view.mount(request)
            for child in View.children { try await child.mount(&view, request) }
        }
    }

    func page(of view: View, _ request: LiveRequest) throws -> LivePage {
        let versions = PageHash.versions(in: view)
        let painted = try runtime.painted(view.body) { view.childBody($0) ?? HTML() }
        let own = versions.isEmpty ? painted.text : try runtime.painted(view.body) { view.ownChildBody($0) ?? HTML() }.text
        // What has changed meanwhile is not what was painted.
        let hash = PageHash(own: runtime.seals.paintHash.text(of: own), versions: versions == PageHash.versions(in: view) ? versions : [])
        let seal = try seal(try state(of: view), request)
        let text = FormActions.added(to: painted.text, seal: seal, views: painted.views) { number in
            ViewNumber<View>(number).flatMap { $0.child.name(view, $0.serial) }
        }
        return LivePage(title: view.title, root: Self.root(text, seal: seal, hash: hash.text))
    }

    /// The text of the page around a view, whose templates are parsed once and not for each request.
    ///
    /// - Throws: `TemplateError` if its markup is not what it may be.
    public func document(_ page: HTML) throws -> String {
        try runtime.painted(page)
    }

    private static func root(_ painted: String, seal: String, hash: String) -> HTML {
        "<div data-live=\"\(seal)\" data-live-hash=\"\(hash)\">\(unsafeRaw: painted)</div>"
    }

    /// What is sealed of a view; nil if it can't be, or is too large.
    func state(of view: View) throws -> [UInt8]? {
        guard let state = try coder?.encode(view) else { return nil }
        guard state.count <= runtime.configuration.maxStateBytes else {
            runtime.logger.warning(
                "The state of a live view is too large to be sealed.", metadata: ["view": "\(name)", "bytes": "\(state.count)"])
            return nil
        }
        return state
    }

    func seal(_ state: [UInt8]?, _ request: LiveRequest) throws -> String {
        try runtime.seals.seal(
            StateSeals.Content(
                view: name, session: request.session, user: request.user ?? "", url: request.address, issued: runtime.now(), state: state))
    }

    /// What a seal says about this request: the view's state, if it has one.
    ///
    /// - Returns: nil if the seal is not good for this request; then the view is mounted anew.
    func resumed(_ seal: String, _ request: LiveRequest) -> View? {
        do {
            let content = try runtime.seals.open(seal, now: runtime.now())
            guard content.view == name, content.session == request.session, content.user == request.user ?? "",
                content.url == request.address
            else {
                throw StateSeals.Fault.misplaced
            }
            guard let coder, let state = content.state else { return nil }
            return try coder.decode(state)
        } catch {
            runtime.logger.debug("A live view is not resumed.", metadata: ["view": "\(name)", "reason": "\(error)"])
            return nil
        }
    }

    enum Made: Sendable {
        case resumed(View)
        case mounted(View)
        case failed(any Error)
    }

    /// What the application says to this request is asked in any case: a seal is no permission.
    func view(for request: LiveRequest, seal: String, make: @Sendable (LiveRequest) async throws -> View) async -> Made {
        do {
            var fresh = try await make(request)
            if var view = resumed(seal, request) {
                view.takeUploads(from: fresh)
                view.resumed(from: fresh)
                return .resumed(view)
            }
            try await mount(&fresh, request)
            return .mounted(fresh)
        } catch {
            return .failed(error)
        }
    }

    /// A session for a connection. The runtime holds it until ``LiveSession/closed()``.
    ///
    /// - Parameters:
    ///   - transport: of the connection; the call is made on its event loop.
    ///   - request: the page's, not the connection's.
    ///   - make: makes a view for the request, not mounted: what the page's request would get now. It may throw ``LiveRefusal``.
    public func open(
        _ transport: any LiveTransport, _ request: LiveRequest, make: @escaping @Sendable (LiveRequest) async throws -> View
    ) -> any LiveSession {
        transport.eventLoop.preconditionInEventLoop()
        return ViewSession(transport: transport, route: self, request: request, make: make)
    }
}

/// What a route paints: it is put into a page of the application's.
public struct LivePage: Sendable {
    /// The view's.
    public let title: String?
    /// The element with the view in it.
    public let root: HTML
}
