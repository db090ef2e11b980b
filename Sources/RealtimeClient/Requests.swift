import Foundation
public import NIOCore
import RealtimeProtocol

// Whom to ask: the client, or a subscription, which waits until it is subscribed.
private struct Asker {
    let driver: ClientDriver
    var subscription: SubscriptionKey?

    func publish(_ data: ByteBuffer, to channel: String) async throws(RealtimeError) {
        _ = try await driver.ask(.publish(Wire.PublishRequest(channel: channel, data: data)), needs: subscription)
    }

    func history(_ channel: String, _ limit: Int, _ since: Client.StreamPosition?, _ isReversed: Bool) async throws(RealtimeError)
        -> Client.History
    {
        let position = since.map { Wire.StreamPosition(offset: $0.offset, epoch: $0.epoch) }
        let request = Wire.HistoryRequest(channel: channel, limit: Int32(clamping: limit), since: position, reverse: isReversed)
        guard case .history(let result) = try await driver.ask(.history(request), needs: subscription) else { throw .wrongAnswer }
        return Client.History(result, channel)
    }

    func presence(_ channel: String) async throws(RealtimeError) -> [String: Client.ClientInfo] {
        let request = Wire.PresenceRequest(channel: channel)
        guard case .presence(let result) = try await driver.ask(.presence(request), needs: subscription) else { throw .wrongAnswer }
        return result.presence.mapValues(Client.ClientInfo.init)
    }

    func presenceStats(_ channel: String) async throws(RealtimeError) -> Client.PresenceStats {
        let request = Wire.PresenceStatsRequest(channel: channel)
        guard case .presenceStats(let result) = try await driver.ask(.presenceStats(request), needs: subscription) else {
            throw .wrongAnswer
        }
        return Client.PresenceStats(numClients: Int(result.numClients), numUsers: Int(result.numUsers))
    }
}

/// Requests wait for a connection if there is none, for at most ``Configuration/timeout`` with all that follows. They throw ``RealtimeError``: the server's,
/// ``RealtimeError/timeout``, ``RealtimeError/disconnected``, ``RealtimeError/transportClosed``, ``RealtimeError/overLimit(_:)``,
/// ``RealtimeError/badData(_:)``, and ``RealtimeError/cancelled`` when the task is cancelled. Those that are made at the same time share a frame.
extension Client {
    private var asker: Asker { Asker(driver: driver) }

    /// Publishes into a channel. Returns once the server has it.
    ///
    /// - Parameters:
    ///   - data: JSON, unless all subscribers use Protobuf.
    ///   - channel: which.
    public func publish(_ data: ByteBuffer, to channel: String) async throws(RealtimeError) {
        try await asker.publish(data, to: channel)
    }

    /// Publishes a value as JSON.
    public func publish(json value: some Encodable & Sendable, to channel: String) async throws(RealtimeError) {
        try await asker.publish(JSONCoding.encode(value), to: channel)
    }

    /// What was published in a channel.
    ///
    /// - Parameters:
    ///   - channel: which.
    ///   - limit: how many; 0 for the position alone, -1 for as many as the server allows.
    ///   - since: after this; before it if `reverse`.
    ///   - reverse: the newest first.
    public func history(
        of channel: String, limit: Int = 0, since: StreamPosition? = nil, reverse: Bool = false
    ) async throws(RealtimeError) -> History {
        try await asker.history(channel, limit, since, reverse)
    }

    /// Who is in a channel, by the ids of the connections.
    public func presence(in channel: String) async throws(RealtimeError) -> [String: ClientInfo] { try await asker.presence(channel) }

    /// How many are in a channel.
    public func presenceStats(in channel: String) async throws(RealtimeError) -> PresenceStats { try await asker.presenceStats(channel) }

    /// Calls a method of the server.
    public func rpc(_ method: String, _ data: ByteBuffer = ByteBuffer()) async throws(RealtimeError) -> ByteBuffer {
        guard case .rpc(let result) = try await driver.ask(.rpc(Wire.RPCRequest(data: data, method: method))) else { throw .wrongAnswer }
        return result.data.detached
    }

    /// Calls a method of the server with a value, and takes a value from it, both as JSON.
    public func rpc<Value: Decodable>(
        _ method: String, json value: some Encodable & Sendable, as type: Value.Type = Value.self
    ) async throws(RealtimeError) -> Value {
        try JSONCoding.decode(type, from: try await rpc(method, try JSONCoding.encode(value)))
    }

    /// Sends a message that the server does not answer. Returns once it is written.
    public func send(_ data: ByteBuffer) async throws(RealtimeError) {
        _ = try await driver.ask(.send(Wire.SendRequest(data: data)))
    }

    /// Sends a value as JSON; see ``send(_:)``.
    public func send(json value: some Encodable & Sendable) async throws(RealtimeError) {
        try await send(JSONCoding.encode(value))
    }
}

/// Requests about the channel of a subscription. They wait until it is subscribed; otherwise as those of ``Client``.
extension Client.Subscription {
    private var asker: Asker { Asker(driver: client.driver, subscription: key) }

    /// Publishes into the channel. Returns once the server has it. May be awaited within a loop over the publications.
    public func publish(_ data: ByteBuffer) async throws(RealtimeError) { try await asker.publish(data, to: channel) }

    /// Publishes a value as JSON.
    public func publish(json value: some Encodable & Sendable) async throws(RealtimeError) {
        try await asker.publish(JSONCoding.encode(value), to: channel)
    }

    /// What was published in the channel; as the one of the client.
    public func history(
        limit: Int = 0, since: Client.StreamPosition? = nil, reverse: Bool = false
    ) async throws(RealtimeError) -> Client.History {
        try await asker.history(channel, limit, since, reverse)
    }

    /// Who is in the channel, by the ids of the connections.
    public func presence() async throws(RealtimeError) -> [String: Client.ClientInfo] { try await asker.presence(channel) }

    /// How many are in the channel.
    public func presenceStats() async throws(RealtimeError) -> Client.PresenceStats { try await asker.presenceStats(channel) }
}

extension Client.Publication {
    /// The data as JSON.
    ///
    /// - Throws: ``RealtimeError/badData(_:)`` if it is no such value.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws(RealtimeError) -> Value {
        try JSONCoding.decode(type, from: data)
    }
}

enum JSONCoding {
    static func encode(_ value: some Encodable) throws(RealtimeError) -> ByteBuffer {
        do {
            return ByteBuffer(bytes: try JSONEncoder().encode(value))
        } catch {
            throw .badData("no JSON: \(error)")
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from data: ByteBuffer) throws(RealtimeError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(data.readableBytesView))
        } catch {
            throw .badData("not a \(type): \(error)")
        }
    }
}

extension RealtimeError {
    fileprivate static var wrongAnswer: Self { .badData("an answer to something else") }
}

extension Client.History {
    fileprivate init(_ result: Wire.HistoryResult, _ channel: String) {
        position = Client.StreamPosition(epoch: result.epoch, offset: result.offset)
        publications = result.publications.map { publication in
            let position = publication.offset > 0 ? Client.StreamPosition(epoch: result.epoch, offset: publication.offset) : nil
            return Client.Publication(publication, channel: channel, data: publication.data, position: position)
        }
    }
}
