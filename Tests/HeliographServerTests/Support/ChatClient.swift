import Foundation
import ServerTestSupport
import WebSocketClient
import WebSocketNIO

/// A person in the chat: says what the page says, and reads what it reads.
final class ChatClient {
    struct Event: Decodable, Equatable {
        struct Person: Decodable, Equatable {
            let id: Int
            let name: String
        }

        struct Message: Decodable, Equatable {
            let seq: Int
            let from: Int
            let name: String
            let text: String
            let ref: String
        }

        let type: String
        var you: Int?
        var epoch: String?
        var seq: Int?
        var resumed: Bool?
        var members: [Person]?
        var typing: [Int]?
        var history: [Message]?
        var member: Person?
        var id: Int?
        var active: Bool?
        var from: Int?
        var name: String?
        var text: String?
        var ref: String?
        var code: String?
        var message: String?
        var retryAfter: Int?
    }

    let socket: WebSocket
    private var messages: WebSocket.Messages.AsyncIterator

    init(_ server: TestServer, room: String = "tea") async throws {
        socket = try await server.connect("/demo/chat/\(room)")
        messages = socket.messages.makeAsyncIterator()
    }

    /// Joins and returns the welcome.
    static func joined(
        _ server: TestServer, _ name: String, session: String? = nil, after position: Event? = nil, room: String = "tea"
    ) async throws -> (ChatClient, Event) {
        let client = try await ChatClient(server, room: room)
        let welcome = try await client.join(name, session: session, after: position)
        return (client, welcome)
    }

    func join(_ name: String, session: String? = nil, after position: Event? = nil) async throws -> Event {
        var fields: [String: String] = ["type": "\"join\"", "name": quoted(name), "session": quoted(session ?? key())]
        if let epoch = position?.epoch, let sequence = position?.seq {
            fields["epoch"] = quoted(epoch)
            fields["after"] = "\(sequence)"
        }
        try await send("{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}")
        return try await next("welcome")
    }

    @discardableResult
    func say(_ text: String, ref: String? = nil) async throws -> String {
        let ref = ref ?? key()
        try await send("{\"type\":\"say\",\"ref\":\(quoted(ref)),\"text\":\(quoted(text))}")
        return ref
    }

    func send(_ json: String) async throws {
        try await socket.send(json)
    }

    /// The next event, of whatever type.
    func next() async throws -> Event {
        guard let message = try await messages.next() else { throw Unexpected("the socket was closed: \(await closeText())") }
        return try message.decode(Event.self)
    }

    /// The next event, which has to be of this type.
    func next(_ type: String) async throws -> Event {
        let event = try await next()
        guard event.type == type else { throw Unexpected("expected \(type), got \(event)") }
        return event
    }

    /// What else has arrived: everything before the answer to a ping.
    func rest() async throws -> [Event] {
        try await send("{\"type\":\"ping\"}")
        var events: [Event] = []
        while true {
            let event = try await next()
            if event.type == "pong" { return events }
            events.append(event)
        }
    }

    private func closeText() async -> String {
        "\(await socket.waitForClose())"
    }
}

/// A random key as the page makes them.
func key() -> String {
    UUID().uuidString
}

private func quoted(_ text: String) -> String {
    String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
}
