import NIOCore
import NIOEmbedded
import RealtimeProtocol
import Testing

@testable import RealtimeHub

/// What may be said, in which order.
@Suite("Commands and their order")
struct DispatchTests {
    let loop = EmbeddedEventLoop()
    let hub = TestHub.make()

    private func client(_ format: WireFormat = .json) -> TestClient { TestClient(hub, on: loop, format) }

    @Test("Connect is answered with the client's id and the pings to come")
    func connect() throws {
        let client = client()
        guard case .connect(let result) = try client.ask(.connect(Wire.ConnectRequest())).body else { throw Unexpected("no answer") }
        #expect(result.client.count == 32)
        #expect(result.ping == 25)
        #expect(result.pong)
    }

    @Test("Every connection has an id of its own")
    func ids() {
        #expect(Set((0..<1_000).map { _ in randomID() }).count == 1_000)
    }

    @Test("The first command must be connect", arguments: [#"{"id":1,"subscribe":{"channel":"open:a"}}"#, #"{}"#, #"{"send":{"data":1}}"#])
    func first(command: String) {
        let client = client()
        client.send(command)
        #expect(client.closeCode == 3_501)
    }

    @Test("A second connect ends the connection")
    func second() throws {
        let client = client()
        try client.connect()
        client.send(#"{"id":2,"connect":{}}"#)
        #expect(client.closeCode == 3_501)
    }

    @Test(
        "What can't be read ends the connection",
        arguments: ["", "{", "[]", "1", #"{"id":1,"connect":{}}}"#, #"{"id":-1}"#, #"{"id":1,"connect":{},"ping":{}}"#])
    func unreadable(batch: String) {
        let client = client()
        client.send(batch)
        #expect(client.closeCode == 3_501)
    }

    @Test("What precedes the unreadable in a batch is done and answered")
    func halfABatch() throws {
        let client = client()
        client.send(#"{"id":1,"connect":{}}"# + "\n" + #"{"id":2,"subscribe":{"channel":"open:a"}}"# + "\n{")
        #expect(try client.received().map(\.id) == [1, 2])
        #expect(client.closeCode == 3_501)
    }

    @Test("Connect and subscribe may come together; connect is answered first", arguments: [WireFormat.json, .protobuf])
    func optimistic(format: WireFormat) throws {
        let client = client(format)
        try client.send(.connect(Wire.ConnectRequest()), .subscribe(Wire.SubscribeRequest(channel: "open:a")))
        let batches = client.transport.batches.count
        #expect(try client.received().map(\.id) == [1, 2])
        #expect(batches == 1, "in one frame")
    }

    @Test("A refused connect leaves the rest of its batch undone; a later command ends the connection")
    func refused() throws {
        let hub = TestHub.make { $0.allowsAnonymousConnections = false }
        let client = TestClient(hub, on: loop)
        try client.send(.connect(Wire.ConnectRequest()), .subscribe(Wire.SubscribeRequest(channel: "open:a")))
        let replies = try client.received()
        #expect(replies.map(\.id) == [1])
        #expect(replies.first?.error?.code == 101)
        #expect(client.closeCode == nil)
        try client.send(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        #expect(client.closeCode == 3_501)
    }

    @Test("What there is no handler for is not available")
    func notAvailable() throws {
        let client = client()
        try client.connect()
        #expect(try client.refusal(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "sum"))) == 108)
        #expect(try client.refusal(.ping(Wire.PingRequest())) == 108)
        client.send(#"{"send":{"data":1}}"#)
        #expect(client.closeCode == 3_508)
    }

    @Test("A command without an id, but for send, is a bad request")
    func withoutID() throws {
        let client = client()
        try client.connect()
        client.send(#"{"subscribe":{"channel":"open:a"}}"#)
        #expect(client.closeCode == 3_501)
    }

    // MARK: Time

    @Test("Who does not connect in time is gone")
    func stale() {
        let client = client()
        loop.advanceTime(by: .seconds(9))
        #expect(client.closeCode == nil)
        loop.advanceTime(by: .seconds(3))
        #expect(client.closeCode == 3_502)
    }

    @Test("A ping comes in the second half of the interval, then regularly; unanswered, it ends the connection")
    func pings() throws {
        let client = client()
        try client.connect()
        #expect((12...26).contains(try secondsUntilPing(client)))
        client.send("{}")
        #expect((24...26).contains(try secondsUntilPing(client)))
        loop.advanceTime(by: .seconds(7))
        #expect(client.closeCode == nil)
        loop.advanceTime(by: .seconds(3))
        #expect(client.closeCode == 3_012)
    }

    private func secondsUntilPing(_ client: TestClient) throws -> Int {
        for seconds in 1...60 {
            loop.advanceTime(by: .seconds(1))
            let replies = try client.received()
            if !replies.isEmpty {
                #expect(replies == [Wire.Reply()])
                return seconds
            }
        }
        throw Unexpected("no ping")
    }

    @Test("A pong that nobody asked for is a bad request")
    func unsolicitedPong() throws {
        let client = client()
        try client.connect()
        client.send("{}")
        #expect(client.closeCode == 3_501)
    }
}
