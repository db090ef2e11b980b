// Subscriptions that the server makes: named in the answer to connect, or pushed (protocol §1.5, §1.6).

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

@Suite("Server-side subscriptions")
struct ServerSideTests {
    private func connected(_ subs: [String: Wire.SubscribeResult], events: Int = 1_024) throws -> MachineClient {
        var client = MachineClient { $0.maxBufferedEvents = events }
        client.connect()
        try client.accept(Wire.ConnectResult(client: "c", subs: subs))
        return client
    }

    private func offsets(_ events: [Client.Event]) -> [UInt64] {
        events.compactMap { if case .publication(let publication) = $0 { publication.offset } else { nil } }
    }

    private func subs(_ client: inout MachineClient) throws -> (UInt32, [String: Wire.SubscribeRequest]) {
        client.open()
        guard let command = try client.commands().first, case .connect(let request) = command.body else { throw Unexpected("no connect") }
        return (command.id, request.subs)
    }

    @Test("their events are the client's")
    func events() throws {
        var client = try connected(["#42": .recoverable(at: 3)])
        try client.publish("4", offset: 4, to: "#42")
        let ada = Wire.ClientInfo(user: "ada", client: "c9")
        try client.push("#42", .join(Wire.Join(info: ada)))
        try client.push("#42", .leave(Wire.Leave(info: ada)))
        try client.push("late", .subscribe(Wire.Subscribe(data: ByteBuffer(string: "hi"))))
        try client.push("late", .unsubscribe(Wire.Unsubscribe(.server)))
        try client.push("", .message(Wire.Message(data: ByteBuffer(string: "m"))))
        try client.publish("x", to: "late")
        let events = client.events()
        #expect(events.count == 9)
        #expect(offsets(events) == [4])
        #expect(events.contains(.join(channel: "#42", Client.ClientInfo(ada))))
        #expect(events.contains(.leave(channel: "#42", Client.ClientInfo(ada))))
        #expect(events.contains(.unsubscribed(channel: "late", Client.Reason(.server))))
        #expect(events.last == .message(ByteBuffer(string: "m")))
    }

    @Test("recovered with the connect; what is not named any more is over")
    func recovery() throws {
        var client = try connected(["a": .recoverable(at: 3), "b": Wire.SubscribeResult()])
        try client.publish("4", offset: 4, to: "a")
        client.lose()
        client.wait(.seconds(1))
        let (id, asked) = try subs(&client)
        #expect(asked == ["a": Wire.SubscribeRequest(recover: true, epoch: "e1", offset: 4)])
        try client.receive(Wire.Reply(id: id, body: .connect(Wire.ConnectResult(client: "c", subs: ["a": .recovered(after: 4, 5...6)]))))
        let events = client.events()
        #expect(offsets(events) == [4, 5, 6])
        #expect(events.contains(.subscribing(channel: "a", .transportClosed)))
        #expect(events.contains(.unsubscribed(channel: "b", Client.Reason(.server))))
    }

    @Test("not recovered: missed; 112 on connecting: without positions")
    func notRecovered() throws {
        var client = try connected(["a": .recoverable(at: 3)])
        client.lose()
        client.wait(.seconds(1))
        var (id, asked) = try subs(&client)
        try client.receive(Wire.Reply(id: id, error: Wire.ErrorReply(.unrecoverablePosition)))
        client.wait(.seconds(2))
        (id, asked) = try subs(&client)
        #expect(asked.isEmpty)
        var result = Wire.SubscribeResult.recoverable(at: 9, epoch: "e2")
        result.wasRecovering = true
        try client.receive(Wire.Reply(id: id, body: .connect(Wire.ConnectResult(client: "c", subs: ["a": result]))))
        #expect(client.events().last == .missed(channel: "a"))
    }

    @Test("a reader of events that is too slow: another connection recovers what it missed")
    func slow() throws {
        var client = try connected(["a": .recoverable(at: 0)], events: 16)
        for offset: UInt64 in 1...40 { try client.publish("\(offset)", offset: offset, to: "a") }
        // connecting, connected, subscribed, and thirteen publications.
        let first = client.events()
        #expect(offsets(first) == Array(1...13))
        #expect(first.contains(.connecting(.slowReader)))
        client.wait(.zero)
        let (id, asked) = try subs(&client)
        #expect(asked["a"]?.offset == 13)
        try client.receive(Wire.Reply(id: id, body: .connect(Wire.ConnectResult(client: "c", subs: ["a": .recovered(after: 13, 14...15)]))))
        #expect(offsets(client.events()) == [14, 15])
        #expect(client.machine.state == .connected)
    }

    @Test("what can't be recovered is said to be missed")
    func slowWithoutHistory() throws {
        var client = try connected(["a": Wire.SubscribeResult()], events: 16)
        for _ in 1...40 { try client.push("", .message(Wire.Message(data: ByteBuffer(string: "m")))) }
        #expect(client.events().contains(.missed(channel: nil)))
        #expect(client.machine.state == .connected)
    }

    @Test("nobody reads events: bounded, and nothing else is disturbed")
    func nobody() throws {
        var client = try connected(["a": .recoverable(at: 0)], events: 16)
        let key = try client.subscribe("news")
        try client.grant(.recoverable(at: 0))
        _ = client.events(of: key)
        for offset: UInt64 in 1...1_000 {
            try client.publish("\(offset)", offset: offset, to: "a")
            try client.publish("\(offset)", offset: offset, to: "news")
            #expect(client.events(of: key).offsets == [offset])
        }
        #expect(client.machine.mailbox.count == 16)
        for _ in 0..<50 {
            client.tell { machine, _ in machine.disconnect() }
            client.connect()
        }
        #expect(client.machine.mailbox.count <= 20)
    }

    @Test("no more of them than allowed")
    func bounded() throws {
        var client = try MachineClient.connected { $0.maxSubscriptions = 10 }
        for number in 0..<11 { try client.push("c\(number)", .subscribe(Wire.Subscribe())) }
        #expect(client.machine.ending == .badProtocol)
        #expect(client.machine.serverSide.count == 10)
    }

    @Test("a delta that does not fit: another connection")
    func badDelta() throws {
        var result = Wire.SubscribeResult.recoverable(at: 0)
        result.delta = true
        var client = try connected(["a": result])
        try client.push("a", .publication(Wire.Publication(data: ByteBuffer(string: "x"), offset: 1, delta: true)))
        #expect(client.events().last == .subscribing(channel: "a", Client.Reason(.insufficientState)))
        #expect(client.machine.phase == .waiting)
    }
}
