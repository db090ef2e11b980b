import FoundationEssentials
public import PubSub
public import RealtimeProtocol

/// Channels of values: `Codable` types in place of bytes.
extension Hub {
    /// Publishes a value, as JSON.
    ///
    /// ```swift
    /// let apple = Channel<Quote>("stocks:AAPL")
    /// try await hub.publish(Quote(price: 227.5), to: apple)
    /// ```
    ///
    /// - Returns: the position of the publication in the channel's history.
    /// - Throws: what `JSONEncoder` throws, and what ``publish(_:to:tags:idempotencyKey:usesDelta:skipsHistory:excluding:version:versionEpoch:)`` does.
    @discardableResult
    public func publish<Value>(
        _ value: Value, to channel: Channel<Value>, tags: [String: String] = [:], idempotencyKey: String? = nil, usesDelta: Bool = false,
        skipsHistory: Bool = false, excluding excludedClient: String? = nil
    ) async throws -> PublishResult {
        try await publish(
            Array(JSONEncoder().encode(value)), to: channel.name, tags: tags, idempotencyKey: idempotencyKey, usesDelta: usesDelta,
            skipsHistory: skipsHistory, excluding: excludedClient)
    }

    /// Subscribes a part of the application to a channel of values; see the form for bytes.
    ///
    /// ```swift
    /// for try await publication in try await hub.publications(in: Channel<Quote>("stocks:AAPL")) {
    ///     print(try publication.value.price)
    /// }
    /// ```
    public func publications<Value>(
        in channel: Channel<Value>, bufferSize: Int = 256
    ) async throws -> AsyncMapSequence<HubPublications, PublishedValue<Value>> {
        try await publications(in: channel.name, bufferSize: bufferSize).map { PublishedValue(publication: $0) }
    }
}

/// A publication in a channel of values.
public struct PublishedValue<Value: Codable & Sendable>: Sendable {
    /// As it came.
    public let publication: Publication

    /// What was published.
    ///
    /// - Throws: what `JSONDecoder` throws, if somebody published something else.
    public var value: Value {
        get throws { try JSONDecoder().decode(Value.self, from: Data(publication.data)) }
    }
}
