import NIOCore
import NIOEmbedded
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("Subscribing and publishing", .serialized)
struct SubscribingTests {
    let loop = EmbeddedEventLoop()
    let hub = TestHub.make()

    private func client(_ format: WireFormat = .json) throws -> TestClient {
        let client = TestClient(hub, on: loop, format)
        try client.connect()
        return client
    }

    @Test("A publication reaches every subscriber, the publisher too, in both encodings", arguments: [WireFormat.json, .protobuf])
    func publish(format: WireFormat) throws {
        let clients = try [client(format), client(.json), client(.protobuf)]
        for client in clients { _ = try client.subscribe("open:a") }
        try clients[0].publish(#"{"text":"hello"}"#, to: "open:a")
        for client in clients { #expect(try client.publications().map(\.text) == [#"{"text":"hello"}"#]) }
    }

    @Test("Publications of one turn leave in one batch, at most sixteen of them")
    func batches() throws {
        let (publisher, subscriber) = try (client(), client())
        _ = try subscriber.subscribe("open:a")
        var bodies = ByteBuffer()
        for number in 0..<20 {
            let request = Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "\(number)"))
            try Wire.write(Wire.Command(id: UInt32(number) + 10, body: .publish(request)), as: .json, to: &bodies)
        }
        publisher.session.received(bodies)
        loop.run()
        #expect(subscriber.transport.batches.count == 2)
        #expect(try subscriber.publications().map(\.text) == (0..<20).map { "\($0)" })
    }

    @Test("The publisher is named in its publication")
    func info() throws {
        let client = try client()
        _ = try client.subscribe("open:a")
        try client.publish("1", to: "open:a")
        #expect(try client.publications().first?.info?.client == client.session.client)
    }

    @Test("Whitespace between JSON's tokens is taken out: a newline would end the message")
    func newlines() throws {
        let client = try client()
        _ = try client.subscribe("open:a")
        client.send("{\"id\":9,\"publish\":{\"channel\":\"open:a\",\"data\":{ \"a\" : [1, 2] }}}")
        #expect(try client.publications().map(\.text) == [#"{"a":[1,2]}"#])
    }

    private func publish(_ payloads: [[UInt8]], to channel: String, by client: TestClient) throws {
        for payload in payloads { try client.send(.publish(Wire.PublishRequest(channel: channel, data: ByteBuffer(bytes: payload)))) }
    }

    @Test("Where a channel is for binary payloads, a client that speaks JSON is in the wrong place")
    func binary() throws {
        let (json, protobuf) = try (client(.json), client(.protobuf))
        _ = try json.subscribe("binary:a")
        _ = try protobuf.subscribe("binary:a")
        try publish([[0xff, 0x00]], to: "binary:a", by: protobuf)
        #expect(json.closeCode == 3_506)
        #expect(try protobuf.publications().map { Array($0.data.readableBytesView) } == [[0xff, 0x00]])
        let late = try client(.json)
        try late.send(.history(Wire.HistoryRequest(channel: "binary:a", limit: -1)))
        #expect(late.closeCode == 3_506)
    }

    @Test("Elsewhere what is no JSON is left out for clients that speak it, who do not suffer for its publisher")
    func notJSON() throws {
        let (json, protobuf) = try (client(.json), client(.protobuf))
        for client in [json, protobuf] { _ = try client.subscribe("history:a") { $0.positioned = true } }
        try publish([[0x31], [0xff, 0x00], [0x32], [0x7b], [0x33]], to: "history:a", by: protobuf)
        #expect(try json.publications().map(\.text) == ["1", "2", "3"])
        #expect(try protobuf.publications().map(\.offset) == [1, 2, 3, 4, 5])
        let reply = try json.ask(.history(Wire.HistoryRequest(channel: "history:a", limit: -1)))
        guard case .history(let history) = reply.body else { throw Unexpected("\(reply)") }
        #expect(history.publications.map(\.text) == ["1", "2", "3"] && history.offset == 5)
        let late = try client(.json)
        let result = try late.subscribe("history:a") { ($0.recoverable, $0.recover, $0.offset, $0.epoch) = (true, true, 1, history.epoch) }
        #expect(result.recovered && result.publications.map(\.text) == ["2", "3"])
        try publish([[0xff], [0x34]], to: "history:a", by: protobuf)
        for client in [json, late] {
            #expect(try client.publications().map(\.text) == ["4"])
            #expect(client.closeCode == nil)
        }
    }

    @Test("The rules, each with its code")
    func rules() throws {
        let client = try client()
        func code(_ channel: String) throws -> UInt32? { try client.refusal(.subscribe(Wire.SubscribeRequest(channel: channel))) }
        #expect(try code("nowhere:a") == 102)
        #expect(try code("nowhere") == 102)
        #expect(try code("closed:a") == 103)
        #expect(try code("$open:a") == 103, "a private channel needs a token")
        #expect(try code("open:" + String(repeating: "x", count: 251)) == 107)
        #expect(try code("open:" + String(repeating: "x", count: 250)) == nil)
        #expect(try code("open:a") == nil)
        #expect(try code("open:a") == 105)
    }

    @Test("No channel, and an unknown kind of delta, end the connection")
    func fatal() throws {
        for body in [#"{"channel":""}"#, #"{"channel":"open:a","delta":"vcdiff"}"#] {
            let client = try client()
            client.send(#"{"id":2,"subscribe":\#(body)}"#)
            #expect(client.closeCode == 3_501)
        }
    }

    @Test("128 channels and no more")
    func limit() throws {
        let client = try client()
        for number in 0..<128 { _ = try client.subscribe("open:\(number)") }
        #expect(try client.refusal(.subscribe(Wire.SubscribeRequest(channel: "open:one-more"))) == 106)
        try client.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:0")))
        _ = try client.subscribe("open:one-more")
    }

    @Test("After unsubscribing nothing comes; the channel is forgotten with its last subscriber")
    func unsubscribe() throws {
        let (first, second) = try (client(), client())
        _ = try first.subscribe("open:a")
        _ = try second.subscribe("open:a")
        #expect(hub.channels() == ["open:a": 2])
        try first.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a")))
        try second.publish("1", to: "open:a")
        #expect(try first.publications() == [])
        #expect(try second.publications().count == 1)
        second.session.closed()
        #expect(hub.channels() == [:])
        #expect(hub.counts.clients == 1)
    }

    @Test("The server can publish, and leave a client out")
    func excluded() async throws {
        let (first, second) = try (client(), client())
        _ = try first.subscribe("open:a")
        _ = try second.subscribe("open:a")
        try await hub.publish(Array("1".utf8), to: "open:a", excluding: first.session.client)
        try await hub.publish(Array("2".utf8), to: "open:a")
        #expect(try first.publications().map(\.text) == ["2"])
        #expect(try second.publications().map(\.text) == ["1", "2"])
    }

    @Test("The server ends a subscription, and a connection")
    func ended() throws {
        let client = try client()
        _ = try client.subscribe("open:a")
        hub.unsubscribe(user: "", from: "open:a")
        let push = try client.received().first
        #expect(push?.body == .push(Wire.Push(channel: "open:a", body: .unsubscribe(Wire.Unsubscribe(.server)))))
        hub.disconnect(client: client.session.client)
        #expect(client.closeCode == 3_503)
    }

    @Test("A number takes the place of the channel's name for those who understand it")
    func compaction() throws {
        let (compact, plain) = try (client(), client())
        let result = try compact.subscribe("open:a") { $0.flag = 1 }
        #expect(result.id != 0)
        #expect(try plain.subscribe("open:a").id == 0)
        try plain.publish("1", to: "open:a")
        guard case .push(let push)? = try compact.received().first?.body else { throw Unexpected("no push") }
        #expect(push.id == result.id)
        #expect(push.channel == "")
        guard case .push(let other)? = try plain.received().last?.body else { throw Unexpected("no push") }
        #expect(other.channel == "open:a")
    }

    @Test("Where publications are JSON objects, nothing else is taken")
    func dataFormat() throws {
        let client = try client(.protobuf)
        func publish(_ data: String) throws -> UInt32? {
            try client.refusal(.publish(Wire.PublishRequest(channel: "objects:a", data: ByteBuffer(string: data))))
        }
        #expect(try publish(#" {"a":1}"#) == nil)
        for data in ["", "1", "[]", #"{"a":}"#, #"{}{}"#, "\u{0}"] { #expect(try publish(data) == 107) }
    }

    // MARK: Presence

    @Test("Who is there, joins and leaves")
    func presence() throws {
        let (first, second) = try (client(), client())
        _ = try first.subscribe("presence:a") { $0.joinLeave = true }
        _ = try first.received()
        _ = try second.subscribe("presence:a")
        guard case .push(let join)? = try first.received().first?.body, case .join(let joined)? = join.body else {
            throw Unexpected("no join")
        }
        #expect(joined.info?.client == second.session.client)
        guard case .presence(let members) = try first.ask(.presence(Wire.PresenceRequest(channel: "presence:a"))).body else {
            throw Unexpected("no presence")
        }
        #expect(Set(members.presence.keys) == [first.session.client, second.session.client])
        guard case .presenceStats(let stats) = try first.ask(.presenceStats(Wire.PresenceStatsRequest(channel: "presence:a"))).body else {
            throw Unexpected("no counts")
        }
        #expect(stats.numClients == 2)
        #expect(stats.numUsers == 1)
        second.session.closed()
        guard case .push(let leave)? = try first.received().first?.body, case .leave(let left)? = leave.body else {
            throw Unexpected("no leave")
        }
        #expect(left.info?.client == second.session.client)
    }

    @Test("A subscriber gets its own join, after the answer")
    func ownJoin() throws {
        let client = try client()
        try client.send(.subscribe(Wire.SubscribeRequest(channel: "presence:a", joinLeave: true)))
        let replies = try client.received()
        #expect(replies.count == 2)
        guard case .subscribe? = replies.first?.body, case .push(let push)? = replies.last?.body, case .join? = push.body else {
            throw Unexpected("\(replies)")
        }
    }

    // MARK: Slow readers (A14)

    private func slow(_ channel: String) throws -> TestClient {
        let (publisher, reader) = try (client(), client())
        _ = try reader.subscribe(channel)
        #expect((hub.subscribers(of: channel), hub.subscribers(of: "open:nobody")) == (1, 0))
        reader.transport.bufferedBytes = 2 << 20
        for number in 0..<10 { try publisher.publish("\(number)", to: channel) }
        #expect(try reader.publications() == [])
        reader.transport.bufferedBytes = 0
        reader.session.drained()
        return reader
    }

    @Test("By default a slow reader is disconnected with 3008")
    func slowDisconnected() throws {
        #expect(try slow("open:a").closeCode == 3_008)
    }

    @Test("Or it gets the latest when it has caught up")
    func slowLatest() throws {
        let reader = try slow("latest:a")
        #expect(try reader.publications().map(\.text) == ["9"])
        #expect(reader.closeCode == nil)
    }

    @Test("A recoverable channel loses nothing; but in cache mode the latest says everything, whole, and deltas go on from it")
    func slowState() throws {
        let state = #"{"prices":[100,200,300,400,500,600,700,800,900],"number":"#
        let (publisher, reader) = try (client(), client())
        #expect(try reader.subscribe("state:a") { $0.delta = "fossil" }.recoverable)
        for number in 0..<2 { try publisher.publish("\(state)\(number)}", to: "state:a") }
        #expect(try reader.publications().map(\.delta) == [false, true])
        reader.transport.bufferedBytes = 2 << 20
        for number in 2..<10 { try publisher.publish("\(state)\(number)}", to: "state:a") }
        #expect(try reader.publications() == [])
        reader.transport.bufferedBytes = 0
        reader.session.drained()
        let latest = try #require(reader.publications().first)
        #expect(latest.delta == false && latest.offset == 10 && latest.text.contains("9}"))
        try publisher.publish("\(state)10}", to: "state:a")
        #expect(try reader.publications().map(\.delta) == [true])
        #expect(reader.closeCode == nil)
    }

    @Test("Or the newest few")
    func slowDropping() throws {
        #expect(try slow("dropping:a").publications().map(\.text) == ["7", "8", "9"])
    }
}
