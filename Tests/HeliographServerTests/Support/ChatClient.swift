import Foundation
import NIOCore
import RealtimeProtocol
import ServerTestSupport

/// Somebody in a room of the demo chat.
final class ChatClient {
    struct Person: Codable, Hashable {
        var id: String
        var name: String
    }

    struct Message: Codable, Hashable {
        var ref: String
        var text: String
        var time: Int64
    }

    let client: RealtimeClient
    let channel: String
    private let id: String

    init(_ server: TestServer, room: String = "tea") async throws {
        client = try await RealtimeClient(server, "/demo/connection/websocket")
        channel = "chat:\(room)"
        id = try await client.connect().client
    }

    /// Who one is in a room, and where one came in.
    struct Place {
        let client: String
        let person: Person
        let epoch: String
    }

    static func entered(
        _ server: TestServer, _ name: String, room: String = "tea", session: String = key()
    ) async throws -> (ChatClient, Place) {
        let client = try await ChatClient(server, room: room)
        return (client, try await client.enter(name, session: session))
    }

    @discardableResult
    func enter(_ name: String, session: String = key()) async throws -> Place {
        let data = try JSONEncoder().encode(["name": name, "session": session])
        let reply = try await subscribe(String(decoding: data, as: UTF8.self))
        guard case .subscribe(let result) = reply.body else { throw Unexpected("not let in: \(String(describing: reply.error))") }
        let person = try JSONDecoder().decode(Person.self, from: Data(result.data.readableBytesView))
        return Place(client: id, person: person, epoch: result.epoch)
    }

    func subscribe(_ data: String, since position: (epoch: String, offset: UInt64)? = nil) async throws -> Wire.Reply {
        var request = Wire.SubscribeRequest(channel: channel)
        request.data = ByteBuffer(string: data)
        request.joinLeave = true
        request.recover = position != nil
        (request.epoch, request.offset) = position ?? ("", 0)
        return try await client.ask(.subscribe(request))
    }

    /// The number of the error; nil: it was said.
    @discardableResult
    func say(_ text: String, ref: String = key()) async throws -> UInt32? {
        let data = try JSONEncoder().encode(["ref": ref, "text": text])
        return try await publish(String(decoding: data, as: UTF8.self))
    }

    func publish(_ data: String) async throws -> UInt32? {
        try await client.ask(.publish(Wire.PublishRequest(channel: channel, data: ByteBuffer(string: data)))).error?.code
    }

    /// What the room remembers, oldest first.
    func history() async throws -> [Wire.Publication] {
        var request = Wire.HistoryRequest(channel: channel)
        request.limit = -1
        guard case .history(let result) = try await client.ask(.history(request)).body else { throw Unexpected("no history") }
        return result.publications
    }

    func texts() async throws -> [String] { try await history().map { try $0.message().text } }

    /// The names of those who are there, in their order.
    func people() async throws -> [String] {
        guard case .presence(let result) = try await client.ask(.presence(Wire.PresenceRequest(channel: channel))).body else {
            throw Unexpected("no presence")
        }
        return try result.presence.values.map { try $0.person().name }.sorted()
    }
}

extension Wire.Publication {
    func message() throws -> ChatClient.Message { try JSONDecoder().decode(ChatClient.Message.self, from: Data(data.readableBytesView)) }
}

extension Wire.ClientInfo {
    func person() throws -> ChatClient.Person {
        try JSONDecoder().decode(ChatClient.Person.self, from: Data(channelInfo.readableBytesView))
    }
}

/// A new random key.
func key() -> String {
    String((0..<32).map { _ in "0123456789abcdef".randomElement() ?? "0" })
}
