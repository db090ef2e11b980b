// A server that does not keep the protocol, or is none: nothing traps, nothing grows, and the client says what it makes of it.

import NIOCore
import RealtimeProtocol
import Testing
import WebSocketTesting

@testable import RealtimeClient

@Suite("Hostile servers")
struct HostileServerTests {
    @Test(
        "garbage ends the client; before it was accepted it is tried again",
        arguments: ["", "{", "\u{0}\u{0}\u{1}", "[1]", "null", "{}\n\n{}"])
    func garbage(text: String) throws {
        var client = try MachineClient.connected { $0.format = .json }
        client.receive(ByteBuffer(string: text))
        #expect(client.machine.ending == .badProtocol)
        var early = MachineClient { $0.format = .json }
        early.connect()
        early.open()
        early.receive(ByteBuffer(string: text))
        #expect(early.machine.phase == .waiting)
    }

    @Test("what comes before a broken message stands")
    func partial() throws {
        var (client, key) = try MachineClient.subscribed(Wire.SubscribeResult(), { $0.format = .json })
        client.receive(ByteBuffer(string: #"{"push":{"channel":"news","pub":{"data":1}}}"# + "\n{"))
        #expect(client.events(of: key).texts == ["1"])
        #expect(client.machine.ending == .badProtocol)
    }

    @Test("numbers of nobody, answers to something else, answers twice")
    func wrongAnswers() throws {
        var client = try MachineClient.connected()
        let ticket = client.request(.publish(Wire.PublishRequest(channel: "a")))
        _ = try client.commands()
        try client.receive(
            Wire.Reply(id: 99, body: .connect(Wire.ConnectResult(client: "other"))),
            Wire.Reply(id: 1, body: .connect(Wire.ConnectResult())),
            Wire.Reply(id: .max, error: Wire.ErrorReply(.internal)), Wire.Reply(id: 2, body: .presence(Wire.PresenceResult())),
            Wire.Reply(id: 2, body: .publish(Wire.PublishResult())))
        #expect(client.machine.clientID == "c1")
        #expect(try client.completed[ticket]?.get() == .presence(Wire.PresenceResult()))
        let key = try client.subscribe("news")
        let id = try #require(try client.commands().first?.id)
        try client.receive(Wire.Reply(id: id, body: .history(Wire.HistoryResult())))
        #expect(client.machine.ending == .badProtocol)
        #expect(client.state(of: key) == .subscribing)
    }

    @Test("pushes before the connect is answered are nobody's")
    func early() throws {
        var client = MachineClient()
        _ = try client.subscribe("news")
        client.connect()
        client.open()
        try client.publish("1", to: "news")
        try client.push("own", .subscribe(Wire.Subscribe()))
        try client.push("", .message(Wire.Message()))
        try client.push("", .refresh(Wire.Refresh(expires: true, ttl: 1)))
        try client.push("", .connect(Wire.Connect(client: "x")))
        #expect(client.machine.phase == .opening)
        #expect(client.machine.serverSide.isEmpty)
        #expect(client.events() == [.connecting(.connectCalled)])
    }

    @Test("numbers that contradict each other")
    func numbers() throws {
        var client = try MachineClient.connected()
        let a = try client.subscribe("a"), b = try client.subscribe("b")
        let commands = try client.commands()
        for command in commands { try client.receive(Wire.Reply(id: command.id, body: .subscribe(Wire.SubscribeResult(id: -1)))) }
        try client.push("", .publication(Wire.Publication(data: ByteBuffer(string: "1"))), id: -1)
        #expect(client.events(of: a).texts.count + client.events(of: b).texts.count == 1)
    }

    /// Any reply, about channels and numbers that are likely to mean something.
    private func reply(_ random: inout SeededRandom, _ format: WireFormat) -> Wire.Reply {
        let id = UInt32.random(in: 0...8, using: &random)
        let offset = ([0, 1, 2, 3, .max, .max - 1] as [UInt64]).randomElement(using: &random) ?? 0
        let channel = ["a", "b", "s", ""].randomElement(using: &random) ?? ""
        let flag = { (random: inout SeededRandom) in Bool.random(using: &random) }
        let texts = ["1", "\"4\\n4@0,0;\"", "{}", format == .json ? "[]" : "4\n4@0,0;"]
        let publication = Wire.Publication(
            data: ByteBuffer(string: texts.randomElement(using: &random) ?? ""), offset: offset,
            delta: flag(&random), time: .min, epoch: "e")
        let result = Wire.SubscribeResult(
            expires: flag(&random), ttl: [0, 1, .max].randomElement(using: &random) ?? 0, recoverable: flag(&random), epoch: "e",
            publications: flag(&random) ? [publication, publication] : [], recovered: flag(&random), offset: offset,
            positioned: flag(&random), wasRecovering: flag(&random), delta: flag(&random),
            id: [0, 1, .min, .max].randomElement(using: &random) ?? 0)
        let codes: [UInt32] = [0, 1, 99, 100, 101, 103, 109, 111, 112, 2_000, 2_500, 2_501, 2_502, .max]
        let code = codes.randomElement(using: &random) ?? 0
        if flag(&random), flag(&random) {
            return Wire.Reply(id: id, error: Wire.ErrorReply(code: code, message: "e", temporary: flag(&random)))
        }
        let pushes: [Wire.Push.Body] = [
            .publication(publication), .join(Wire.Join()), .leave(Wire.Leave()), .unsubscribe(Wire.Unsubscribe(code: code)),
            .message(Wire.Message()), .subscribe(Wire.Subscribe(recoverable: flag(&random), offset: offset)), .connect(Wire.Connect()),
            .disconnect(Wire.Disconnect(code: [3_000, 3_014, 4_000, .max].randomElement(using: &random) ?? 0)),
            .refresh(Wire.Refresh(expires: true, ttl: .max)),
        ]
        let push = pushes.randomElement(using: &random).map {
            Wire.Reply.Body.push(Wire.Push(id: [0, 1, .min, .max].randomElement(using: &random) ?? 0, channel: channel, body: $0))
        }
        let bodies: [Wire.Reply.Body?] = [
            nil, push, push, push,
            .connect(Wire.ConnectResult(client: "c", expires: flag(&random), ttl: .max, subs: ["s": result], ping: .max)),
            .subscribe(result), .subscribe(result), .unsubscribe(Wire.UnsubscribeResult()), .publish(Wire.PublishResult()),
            .history(Wire.HistoryResult()), .refresh(Wire.RefreshResult(expires: true, ttl: 0)),
            .subRefresh(Wire.SubRefreshResult(expires: true, ttl: 0)),
        ]
        return Wire.Reply(id: id, body: bodies.randomElement(using: &random) ?? nil)
    }

    @Test("random conversations: nothing traps, and every bound holds", arguments: [WireFormat.json, .protobuf])
    func random(format: WireFormat) throws {
        var states = Set<Client.State>()
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            var client = MachineClient(random: 0.5) {
                ($0.format, $0.maxSubscriptions, $0.maxBufferedEvents, $0.maxPendingRequests) = (format, 8, 8, 8)
                $0.getToken = { "" }
            }
            var keys: [SubscriptionKey] = []
            for _ in 0..<400 {
                switch UInt8.random(in: 0...15, using: &random) {
                case 0: client.connect()
                case 1: if let id = client.tokenRequests.last { client.tell { $0.tokenArrived(id, .success("T"), at: $1) } }
                case 2: client.open()
                case 3: keys.append(try client.subscribe(["a", "b"].randomElement(using: &random) ?? "a") { $0.delta = .fossil })
                case 4: if let key = keys.randomElement(using: &random) { client.tell { $0.unsubscribe(key, at: $1) } }
                case 5: if Bool.random(using: &random), let key = keys.popLast() { client.tell { $0.remove(key, at: $1) } }
                case 6: client.wait(.milliseconds(Int.random(in: 0...3_000, using: &random)))
                case 7: _ = client.request(.publish(Wire.PublishRequest(channel: "a", data: ByteBuffer(string: "1"))), needs: keys.last)
                case 8: _ = client.events()
                case 9: if let key = keys.randomElement(using: &random) { _ = client.events(of: key, atMost: 3) }
                case 10: if UInt8.random(in: 0...9, using: &random) == 0 { client.lose() }
                default: try client.receive((0..<3).map { _ in reply(&random, format) })
                }
                _ = try client.commands()
                states.insert(client.machine.state)
                expectBounds(client)
            }
        }
        #expect(states.count == 3)
    }

    private func expectBounds(_ client: MachineClient) {
        let machine = client.machine
        #expect(machine.subscriptions.count <= 8 && machine.serverSide.count <= 8 && machine.requests.count <= 8)
        #expect(machine.numbers.count <= 24 && machine.calls.count <= 400)
        #expect(machine.mailbox.count <= 24 && machine.subscriptions.values.allSatisfy { $0.mailbox.count <= 24 })
        #expect(machine.pendingBytes >= 0 && (machine.requests.isEmpty ? machine.pendingBytes == 0 : true))
        if machine.phase == .idle { #expect(machine.calls.isEmpty && machine.requests.isEmpty && machine.state == .disconnected) }
        if machine.phase == .connected { #expect(machine.state == .connected) }
    }

    @Test("random bytes", arguments: [WireFormat.json, .protobuf])
    func randomBytes(format: WireFormat) throws {
        var random = SeededRandom(seed: 7)
        for length in 0..<300 {
            var client = try MachineClient.connected { $0.format = format }
            client.receive(ByteBuffer(bytes: random.bytes(length)))
        }
    }
}
