// What the application asks: batched, bounded, timed, cancelled.

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

@Suite("Requests")
struct RequestTests {
    private func publish(_ text: String) -> Wire.Command.Body {
        .publish(Wire.PublishRequest(channel: "news", data: ByteBuffer(string: text)))
    }

    @Test("an answer completes its request, whatever the order")
    func answers() throws {
        var client = try MachineClient.connected()
        let first = client.request(publish("1"))
        let second = client.request(.rpc(Wire.RPCRequest(method: "m")))
        let ids = try client.commands().map(\.id)
        #expect(ids == [2, 3])
        try client.receive(
            Wire.Reply(id: 3, body: .rpc(Wire.RPCResult(data: ByteBuffer(string: "42")))),
            Wire.Reply(id: 2, error: Wire.ErrorReply(.badRequest)))
        #expect(try client.completed[second]?.get() == .rpc(Wire.RPCResult(data: ByteBuffer(string: "42"))))
        #expect(client.failure(of: first) == RealtimeError(code: 107, message: "bad request"))
        #expect(client.machine.requests.isEmpty && client.machine.calls.isEmpty && client.machine.pendingBytes == 0)
    }

    @Test("commands of one turn share frames of 16 KiB")
    func batching() throws {
        for format in [WireFormat.json, .protobuf] {
            var client = try MachineClient.connected { $0.format = format }
            for _ in 0..<100 { _ = client.request(publish(#""\#(String(repeating: "x", count: 1_000))""#)) }
            let frames = try client.frames()
            #expect(frames.joined().map(\.id) == Array(2...101))
            #expect((6...8).contains(frames.count))
        }
    }

    @Test("without a connection a request waits for it")
    func waits() throws {
        var client = MachineClient()
        client.connect()
        let ticket = client.request(publish("1"))
        let ready = client.request(nil)
        client.open()
        #expect(try client.commands().count == 1)
        try client.receive(Wire.Reply(id: 1, body: .connect(Wire.ConnectResult(client: "c"))))
        #expect(client.completed[ready] != nil)
        let commands = try client.commands()
        #expect(commands.map(\.body) == [publish("1")])
        try client.receive(Wire.Reply(id: 2, body: .publish(Wire.PublishResult())))
        #expect(try client.completed[ticket]?.get() == .publish(Wire.PublishResult()))
    }

    @Test("nobody connects: it fails at once")
    func disconnected() throws {
        var client = MachineClient()
        let early = client.request(publish("1"))
        #expect(client.failure(of: early) == .disconnected)
        client.connect()
        let waiting = client.request(publish("1"))
        client.tell { machine, _ in machine.disconnect() }
        #expect(client.failure(of: waiting) == .disconnected)
    }

    @Test("5 s from the call on, wherever it waits")
    func timeout() throws {
        var client = MachineClient()
        client.connect()
        let ticket = client.request(publish("1"))
        client.wait(.seconds(4))
        try client.accept()
        client.wait(.milliseconds(999))
        #expect(client.completed[ticket] == nil)
        client.wait(.milliseconds(1))
        #expect(client.failure(of: ticket) == .timeout)
        try client.receive(Wire.Reply(id: 2, body: .publish(Wire.PublishResult())))
        #expect(client.machine.state == .connected)
        #expect(client.machine.pendingBytes == 0)
    }

    @Test("the connection is lost under it: nobody knows, and it is said; what was not written goes on waiting")
    func lost() throws {
        var (client, key) = try MachineClient.subscribed()
        let written = client.request(publish("1"))
        client.lose()
        let waiting = client.request(publish("2"))
        let needing = client.request(publish("3"), needs: key)
        #expect(client.failure(of: written) == .transportClosed)
        client.wait(.seconds(1))
        let behind = try client.accept()
        #expect(client.completed[waiting] == nil)
        #expect(try client.commands().map(\.body) == [publish("2")])
        try client.grant(in: behind)
        #expect(try client.commands().map(\.body) == [publish("3")])
        #expect(client.completed[needing] == nil)
    }

    @Test("cancelled: the answer finds nobody")
    func cancelled() throws {
        var client = try MachineClient.connected()
        let ticket = client.request(publish("1"))
        client.tell { machine, _ in machine.cancel(ticket) }
        #expect(client.failure(of: ticket) == .cancelled)
        try client.receive(Wire.Reply(id: 2, body: .publish(Wire.PublishResult())))
        client.tell { machine, _ in machine.cancel(ticket) }
        #expect(client.machine.state == .connected)
    }

    @Test("one of a subscription waits until it is subscribed, and fails when it is over")
    func subscription() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news")
        let ticket = client.request(publish("1"), needs: key)
        let commands = try client.commands()
        #expect(commands.count == 1)
        try client.grant(in: commands)
        #expect(try client.commands().map(\.body) == [publish("1")])
        let other = try client.subscribe("other")
        let waiting = client.request(nil, needs: other)
        try client.refuse(103)
        #expect(client.failure(of: waiting) == .unsubscribed)
        let late = client.request(nil, needs: other)
        #expect(client.failure(of: late) == .unsubscribed)
        #expect(client.completed[ticket] == nil)
    }

    @Test("bounded: requests, bytes, and the length of a command")
    func bounds() throws {
        var client = MachineClient { ($0.maxPendingRequests, $0.maxPendingBytes) = (3, 4_000) }
        client.connect()
        let long = client.request(publish(String(repeating: "x", count: 4_000)))
        #expect(client.failure(of: long) == .overLimit("bytes that wait"))
        for _ in 0..<3 { _ = client.request(publish("1")) }
        let fourth = client.request(publish("1"))
        #expect(client.failure(of: fourth) == .overLimit("requests that wait"))

        var other = try MachineClient.connected()
        let huge = other.request(publish(String(repeating: "x", count: 70_000)))
        #expect(other.failure(of: huge)?.code == 4)
        #expect(try other.commands().isEmpty)
        #expect(other.machine.state == .connected)
    }

    @Test("messages without an answer count as long as they are not written")
    func sends() throws {
        var client = try MachineClient.connected { $0.maxPendingBytes = 10_000 }
        let message = Wire.Command.Body.send(Wire.SendRequest(data: ByteBuffer(repeating: 1, count: 4_000)))
        let first = client.request(message)
        #expect(try client.completed[first]?.get() == .some(nil))
        _ = client.request(message)
        let third = client.request(message)
        #expect(client.failure(of: third) == .overLimit("bytes that wait"))
        #expect(try client.commands().map(\.id) == [0, 0])
        let fourth = client.request(message)
        #expect(client.failure(of: fourth) == nil)
    }

    @Test("on a connection that speaks JSON, what is no JSON fails, and nothing else")
    func notJSON() throws {
        var client = try MachineClient.connected { $0.format = .json }
        let bad = client.request(publish("{"))
        #expect(client.failure(of: bad)?.code == 4)
        #expect(try client.commands().isEmpty)
        _ = client.request(publish("{}"))
        #expect(try client.commands().count == 1)
    }
}
