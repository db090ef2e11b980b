// Who comes and leaves, read beside everything else.

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

@Suite("Joins and leaves")
struct PresenceTests {
    private let ada = Wire.ClientInfo(user: "ada", client: "c9", connectionInfo: ByteBuffer(string: "1"))

    private func changes(_ client: inout MachineClient, of key: SubscriptionKey, atMost count: Int = .max) -> [Client
        .PresenceChange]
    {
        var changes: [Client.PresenceChange] = []
        while changes.count < count, case .event(let change) = client.tell({ machine, _ in machine.takePresence(of: key) }) {
            changes.append(change)
        }
        return changes
    }

    private func watched(_ configure: (inout Client.Configuration) -> Void = { _ in }) throws -> (MachineClient, SubscriptionKey) {
        var (client, key) = try MachineClient.subscribed(Wire.SubscribeResult(), configure)
        client.tell { machine, _ in machine.watchPresence(of: key) }
        return (client, key)
    }

    @Test("from the first use on; each new subscription is to be asked about anew")
    func changes() throws {
        var (client, key) = try MachineClient.subscribed()
        try client.push("news", .join(Wire.Join(info: ada)))
        client.tell { machine, _ in machine.watchPresence(of: key) }
        try client.push("news", .leave(Wire.Leave(info: ada)))
        client.tell { machine, _ in machine.watchPresence(of: key) }
        #expect(changes(&client, of: key) == [.reset, .leave(Client.ClientInfo(ada))])
        try client.grant(in: client.comeBack())
        try client.push("news", .join(Wire.Join(info: ada)))
        #expect(changes(&client, of: key) == [.reset, .join(Client.ClientInfo(ada))])
        // The others have read none of it away.
        #expect(client.events(of: key).count == 5)
    }

    @Test("a reader that is too slow is told to ask anew, once")
    func slow() throws {
        var (client, key) = try watched { $0.maxBufferedEvents = 16 }
        for _ in 0..<100 { try client.push("news", .join(Wire.Join(info: ada))) }
        let seen = changes(&client, of: key)
        #expect(seen.count == 17)
        #expect(seen.filter { $0 == .reset }.count == 2)
        #expect(seen.last == .reset)
    }

    @Test("nobody who reads it: bounded, and publications come all the same")
    func nobody() throws {
        var (client, key) = try watched()
        for _ in 0..<5_000 { try client.push("news", .join(Wire.Join(info: ada))) }
        #expect(client.machine.subscriptions["news"]?.presence?.count == 1_024)
        _ = client.events(of: key)
        try client.publish("1", to: "news")
        #expect(client.events(of: key).texts == ["1"])
    }

    @Test("it ends with the subscription, and with the client")
    func ends() throws {
        for end: (inout MachineClient, SubscriptionKey) -> Void in [
            { client, key in client.tell { $0.unsubscribe(key, at: $1) } }, { client, key in client.tell { $0.remove(key, at: $1) } },
            { client, _ in client.lose(3_503) },
        ] {
            var (client, key) = try watched()
            end(&client, key)
            _ = changes(&client, of: key)
            guard case .ended = client.tell({ machine, _ in machine.takePresence(of: key) }) else { throw Unexpected("not over") }
        }
    }
}
