// The phases of a connection: what is sent, what is waited for, and what every way to end means (protocol §1.5, §1.16, §1.17).

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

@Suite("Connection")
struct ConnectionTests {
    // MARK: Opening

    @Test("connect opens a socket; the connect says who we are")
    func opens() throws {
        var client = MachineClient {
            ($0.token, $0.name, $0.version) = ("T", "app", "1.2")
            $0.data = ByteBuffer(string: #"{"a":1}"#)
            $0.headers = ["x-tenant": "7"]
        }
        #expect(client.machine.state == .disconnected)
        client.connect()
        #expect(client.opened == [1])
        #expect(client.machine.state == .connecting)
        client.open()
        let commands = try client.commands()
        #expect(commands.count == 1)
        #expect(commands.first?.id == 1)
        guard case .connect(let request) = commands.first?.body else { throw Unexpected("no connect") }
        #expect((request.token, request.name, request.version) == ("T", "app", "1.2"))
        #expect(request.data == ByteBuffer(string: #"{"a":1}"#))
        #expect(request.headers == ["x-tenant": "7"])
    }

    @Test("a second connect does nothing")
    func connectsOnce() {
        var client = MachineClient()
        client.connect()
        client.connect()
        #expect(client.opened == [1])
    }

    @Test("connected: an id, an event, a state")
    func connected() throws {
        var client = MachineClient()
        client.connect()
        try client.accept(Wire.ConnectResult(client: "c7", version: "v", data: ByteBuffer(string: "1")))
        #expect(client.machine.clientID == "c7")
        #expect(client.states == [.connecting, .connected])
        #expect(
            client.events() == [
                .connecting(.connectCalled),
                .connected(Client.Connected(client: "c7", version: "v", data: ByteBuffer(string: "1"))),
            ])
    }

    @Test("data that is no JSON can't be sent in JSON: for good")
    func badData() {
        var client = MachineClient {
            $0.format = .json
            $0.data = ByteBuffer(string: "{")
        }
        client.connect()
        client.open()
        #expect(client.machine.state == .disconnected)
        #expect(client.machine.ending?.code == 4)
    }

    // MARK: Reconnecting

    @Test("waits double from 0.5 s up to 20 s")
    func backoff() {
        var client = MachineClient()
        client.connect()
        var waits: [Duration] = []
        for _ in 0..<8 {
            let link = client.link
            client.tell { $0.failed(link, .connectFailed("refused"), isFinal: false, at: $1) }
            let before = client.now
            while client.opened.last == link { client.wait(.milliseconds(250)) }
            waits.append(client.now - before)
        }
        #expect(waits == [.milliseconds(500)] + [1, 2, 4, 8, 16, 20, 20].map { .seconds($0) })
    }

    @Test("full jitter: a random part of the bound, from none at all", arguments: [0, 0.25, 1, -3, .nan, .infinity])
    func jitter(random: Double) {
        var backoff = Backoff()
        for _ in 0..<100 {
            let delay = backoff.delay(at: .zero, from: .milliseconds(500), to: .seconds(20), random: random)
            #expect(delay >= .zero && delay <= .seconds(20))
        }
    }

    @Test("a bound that is no bound")
    func oddBounds() {
        var backoff = Backoff()
        for _ in 0..<100 {
            #expect(backoff.delay(at: .zero, from: .seconds(-1), to: .seconds(-1), random: 1) == .zero)
            #expect(backoff.delay(at: .zero, from: .seconds(5), to: .seconds(1), random: 1) == .seconds(1))
            #expect(backoff.delay(at: .zero, from: .nanoseconds(1), to: .seconds(Int64.max / 2), random: 1) > .zero)
        }
    }

    @Test("a connection that held for 5 s begins the back-off afresh; one that did not goes on with it")
    func stable() throws {
        for (held, wait) in [(Duration.seconds(6), Duration.milliseconds(500)), (.seconds(1), .seconds(2))] {
            var client = MachineClient()
            client.connect()
            for _ in 0..<2 {
                client.lose()
                client.wait(.seconds(1))
            }
            try client.accept()
            client.wait(held)
            client.lose()
            client.wait(wait - .milliseconds(1))
            #expect(client.machine.phase == .waiting)
            client.wait(.milliseconds(1))
            #expect(client.machine.phase == .dialing)
        }
    }

    @Test("a loss is told once; failed attempts after it are errors")
    func events() throws {
        var client = try MachineClient.connected()
        client.lose()
        client.wait(.seconds(1))
        client.lose()
        #expect(client.events() == [.connecting(.transportClosed), .error(.transportClosed)])
        #expect(client.states == [.connecting, .connected, .connecting])
    }

    @Test("an address or a configuration that can't be used: for good")
    func finalFailure() {
        var client = MachineClient()
        client.connect()
        let link = client.link
        client.tell { $0.failed(link, .connectFailed("no URL"), isFinal: true, at: $1) }
        #expect(client.machine.state == .disconnected)
        #expect(client.events().last == .disconnected(Client.Reason(code: 4, reason: "no URL")))
    }

    @Test("what an earlier connection still says means nothing")
    func late() throws {
        var client = try MachineClient.connected()
        let old = client.link
        try client.comeBack()
        let before = client.machine.link
        client.tell { machine, now in
            machine.opened(old, at: now)
            machine.received(old, ByteBuffer(string: "garbage"), at: now)
            machine.failed(old, .timeout, isFinal: true, at: now)
            machine.closed(old, code: 3_500, reason: "", at: now)
        }
        #expect(client.machine.state == .connected)
        #expect(client.machine.link == before)
    }

    // MARK: Codes, §1.16

    @Test(
        "codes that a client comes back from",
        arguments: [
            1_000, 1_001, 1_006, 1_008, 1_011, 1_012, 2_999, 3_000, 3_001, 3_004, 3_005, 3_008, 3_012, 3_499, 4_000, 4_499, 5_000, 65_535,
        ])
    func reconnects(code: UInt16) throws {
        var client = try MachineClient.connected()
        client.lose(code, "why")
        #expect(client.machine.phase == .waiting)
        let reason = Client.Reason(code: UInt32(code), reason: "why")
        #expect(client.events() == [.connecting(code < 3_000 ? .transportClosed : reason)])
    }

    @Test("codes that end it", arguments: [3_500, 3_501, 3_502, 3_503, 3_507, 3_999, 4_500, 4_999])
    func terminal(code: UInt16) throws {
        var client = try MachineClient.connected()
        client.lose(code, "why")
        #expect(client.machine.phase == .idle)
        #expect(client.events() == [.disconnected(Client.Reason(code: UInt32(code), reason: "why"))])
        client.wait(.seconds(60))
        #expect(client.opened.count == 1)
        client.connect()
        #expect(client.opened.count == 2)
    }

    @Test("a message that is too long ends it")
    func tooBig() throws {
        var client = try MachineClient.connected()
        client.lose(1_009)
        #expect(client.events() == [.disconnected(.messageSizeLimit)])
    }

    @Test("a disconnect that is pushed is one that the close frame would have told")
    func pushed() throws {
        var client = try MachineClient.connected()
        try client.push("", .disconnect(Wire.Disconnect(.shutdown)))
        #expect(client.events() == [.connecting(Client.Reason(code: 3_001, reason: "shutdown"))])
        client.wait(.seconds(1))
        try client.accept()
        try client.push("", .disconnect(Wire.Disconnect(code: 99_999, reason: "odd")))
        #expect(client.machine.phase == .waiting)
        client.wait(.seconds(1))
        try client.accept()
        try client.push("", .disconnect(Wire.Disconnect(.forceDisconnect)))
        #expect(client.machine.state == .disconnected)
    }

    @Test("errors of the connect that are tried again", arguments: [(100, true), (111, true), (7, false), (400, true)])
    func connectRetried(code: UInt32, isTemporary: Bool) throws {
        var client = MachineClient()
        client.connect()
        client.open()
        let id = try #require(try client.commands().first?.id)
        try client.receive(Wire.Reply(id: id, error: Wire.ErrorReply(code: code, message: "busy", temporary: isTemporary)))
        #expect(client.machine.phase == .waiting)
        #expect(client.closed == [1])
        #expect(client.events().last == .error(RealtimeError(code: code, message: "busy", isTemporary: true)))
    }

    @Test("errors of the connect that end it", arguments: [101, 103, 109, 400])
    func connectEnded(code: UInt32) throws {
        var client = MachineClient { $0.token = "T" }
        client.connect()
        client.open()
        let id = try #require(try client.commands().first?.id)
        try client.receive(Wire.Reply(id: id, error: Wire.ErrorReply(code: code, message: "no")))
        #expect(client.machine.state == .disconnected)
        // Without a way to get another token an expired one is none.
        #expect(client.machine.ending?.code == (code == 109 ? 1 : code))
    }

    @Test("no answer to the connect: another connection")
    func connectTimeout() throws {
        var client = MachineClient()
        client.connect()
        client.open()
        client.wait(.milliseconds(4_999))
        #expect(client.machine.phase == .opening)
        client.wait(.milliseconds(1))
        #expect(client.machine.phase == .waiting)
        #expect(client.events().last == .error(.timeout))
    }

    // MARK: Pings, §1.5

    @Test("a ping is answered, and many of one batch once")
    func pong() throws {
        var client = try MachineClient.connected()
        try client.receive(Wire.Reply(), Wire.Reply(), Wire.Reply())
        #expect(try client.commands() == [Wire.Command()])
        try client.receive(Wire.Reply())
        #expect(try client.commands() == [Wire.Command()])
    }

    @Test("unless the server wants no pongs")
    func noPong() throws {
        var client = try MachineClient.connected({ _ in }, Wire.ConnectResult(client: "c", ping: 25, pong: false))
        try client.receive(Wire.Reply())
        #expect(try client.commands().isEmpty)
    }

    @Test("silence for the ping interval and 10 s: lost")
    func silence() throws {
        var client = try MachineClient.connected()
        client.wait(.seconds(34))
        try client.receive(Wire.Reply(id: 77))
        client.wait(.seconds(34))
        #expect(client.machine.state == .connected)
        client.wait(.seconds(1))
        #expect(client.events() == [.connecting(.noPing)])
        #expect(client.closed == [1])
    }

    @Test("a server without pings may be silent")
    func withoutPings() throws {
        var client = try MachineClient.connected({ _ in }, Wire.ConnectResult(client: "c"))
        client.wait(.seconds(100_000))
        #expect(client.machine.state == .connected)
    }

    @Test("an interval of 136 years is none that overflows")
    func longInterval() throws {
        let result = Wire.ConnectResult(client: "c", expires: true, ttl: .max, ping: .max, pong: true)
        var client = try MachineClient.connected({ _ in }, result)
        client.wait(.seconds(100))
        #expect(client.machine.state == .connected)
    }

    // MARK: Disconnecting

    @Test("disconnect: what was written goes out, then the socket closes, and nothing follows")
    func disconnect() throws {
        var client = try MachineClient.connected()
        _ = client.request(.send(Wire.SendRequest(data: ByteBuffer(string: "1"))))
        client.tell { machine, _ in machine.disconnect() }
        #expect(client.closed == [1])
        #expect(try client.lastFrames.flatMap { try MachineClient.commands($0, .protobuf) }.count == 1)
        #expect(client.events() == [.disconnected(.disconnectCalled)])
        client.wait(.seconds(1_000))
        #expect(client.opened.count == 1)
    }

    @Test("disconnect while it connects, fetches a token, waits")
    func disconnectEarly() {
        for setup: (inout MachineClient) -> Void in [{ _ in }, { $0.open() }, { $0.lose() }] {
            var client = MachineClient()
            client.connect()
            setup(&client)
            client.tell { machine, _ in machine.disconnect() }
            client.wait(.seconds(1_000))
            #expect(client.machine.state == .disconnected)
            #expect(client.opened.count == 1)
        }
        var client = MachineClient { $0.getToken = { "T" } }
        client.connect()
        client.tell { machine, _ in machine.disconnect() }
        #expect(client.cancelledTokens == client.tokenRequests)
        client.wait(.seconds(1_000))
        #expect(client.opened.isEmpty)
    }

    @Test("the reader of events is told the end, and that it is over; a new connect begins anew")
    func endOfEvents() throws {
        var client = MachineClient()
        guard case .nothing = client.tell({ $0.takeEvent(at: $1) }) else { throw Unexpected("it is not over before it began") }
        client.connect()
        client.tell { machine, _ in machine.disconnect() }
        #expect(client.events() == [.connecting(.connectCalled), .disconnected(.disconnectCalled)])
        guard case .ended(.some(.disconnectCalled)) = client.tell({ $0.takeEvent(at: $1) }) else { throw Unexpected("not over") }
        client.connect()
        #expect(client.events() == [.connecting(.connectCalled)])
        guard case .nothing = client.tell({ $0.takeEvent(at: $1) }) else { throw Unexpected("over again") }
    }
}
