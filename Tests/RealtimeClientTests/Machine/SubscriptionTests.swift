// Subscriptions: what is asked, what every answer means, and what is recovered (protocol §1.6, §1.7, §1.10, §1.11).

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

@Suite("Subscriptions")
struct SubscriptionTests {
    // MARK: Asking

    @Test("those that are there before the connection go with the connect, in its frame")
    func optimistic() throws {
        var client = MachineClient()
        let news = try client.subscribe("news")
        _ = try client.subscribe("sport")
        client.connect()
        client.open()
        let frames = try client.frames()
        #expect(frames.count == 1)
        #expect(frames.first?.map(\.id) == [1, 2, 3])
        try client.receive(
            Wire.Reply(id: 1, body: .connect(Wire.ConnectResult(client: "c"))), Wire.Reply(id: 2, body: .subscribe(Wire.SubscribeResult())))
        #expect(client.state(of: news) == .subscribed)
        #expect(client.events(of: news).count == 2)
    }

    @Test("an answer to a subscribe before that to the connect breaks the protocol")
    func tooEarly() throws {
        var client = MachineClient()
        _ = try client.subscribe("news")
        client.connect()
        client.open()
        try client.receive(Wire.Reply(id: 2, body: .subscribe(Wire.SubscribeResult())))
        #expect(client.machine.phase == .waiting)
    }

    @Test("every option is in the request")
    func options() throws {
        var client = try MachineClient.connected()
        let filter = Wire.FilterNode(key: "symbol", comparison: "eq", value: "AAPL")
        _ = try client.subscribe("news") {
            ($0.token, $0.data, $0.isPositioned, $0.isRecoverable, $0.joinLeave) = ("S", ByteBuffer(string: "{}"), true, true, true)
            ($0.delta, $0.tagsFilter) = (.fossil, filter)
            $0.since = Client.StreamPosition(epoch: "e0", offset: 3)
        }
        let request = try client.grant()
        #expect(
            request
                == Wire.SubscribeRequest(
                    channel: "news", token: "S", recover: true, epoch: "e0", offset: 3, data: ByteBuffer(string: "{}"), positioned: true,
                    recoverable: true, joinLeave: true, delta: "fossil", tagsFilter: filter, flag: 1))
    }

    @Test("one subscription to a channel; names that none can have; no more than allowed")
    func names() throws {
        var client = MachineClient { $0.maxSubscriptions = 2 }
        let first = try client.subscribe("news")
        #expect(try client.subscribe("news") == first)
        #expect(throws: RealtimeError.self) { try client.subscribe("") }
        #expect(throws: RealtimeError.self) { try client.subscribe(String(repeating: "é", count: 128)) }
        _ = try client.subscribe(String(repeating: "x", count: 255))
        #expect(throws: RealtimeError.overLimit("subscriptions")) { try client.subscribe("third") }
        client.tell { $0.remove(first, at: $1) }
        _ = try client.subscribe("third")
    }

    @Test("subscribed: an event with all that the server said")
    func subscribed() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news")
        var result = Wire.SubscribeResult.recoverable(at: 7)
        result.data = ByteBuffer(string: "hi")
        try client.grant(result)
        let expected = Client.Subscribed(
            channel: "news", isRecoverable: true, isPositioned: true, position: Client.StreamPosition(epoch: "e1", offset: 7),
            wasRecovering: false, recovered: false, data: ByteBuffer(string: "hi"))
        #expect(client.events(of: key) == [.subscribing(.subscribeCalled), .subscribed(expected)])
    }

    // MARK: Answers

    @Test("an error for now is tried again after the back-off; one for good ends it")
    func refused() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news")
        try client.refuse(100, isTemporary: true)
        #expect(client.state(of: key) == .subscribing)
        client.wait(.milliseconds(499))
        #expect(try client.commands().isEmpty)
        client.wait(.milliseconds(1))
        try client.refuse(11)
        client.wait(.seconds(1))
        try client.refuse(103)
        #expect(client.events(of: key).last == .unsubscribed(Client.Reason(code: 103, reason: "no")))
        client.wait(.seconds(20))
        #expect(try client.commands().isEmpty)
    }

    @Test("no answer to a subscribe, or to an unsubscribe: another connection")
    func timeouts() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news")
        client.wait(.seconds(5))
        #expect(client.events() == [.connecting(.subscribeTimeout)])
        client.wait(.seconds(1))
        try client.grant(in: client.accept())
        client.tell { $0.unsubscribe(key, at: $1) }
        client.wait(.seconds(5))
        #expect(client.events().last == .connecting(.unsubscribeError))
    }

    @Test("an error of an unsubscribe: another connection")
    func unsubscribeError() throws {
        var (client, key) = try MachineClient.subscribed()
        client.tell { $0.unsubscribe(key, at: $1) }
        let command = try #require(try client.commands().first)
        #expect(command.body == .unsubscribe(Wire.UnsubscribeRequest(channel: "news")))
        try client.receive(Wire.Reply(id: command.id, error: Wire.ErrorReply(.internal)))
        #expect(client.events().last == .connecting(.unsubscribeError))
    }

    // MARK: What comes

    @Test("publications, joins and leaves, in order")
    func pushes() throws {
        var (client, key) = try MachineClient.subscribed()
        let ada = Wire.ClientInfo(user: "ada", client: "c9", connectionInfo: ByteBuffer(string: "1"))
        try client.push("news", .join(Wire.Join(info: ada)))
        try client.push(
            "news",
            .publication(Wire.Publication(data: ByteBuffer(string: "x"), info: ada, tags: ["a": "b"], time: 5, channel: "news.1")))
        try client.push("news", .leave(Wire.Leave(info: ada)))
        try client.push("news", .leave(Wire.Leave()))
        try client.publish("y", to: "elsewhere")
        let events = client.events(of: key)
        #expect(events.count == 4)
        #expect(events.first == .join(Client.ClientInfo(ada)))
        guard case .publication(let publication) = events.dropFirst().first else { throw Unexpected("no publication") }
        #expect((publication.channel, publication.tags, publication.time) == ("news.1", ["a": "b"], 5))
        #expect((publication.info?.user, publication.position) == ("ada", nil))
        #expect(events.last == .leave(Client.ClientInfo(Wire.ClientInfo())))
    }

    @Test("a number stands for the channel, until the subscription has another or none")
    func compaction() throws {
        var (client, key) = try MachineClient.subscribed(Wire.SubscribeResult(id: 5))
        try client.push("", .publication(Wire.Publication(data: ByteBuffer(string: "1"))), id: 5)
        try client.push("", .publication(Wire.Publication(data: ByteBuffer(string: "2"))), id: 6)
        let commands = try client.comeBack()
        try client.grant(Wire.SubscribeResult(id: 6), in: commands)
        try client.push("", .publication(Wire.Publication(data: ByteBuffer(string: "3"))), id: 5)
        try client.push("", .publication(Wire.Publication(data: ByteBuffer(string: "4"))), id: 6)
        #expect(client.events(of: key).texts == ["1", "4"])
        for _ in 0..<10 {
            client.tell { $0.unsubscribe(key, at: $1) }
            client.tell { $0.resume(key, at: $1) }
            let commands = try client.commands()
            try client.receive(Wire.Reply(id: commands.first?.id ?? 0, body: .unsubscribe(Wire.UnsubscribeResult())))
            try client.grant(Wire.SubscribeResult(id: 7), in: commands)
        }
        #expect(client.machine.numbers == [7: "news"])
    }

    @Test("the server ends it: below 2500 for good, from there on to be asked for again")
    func unsubscribed() throws {
        for code: UInt32 in [2_000, 2_499, 0] {
            var (client, key) = try MachineClient.subscribed()
            try client.push("news", .unsubscribe(Wire.Unsubscribe(code: code, reason: "why")))
            #expect(client.events(of: key) == [.unsubscribed(Client.Reason(code: code, reason: "why"))])
            // The server knows: it is not told.
            #expect(try client.commands().isEmpty)
        }
        for code: UInt32 in [2_500, 2_501, 2_502, 3_000] {
            var (client, key) = try MachineClient.subscribed(.recoverable(at: 4))
            try client.push("news", .unsubscribe(Wire.Unsubscribe(code: code, reason: "why")))
            #expect(client.events(of: key) == [.subscribing(Client.Reason(code: code, reason: "why"))])
            client.wait(.milliseconds(500))
            let request = try client.grant()
            #expect(request.recover == (code != 2_502))
            #expect(request.offset == (code == 2_502 ? 0 : 4))
        }
    }

    // MARK: Recovery, §1.7

    @Test("after a loss: from the last publication on; what was missed comes in order")
    func recovers() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 5))
        try client.publish("6", offset: 6, to: "news")
        let request = try client.grant(.recovered(after: 6, 7...9), in: client.comeBack())
        #expect((request.recover, request.epoch, request.offset) == (true, "e1", 6))
        try client.publish("10", offset: 10, to: "news")
        #expect(client.events(of: key).offsets == [6, 7, 8, 9, 10])
        let next = try client.grant(.recovered(after: 10, nil), in: client.comeBack())
        #expect(next.offset == 10)
        #expect(!client.events(of: key).contains(.missed))
    }

    @Test("what can't be recovered is said to be missed")
    func notRecovered() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 5))
        var result = Wire.SubscribeResult.recoverable(at: 900, epoch: "e2")
        result.wasRecovering = true
        try client.grant(result, in: client.comeBack())
        let events = client.events(of: key)
        #expect(events.last == .missed)
        try client.publish("901", offset: 901, to: "news")
        #expect(client.events(of: key).offsets == [901])
        #expect(try client.grant(.recovered(after: 901, nil), in: client.comeBack()).epoch == "e2")
    }

    @Test("error 112 is the same, in other words")
    func unrecoverable() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 5))
        try client.refuse(112, in: client.comeBack())
        client.wait(.seconds(1))
        #expect(try client.grant(.recoverable(at: 80)).recover == false)
        #expect(client.events(of: key).last == .missed)
    }

    @Test("the epoch of a stream that had none is the first publication's")
    func firstEpoch() throws {
        var (client, _) = try MachineClient.subscribed(.recoverable(at: 0, epoch: ""))
        try client.push("news", .publication(Wire.Publication(data: ByteBuffer(string: "1"), offset: 1, epoch: "e9")))
        let request = try client.grant(.recovered(after: 1, nil), in: client.comeBack())
        #expect((request.epoch, request.offset) == ("e9", 1))
    }

    @Test("the latest publication alone is recovered (cache), though it is where we are")
    func cache() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 5))
        var result = Wire.SubscribeResult.recovered(after: 9, 9...9)
        result.offset = 9
        try client.grant(result, in: client.comeBack())
        #expect(client.events(of: key).offsets == [9])
    }

    @Test("a publication that was seen before is not given again")
    func duplicates() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 5))
        for offset: UInt64 in [6, 6, 5, 7, 1, 8] { try client.publish("\(offset)", offset: offset, to: "news") }
        #expect(client.events(of: key).offsets == [6, 7, 8])
    }

    @Test("a position that was kept, and unsubscribing that keeps it")
    func since() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news") { $0.since = Client.StreamPosition(epoch: "e1", offset: 40) }
        #expect(try client.grant(.recovered(after: 40, 41...42)).offset == 40)
        #expect(client.events(of: key).offsets == [41, 42])
        client.tell { $0.unsubscribe(key, at: $1) }
        _ = try client.commands()
        client.tell { $0.resume(key, at: $1) }
        #expect(try client.grant(.recovered(after: 42, nil)).offset == 42)
    }

    @Test("where the reader is, not where the network is")
    func readPosition() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 5))
        for offset: UInt64 in 6...8 { try client.publish("\(offset)", offset: offset, to: "news") }
        #expect(client.machine.subscriptions["news"]?.readPosition?.offset == 5)
        #expect(client.events(of: key, atMost: 2).offsets == [6, 7])
        #expect(client.machine.subscriptions["news"]?.readPosition?.offset == 7)
    }

    // MARK: Deltas, §1.10

    @Test("differences become whole again, in both formats", arguments: [WireFormat.json, .protobuf])
    func deltas(format: WireFormat) throws {
        var (client, key) = try MachineClient.subscribed(Wire.SubscribeResult(delta: true), { $0.format = format }, { $0.delta = .fossil })
        let base = ByteBuffer(string: #"{"text":"\#(String(repeating: "a long text ", count: 20))1"}"#)
        let target = ByteBuffer(string: #"{"text":"\#(String(repeating: "a long text ", count: 20))2"}"#)
        let patch = try #require(Delta.make(from: base, to: target, cuts: .characters))
        for (data, isDelta) in [(base, false), (patch, true), (base, false)] {
            let sent = format == .json ? try #require(JSONText.string(data)) : data
            try client.push("news", .publication(Wire.Publication(data: sent, delta: isDelta)))
        }
        #expect(client.events(of: key).texts == [base, target, base].map { String(buffer: $0) })
    }

    @Test("one that does not fit: without differences, from where we are", arguments: ["no patch", "1\n1@0,0;", ""])
    func badDelta(patch: String) throws {
        var result = Wire.SubscribeResult.recoverable(at: 5)
        result.delta = true
        var (client, key) = try MachineClient.subscribed(result, { _ in }, { $0.delta = .fossil })
        try client.publish("6", offset: 6, to: "news")
        try client.push("news", .publication(Wire.Publication(data: ByteBuffer(string: patch), offset: 7, delta: true)))
        #expect(try client.commands().map(\.body) == [.unsubscribe(Wire.UnsubscribeRequest(channel: "news"))])
        client.wait(.milliseconds(500))
        let request = try client.grant(.recovered(after: 6, 7...8))
        #expect((request.delta, request.offset) == ("", 6))
        #expect(client.events(of: key).offsets == [6, 7, 8])
    }

    @Test("a delta without a base, and a target beyond the limit")
    func hostileDelta() throws {
        for (first, limit) in [(nil, 1 << 20), ("base", 3)] {
            var (client, key) = try MachineClient.subscribed(
                Wire.SubscribeResult(delta: true), { $0.maxMessageSize = limit }, { $0.delta = .fossil })
            if let first { try client.publish(first, to: "news") }
            try client.push("news", .publication(Wire.Publication(data: ByteBuffer(string: "4\n4@0,0;"), delta: true)))
            #expect(client.state(of: key) == .subscribing)
            #expect(client.machine.state == .connected)
        }
    }

    // MARK: Races

    @Test("unsubscribed and subscribed again before the first answer: that one is late")
    func quickChange() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news")
        client.tell { $0.unsubscribe(key, at: $1) }
        client.tell { $0.resume(key, at: $1) }
        let commands = try client.commands()
        #expect(commands.map(\.id) == [2, 3, 4])
        try client.receive(Wire.Reply(id: 2, body: .subscribe(.recoverable(at: 1))))
        try client.publish("early", offset: 2, to: "news")
        #expect(client.state(of: key) == .subscribing)
        try client.receive(Wire.Reply(id: 3, body: .unsubscribe(Wire.UnsubscribeResult())))
        try client.receive(Wire.Reply(id: 4, body: .subscribe(.recoverable(at: 2))))
        #expect(client.state(of: key) == .subscribed)
        #expect(client.events(of: key).offsets.isEmpty)
    }

    @Test("an end by the server while another is asked for is of the earlier one")
    func crossing() throws {
        var (client, key) = try MachineClient.subscribed()
        client.tell { $0.unsubscribe(key, at: $1) }
        client.tell { $0.resume(key, at: $1) }
        try client.push("news", .unsubscribe(Wire.Unsubscribe(.server)))
        #expect(client.state(of: key) == .subscribing)
        try client.grant()
        #expect(client.state(of: key) == .subscribed)
    }

    @Test("without a connection unsubscribing needs no server")
    func offline() throws {
        var (client, key) = try MachineClient.subscribed()
        client.lose()
        client.tell { $0.unsubscribe(key, at: $1) }
        client.wait(.seconds(1))
        #expect(try client.accept().isEmpty)
        #expect(client.events(of: key).last == .unsubscribed(.unsubscribeCalled))
    }

    @Test("a handle of a subscription that was removed is of no use, even if there is another one")
    func removed() throws {
        var (client, old) = try MachineClient.subscribed()
        try client.publish("unread", to: "news")
        client.tell { $0.remove(old, at: $1) }
        #expect(client.events(of: old).isEmpty)
        guard case .ended(nil) = client.tell({ $0.takeEvent(of: old, at: $1) }) else { throw Unexpected("not over") }
        let new = try client.subscribe("news")
        #expect(new != old)
        client.tell { $0.unsubscribe(old, at: $1) }
        #expect(client.state(of: new) == .subscribing)
        let ticket = client.request(nil, needs: old)
        #expect(client.failure(of: ticket) == .unsubscribed)
    }

    @Test("the client is disconnected: the reader is told the rest, then how it ended; connecting goes on with it")
    func clientEnds() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 5))
        try client.publish("6", offset: 6, to: "news")
        client.lose(3_503, "force disconnect")
        #expect(client.events(of: key).offsets == [6])
        guard case .ended(.some(let reason)) = client.tell({ $0.takeEvent(of: key, at: $1) }) else { throw Unexpected("not over") }
        #expect(reason.code == 3_503)
        client.connect()
        #expect(try client.grant(.recovered(after: 6, 7...7), in: client.accept()).offset == 6)
        #expect(client.events(of: key).offsets == [7])
    }
}
