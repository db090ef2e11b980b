public import LiveHTML

/// A page, or a part of it, that is rendered on the server and kept current in the browser.
///
/// ```swift
/// struct Counter: LiveView, Codable {
///     var count = 0
///     enum Event: LiveEvent { case up, down }
///
///     mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
///         switch event {
///         case .up: count += 1
///         case .down: count -= 1
///         }
///     }
///
///     var body: HTML {
///         """
///         <h1>\(count)</h1>
///         <button \(on: .click, Event.up)>+</button> <button \(on: .click, Event.down)>−</button>
///         """
///     }
/// }
/// router.live("/counter") { Counter() }
/// ```
///
/// A view is a value, and its properties are its state. It is made for the first request, and painted as an ordinary page; nothing of it stays on the server. When the browser has connected it is made again: out of
/// its sealed state if it is `Codable`, so that ``mount(_:)`` is not run a second time, and anew otherwise. The same happens after a lost connection, a deploy or a crash, in whatever process the browser comes to.
///
/// Everything happens on one event loop, one event after the other: there is no lock, no actor and nothing to wait for. What takes long, or has to wait, is an effect (``LiveEffects/run(id:_:)``) that comes
/// back as an event. All of ``body`` is made anew after an event; what is sent is the difference.
///
/// > Warning: A trap (an index out of range, an overflow, `!`) ends the process with all of its connections. What comes from a browser is checked before it is used.
public protocol LiveView: Sendable {
    /// What can happen to it.
    associatedtype Event: LiveEvent = Never

    /// Gets what it shows at first. It is called once for each view, before its first ``body``; a view that is resumed is not mounted again.
    ///
    /// - Throws: what the request is answered with: an error of the HTTP library with its status, or 500.
    mutating func mount(_ request: LiveRequest) async throws

    /// There is a browser now: the place to start timers and to subscribe. It is called again after each resume.
    mutating func connected(_ effects: inout LiveEffects<Event>)

    /// Something has happened.
    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>)

    /// The user went to another address of this view, by a link with `data-patch`, ``LiveEffects/patch(to:replaces:)`` or the browser's buttons. Not called for the address that it was mounted with.
    mutating func navigated(to request: LiveRequest, _ effects: inout LiveEffects<Event>)

    /// It is resumed from its sealed state; `fresh` is one that the route made for this request, with whatever is not `Codable` in it.
    mutating func resumed(from fresh: Self)

    /// The browser is gone; the last call. All effects that still ran are cancelled.
    func disconnected()

    /// A file of the upload of this name has come whole. It is among the upload's ``LiveUpload/files``.
    mutating func uploaded(_ name: String, _ effects: inout LiveEffects<Event>)

    /// What it looks like.
    var body: HTML { get }

    /// The title of the page, if it is the view's.
    var title: String? { get }

    /// The views within it: properties that are views themselves. They are mounted after it. Default none.
    static var children: [LiveChild<Self>] { get }

    /// Its properties that take files: `[\.photos]`. Default none.
    static var uploads: [any WritableKeyPath<Self, LiveUpload> & Sendable] { get }

    /// Sealed states of other versions are not resumed. Raise it when the meaning of a property changes and its type doesn't. Default 0.
    static var stateVersion: Int { get }
}

extension LiveView {
    /// The type of ``uploads``.
    public typealias Uploads = [any WritableKeyPath<Self, LiveUpload> & Sendable]

    public mutating func mount(_ request: LiveRequest) async throws {}
    public mutating func connected(_ effects: inout LiveEffects<Event>) {}
    public mutating func navigated(to request: LiveRequest, _ effects: inout LiveEffects<Event>) {}
    public mutating func resumed(from fresh: Self) {}
    public func disconnected() {}
    public mutating func uploaded(_ name: String, _ effects: inout LiveEffects<Event>) {}
    public var title: String? { nil }
    public static var children: [LiveChild<Self>] { [] }
    public static var uploads: Uploads { [] }
    public static var stateVersion: Int { 0 }
}

extension LiveView where Event == Never {
    public mutating func handle(_ event: Never, _ effects: inout LiveEffects<Never>) {}
}
