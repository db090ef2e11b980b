public import NIOCore
public import RealtimeHub
import RealtimeProtocol

/// A use of channels that `heliograph serve` shows: which channels there are, who may do what in them, and what the server does by itself.
///
/// ```swift
/// struct NewsDemo: Demo {
///     var namespaces: [String: ChannelSettings] {
///         var news = ChannelSettings()
///         news.allowSubscribe = [.clients, .anonymous]
///         return ["news": news]
///     }
///     func run(on hub: Hub) async {
///         while !Task.isCancelled {
///             _ = try? await hub.publish(Array(#"{"title":"All is well"}"#.utf8), to: "news:today")
///             try? await Task.sleep(for: .seconds(60))
///         }
///     }
/// }
/// ```
public protocol Demo: Sendable {
    /// The namespaces of its channels. What follows is asked about these alone. No two demos may have the same.
    var namespaces: [String: ChannelSettings] { get }

    /// A client wants to subscribe to one of its channels. By default the channel's settings decide.
    func subscribe(_ event: SubscribeEvent, on hub: Hub) async throws(HubRefusal) -> SubscribeGrant

    /// A client wants to publish in one of its channels. By default the channel's settings decide, and then this costs nothing where they have
    /// ``ChannelSettings/asksHandlers`` off.
    func publish(_ event: PublishEvent, on hub: Hub) async throws(HubRefusal) -> PublishGrant

    /// A client calls a method whose name begins with one of the namespaces and a colon, as `news:search`. By default there is none.
    func call(_ event: CallEvent, on hub: Hub) async throws(HubRefusal) -> ByteBuffer

    /// A client's connection is over, whichever channels it used.
    func disconnected(_ identity: ClientIdentity)

    /// What it does by itself, until the task is cancelled.
    func run(on hub: Hub) async
}

extension Demo {
    public func subscribe(_ event: SubscribeEvent, on hub: Hub) async throws(HubRefusal) -> SubscribeGrant {
        guard event.isAllowed else { throw .error(.permissionDenied) }
        return SubscribeGrant()
    }

    public func publish(_ event: PublishEvent, on hub: Hub) async throws(HubRefusal) -> PublishGrant {
        guard event.isAllowed else { throw .error(.permissionDenied) }
        return PublishGrant()
    }

    public func call(_ event: CallEvent, on hub: Hub) async throws(HubRefusal) -> ByteBuffer {
        throw .error(.methodNotFound)
    }

    public func disconnected(_ identity: ClientIdentity) {}

    public func run(on hub: Hub) async {}
}
