import Demos
import HTTPTypes
import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer
@testable import RealtimeHub

/// The chat as its clients see it, over sockets.
@Suite("The demo chat", .timeLimit(.minutes(5)))
struct ChatDemoTests {
    private func run(_ limits: ChatLimits = ChatLimits(), _ test: @escaping @Sendable (TestServer) async throws -> Void) async throws {
        try await TestServer.run(demos: [ChatDemo(limits: limits)], test)
    }

    @Test("carries messages both ways, with author and time, and shows both people")
    func conversation() async throws {
        try await run { server in
            let (ada, me) = try await ChatClient.entered(server, "Ada")
            let (grace, other) = try await ChatClient.entered(server, "Grace")
            #expect(try await grace.people() == ["Ada", "Grace"])
            guard case .join(let join) = try await ada.client.push().body, join.info?.client == me.client else {
                throw Unexpected("no join")
            }
            guard case .join(let second) = try await ada.client.push().body else { throw Unexpected("no join") }
            #expect(try second.info?.person() == other.person)

            let ref = key()
            #expect(try await grace.say("Is the kettle on?", ref: ref) == nil)
            guard case .publication(let publication) = try await ada.client.push().body else { throw Unexpected("no message") }
            let message = try publication.message()
            #expect(message.text == "Is the kettle on?")
            #expect(message.ref == ref)
            #expect(message.time > 1_700_000_000_000)
            #expect(try publication.info?.person() == other.person)
            #expect(publication.offset == 1)
            #expect(try await ada.say("Since ten minutes.") == nil)
            #expect(try await grace.texts() == ["Is the kettle on?", "Since ten minutes."])
        }
    }

    @Test("shows a newcomer the last messages; rooms do not hear each other")
    func history() async throws {
        try await run { server in
            let (ada, _) = try await ChatClient.entered(server, "Ada")
            try await ada.say("one")
            try await ada.say("two")
            let (elsewhere, _) = try await ChatClient.entered(server, "Linus", room: "coffee")
            #expect(try await elsewhere.texts() == [])
            #expect(try await elsewhere.people() == ["Linus"])
            let (grace, _) = try await ChatClient.entered(server, "Grace")
            #expect(try await grace.texts() == ["one", "two"])
        }
    }

    @Test("tells others of typing, which nobody remembers")
    func typing() async throws {
        try await run { server in
            let (ada, _) = try await ChatClient.entered(server, "Ada")
            let (grace, person) = try await ChatClient.entered(server, "Grace")
            #expect(try await grace.publish(#"{"typing":true}"#) == nil)
            while true {
                guard case .publication(let publication) = try await ada.client.push().body else { continue }
                #expect(String(buffer: publication.data) == #"{"typing":true}"#)
                #expect(try publication.info?.person() == person.person)
                #expect(publication.offset == 0)
                break
            }
            #expect(try await grace.texts() == [])
        }
    }

    @Test("says once what is sent twice")
    func idempotency() async throws {
        try await run { server in
            let (ada, _) = try await ChatClient.entered(server, "Ada")
            let ref = key()
            for _ in 1...3 { #expect(try await ada.say("once", ref: ref) == nil) }
            let (grace, _) = try await ChatClient.entered(server, "Grace")
            #expect(try await grace.say("once", ref: ref) == nil, "also by another connection")
            #expect(try await ada.texts() == ["once"])
        }
    }

    @Test("gives who comes back what was missed, each once, under the same id")
    func recovery() async throws {
        try await run { server in
            let session = key()
            let (ada, me) = try await ChatClient.entered(server, "Ada", session: session)
            try await ada.say("before")
            await ada.client.socket.close(code: .goingAway)
            let (grace, _) = try await ChatClient.entered(server, "Grace")
            try await grace.say("meanwhile")

            let back = try await ChatClient(server)
            let entry = #"{"name":"Ada","session":"\#(session)"}"#
            guard case .subscribe(let result) = try await back.subscribe(entry, since: (me.epoch, 1)).body else { throw Unexpected("no") }
            #expect(result.recovered)
            #expect(try result.publications.map { try $0.message().text } == ["meanwhile"])
            #expect(String(buffer: result.data).contains(me.person.id))
        }
    }

    @Test("takes the place of a session's older connection, which is told so")
    func replacing() async throws {
        try await run { server in
            let session = key()
            let (old, me) = try await ChatClient.entered(server, "Ada", session: session)
            let (new, again) = try await ChatClient.entered(server, "Ada", session: session)
            #expect(again.person == me.person)
            while true {
                guard case .unsubscribe(let end) = try await old.client.push().body else { continue }
                #expect(end.code == 2_100)
                break
            }
            #expect(try await old.say("still here?") == 103)
            #expect(try await new.people() == ["Ada"])
        }
    }

    @Test("nobody publishes without having entered, and nobody as somebody else")
    func permissions() async throws {
        try await run { server in
            let (ada, me) = try await ChatClient.entered(server, "Ada")
            let stranger = try await ChatClient(server)
            #expect(try await stranger.say("psst") == 103)
            let ref = key()
            let forged = #"{"ref":"\#(ref)","text":"hi","time":1,"name":"Grace","info":{"id":"x"},"typing":true,"extra":[1,{}]}"#
            #expect(try await ada.publish(forged) == nil)
            let history = try await ada.history()
            #expect(history.count == 1)
            #expect(try history.first?.message().time != 1)
            #expect(try history.first?.info?.person() == me.person)
            #expect(history.first.map { String(buffer: $0.data) }?.contains("Grace") == false)
            _ = try await ada.client.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: ada.channel)))
            #expect(try await ada.say("from outside") == 103)
        }
    }

    @Test(
        "refuses what is no message",
        arguments: [
            "", "null", "7", "[]", "{}", #"{"text":"hi"}"#, #"{"ref":"0123456789abcdef"}"#, #"{"ref":1,"text":"hi"}"#,
            #"{"ref":"0123456789abcdef","text":7}"#, #"{"ref":"0123456789abcdef","text":""}"#, #"{"ref":"short","text":"hi"}"#,
            #"{"typing":"yes"}"#, #"{"ref":"0123456789abcdef","text":"\u0000"}"#,
            #"{"ref":"0123456789abcdef","text":"\#(String(repeating: "x", count: 2_001))"}"#,
        ])
    func hostile(data: String) async throws {
        try await run { server in
            let (ada, _) = try await ChatClient.entered(server, "Ada")
            let code = try await ada.publish(data)
            #expect([107, 1_002, 1_003, 1_004].contains(code), "\(String(describing: code))")
            #expect(try await ada.texts() == [], "and goes on")
        }
    }

    @Test(
        "refuses what is not even JSON, which clients of Protobuf can send",
        arguments: [
            [], [0], [0xFF, 0xFE], Array("{".utf8), Array(#"{"typing":true"#.utf8), Array(repeating: UInt8(ascii: "["), count: 60_000),
        ])
    func noJSON(data: [UInt8]) async throws {
        let (demo, hub) = (ChatDemo(), Hub(namespaces: Namespaces()))
        let identity = ClientIdentity(client: "1", user: "")
        let bytes = ByteBuffer(bytes: data)
        await #expect(throws: HubRefusal.self) {
            try await demo.subscribe(SubscribeEvent(identity: identity, channel: "chat:tea", data: bytes, isAllowed: false), on: hub)
        }
        let entry = ByteBuffer(string: #"{"name":"Ada","session":"0123456789abcdef"}"#)
        _ = try await demo.subscribe(SubscribeEvent(identity: identity, channel: "chat:tea", data: entry, isAllowed: false), on: hub)
        await #expect(throws: HubRefusal.self) {
            try await demo.publish(PublishEvent(identity: identity, channel: "chat:tea", data: bytes, isAllowed: true), on: hub)
        }
    }

    @Test(
        "lets nobody in who does not say who it is",
        arguments: [
            "", "{}", "[]", #"{"name":"Ada"}"#, #"{"session":"0123456789abcdef"}"#, #"{"name":" ","session":"0123456789abcdef"}"#,
            #"{"name":"Ada","session":"short"}"#, #"{"name":7,"session":"0123456789abcdef"}"#,
            #"{"name":"\u202eAda","session":"0123456789abcdef"}"#,
        ])
    func badEntries(data: String) async throws {
        try await run { server in
            let client = try await ChatClient(server)
            let code = try await client.subscribe(data).error?.code ?? 0
            #expect((1_000...1_002).contains(code), "\(code)")
            try await client.enter("Ada")
        }
    }

    @Test("knows no room of another name", arguments: ["Tea", "a_b", "-", "", "a/b", String(repeating: "x", count: 33)])
    func badRooms(room: String) async throws {
        try await run { server in
            let client = try await ChatClient(server, room: room)
            #expect(try await client.subscribe(#"{"name":"Ada","session":"0123456789abcdef"}"#).error?.code == 107)
        }
    }

    @Test("asks who is too fast for patience, and ends the connection of who does not listen")
    func floods() async throws {
        var limits = ChatLimits()
        limits.messages = TokenBucket(burst: 2, perSecond: 1)
        limits.events = TokenBucket(burst: 20, perSecond: 1)
        try await run(limits) { server in
            let (ada, _) = try await ChatClient.entered(server, "Ada")
            let commands = (50..<60).map {
                #"{"id":\#($0),"publish":{"channel":"chat:tea","data":{"ref":"reference-number-\#($0)","text":"text"}}}"#
            }
            try await ada.client.socket.send(commands.joined(separator: "\n"))
            var codes: [UInt32?] = []
            while codes.count < 10 {
                let reply = try await ada.client.next()
                if (50..<60).contains(reply.id) { codes.append(reply.error?.code) }
            }
            #expect(codes.prefix(2) == [nil, nil])
            #expect(codes.contains(111))
            for number in 100...140 { try? await ada.client.socket.send(#"{"id":\#(number),"publish":{"channel":"chat:tea","data":{}}}"#) }
            #expect(await ada.client.socket.waitForClose().code == 3_509)
        }
    }

    @Test("lets nobody into a full room")
    func full() async throws {
        var limits = ChatLimits()
        limits.people = 1
        try await run(limits) { server in
            _ = try await ChatClient.entered(server, "Ada")
            let grace = try await ChatClient(server)
            #expect(try await grace.subscribe(#"{"name":"Grace","session":"0123456789abcdef"}"#).error?.code == 1_005)
        }
    }

    @Test("refuses pages of other sites")
    func origin() async throws {
        try await run { server in
            var configuration = WebSocketClientConfiguration()
            configuration.headers[.origin] = "https://evil.example"
            let error = await #expect(throws: WebSocketClientError.self) {
                try await server.connect("/demo/connection/websocket", configuration)
            }
            guard case .refused(let refusal)? = error else { throw Unexpected("\(String(describing: error))") }
            #expect(refusal.response.status == .forbidden)
        }
    }

    @Test("keeps one order for all: eight people talk at once, everybody sees the same, each message once")
    func order() async throws {
        var limits = ChatLimits()
        limits.messages = TokenBucket(burst: 100, perSecond: 100)
        limits.events = TokenBucket(burst: 1_000, perSecond: 1_000)
        try await run(limits) { server in
            let views = try await withThrowingTaskGroup(of: [UInt64: String].self) { group in
                for number in 1...8 {
                    group.addTask {
                        let (client, _) = try await ChatClient.entered(server, "P\(number)")
                        for _ in 1...10 { try await client.say("hello") }
                        while true {
                            let history = try await client.history()
                            guard history.count == 80 else { continue }
                            return try history.reduce(into: [:]) { try $0[$1.offset] = $1.message().ref }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(views[0].keys) == Set(1...80))
            #expect(Set(views[0].values).count == 80)
            #expect(views.allSatisfy { $0 == views[0] })
        }
    }
}
