import FoundationEssentials
import LiveHTML
public import PubSub

/// What a view wants to be done besides its change of state. It is done when the function that asked for it has returned.
///
/// ```swift
/// mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
///     switch event {
///     case .load:
///         isLoading = true
///         effects.run { .loaded(try await api.quotes()) } failed: { .failed("\($0)") }
///     …
/// ```
public struct LiveEffects<Event: LiveEvent> {
    enum Effect {
        case send(Event)
        case run(id: String?, work: @Sendable () async -> Event?)
        case timer(id: String?, delay: Duration, repeats: Bool, Event)
        case cancel(id: String)
        case subscribe(channel: String, make: @Sendable (Publication) -> Event?)
        case unsubscribe(channel: String)
        case publish(channel: String, [UInt8])
        case message(LiveMessage)
    }

    var effects: [Effect] = []

    /// None. A view gets its own; this is for tests of a view's functions.
    public init() {}

    /// Another event, after this one.
    public mutating func send(_ event: Event) { effects.append(.send(event)) }

    // MARK: Work

    /// Does something that takes time, away from the event loop. What it returns comes as an event.
    ///
    /// - Parameters:
    ///   - id: by which it can be cancelled. What runs under the same id is cancelled first.
    ///   - work: runs in a task, which is cancelled when the browser is gone.
    public mutating func run(id: String? = nil, _ work: @escaping @Sendable () async -> Event?) {
        effects.append(.run(id: id, work: work))
    }

    /// Does something that takes time and can fail.
    public mutating func run(
        id: String? = nil, _ work: @escaping @Sendable () async throws -> Event?, failed: @escaping @Sendable (any Error) -> Event?
    ) {
        run(id: id) {
            do {
                return try await work()
            } catch is CancellationError {
                return nil
            } catch {
                return failed(error)
            }
        }
    }

    /// An event after a time.
    public mutating func after(_ delay: Duration, id: String? = nil, _ event: Event) {
        effects.append(.timer(id: id, delay: delay, repeats: false, event))
    }

    /// An event again and again. An interval is at least 1 ms.
    public mutating func every(_ interval: Duration, id: String? = nil, _ event: Event) {
        effects.append(.timer(id: id, delay: max(interval, .milliseconds(1)), repeats: true, event))
    }

    /// Ends what was started under this id: work, a timer.
    public mutating func cancel(_ id: String) { effects.append(.cancel(id: id)) }

    // MARK: Channels

    /// Subscribes to a channel of the hub: what is published there comes as events, in the channel's order.
    ///
    /// The view's own subscriptions end with it. Where a view is too slow for its channel, it gets a new subscription and not what it missed; what must not be missed is in the channel's history.
    public mutating func subscribe(to channel: String, _ event: @escaping @Sendable (Publication) -> Event?) {
        effects.append(.subscribe(channel: channel, make: event))
    }

    /// Ends a subscription.
    public mutating func unsubscribe(from channel: String) { effects.append(.unsubscribe(channel: channel)) }

    /// Publishes to a channel of the hub. What a view does here is the server's doing: permissions of clients don't matter.
    public mutating func publish(_ value: some Encodable, to channel: String) {
        guard let bytes = try? JSONEncoder().encode(value) else { return }
        effects.append(.publish(channel: channel, Array(bytes)))
    }

    // MARK: The page

    /// Something for the application's own JavaScript: the event `live:name` on `window`, and the hooks that handle it.
    public mutating func push(_ name: String, _ value: some Encodable) {
        guard let bytes = try? JSONEncoder().encode(value) else { return }
        effects.append(.message(.push(name, Array(bytes))))
    }

    /// The page's address is another one now, of the same view, without loading anything. ``LiveView/navigated(to:_:)`` is called with it.
    ///
    /// - Parameters:
    ///   - url: a path with a query, of the same origin. What is not is ignored.
    ///   - replaces: whether the browser's back button passes over the old address.
    public mutating func patch(to url: String, replaces: Bool = false) { effects.append(.message(.address(url, replaces: replaces))) }

    /// The user shall be on another page: without loading if it is live, else by loading it.
    public mutating func navigate(to url: String) { effects.append(.message(.go(url))) }

    /// A message for the user, in the page's element with `data-flash`.
    public mutating func flash(_ kind: FlashKind, _ text: String) { effects.append(.message(.flash(kind, text))) }

    /// The message is taken away.
    public mutating func clearFlash() { effects.append(.message(.flash(.info, ""))) }

    /// Gives the focus to the element that a CSS selector finds.
    public mutating func focus(_ selector: String) { effects.append(.message(.focus(selector))) }

    /// Resets the form with this id: its controls have what the page says, whatever the user has typed.
    public mutating func reset(form id: String) { effects.append(.message(.reset(id))) }
}

/// What sort of message it is. It is the class `flash-kind` of the element.
public struct FlashKind: Sendable, Hashable {
    let name: String

    public static let info = FlashKind(name: "info")
    public static let success = FlashKind(name: "success")
    public static let warning = FlashKind(name: "warning")
    public static let error = FlashKind(name: "error")
}
