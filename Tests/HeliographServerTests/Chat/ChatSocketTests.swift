import HTTPTypes
import NIOCore
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("The chat over sockets", .timeLimit(.minutes(1)))
struct ChatSocketTests {
    @Test("carries messages both ways and shows both people")
    func conversation() async throws {
        try await TestServer.run { server in
            let (ada, _) = try await ChatClient.joined(server, "Ada")
            let (grace, welcome) = try await ChatClient.joined(server, "Grace")
            #expect(welcome.members?.map(\.name) == ["Ada", "Grace"])
            #expect(try await ada.next("joined").member?.name == "Grace")

            let ref = try await ada.say("Is the kettle on?")
            for client in [ada, grace] {
                let message = try await client.next("message")
                #expect(message.text == "Is the kettle on?")
                #expect(message.name == "Ada")
                #expect(message.ref == ref)
                #expect(message.seq == 1)
            }
            try await grace.say("Since ten minutes.")
            #expect(try await ada.next("message").from == welcome.you)
            #expect(try await grace.next("message").seq == 2)
        }
    }

    @Test("shows a newcomer the last messages; rooms do not hear each other")
    func history() async throws {
        try await TestServer.run { server in
            let (ada, _) = try await ChatClient.joined(server, "Ada")
            try await ada.say("one")
            try await ada.say("two")
            _ = try await ada.next("message")
            _ = try await ada.next("message")
            let (elsewhere, other) = try await ChatClient.joined(server, "Linus", room: "coffee")
            #expect(other.history == [])
            let (_, welcome) = try await ChatClient.joined(server, "Grace")
            #expect(welcome.history?.map(\.text) == ["one", "two"])
            #expect(try await elsewhere.rest() == [])
        }
    }

    @Test("tells of typing, leaving, and coming back without a word")
    func presence() async throws {
        try await TestServer.run { server in
            let (ada, _) = try await ChatClient.joined(server, "Ada")
            let session = key()
            let (grace, welcome) = try await ChatClient.joined(server, "Grace", session: session)
            _ = try await ada.next("joined")

            try await grace.send(#"{"type":"typing","active":true}"#)
            let typing = try await ada.next("typing")
            #expect(typing.id == welcome.you)
            #expect(typing.active == true)

            await grace.socket.close(code: .goingAway)
            #expect(try await ada.next("typing").active == false)
            let (back, again) = try await ChatClient.joined(server, "Grace", session: session)
            #expect(again.you == welcome.you)
            #expect(try await ada.rest() == [])

            await back.socket.close(code: .normalClosure)
            #expect(try await ada.next("left").id == welcome.you)
        }
    }

    @Test("gives a client that comes back what it missed, once")
    func resuming() async throws {
        try await TestServer.run { server in
            let session = key()
            let (ada, first) = try await ChatClient.joined(server, "Ada", session: session)
            let ref = try await ada.say("before")
            let last = try await ada.next("message")
            await ada.socket.close(code: .goingAway)

            let (grace, _) = try await ChatClient.joined(server, "Grace")
            try await grace.say("meanwhile")
            _ = try await grace.next("message")

            var position = first
            position.seq = last.seq
            let (back, welcome) = try await ChatClient.joined(server, "Ada", session: session, after: position)
            #expect(welcome.resumed == true)
            #expect(welcome.history?.map(\.text) == ["meanwhile"])
            try await back.say("before", ref: ref)
            #expect(try await back.next("message").seq == last.seq, "sent again, and still the one message")
            #expect(try await grace.rest().allSatisfy { $0.type != "message" })
        }
    }

    @Test("closes the older of two sockets of one session with 4001")
    func replacing() async throws {
        try await TestServer.run { server in
            let session = key()
            let (old, _) = try await ChatClient.joined(server, "Ada", session: session)
            _ = try await ChatClient.joined(server, "Ada", session: session)
            await #expect(throws: (any Error).self) { while true { _ = try await old.next() } }
            #expect(await old.socket.waitForClose().code == 4001)
        }
    }

    @Test(
        "answers bad input with an error and goes on",
        arguments: [
            ("", "bad_json"), ("{", "bad_json"), ("[]", "bad_json"), (#"{"type":"sudo"}"#, "bad_json"), (#"{"type":"say"}"#, "bad_ref"),
            (#"{"type":"say","ref":"0123456789abcdef","text":" "}"#, "bad_text"), (#"{"type":"typing"}"#, nil),
            (#"{"type":"join","name":"Ada","session":"0123456789abcdef"}"#, "already_joined"),
        ] as [(String, String?)])
    func badInput(json: String, code: String?) async throws {
        try await TestServer.run { server in
            let (ada, _) = try await ChatClient.joined(server, "Ada")
            try await ada.send(json)
            let events = try await ada.rest()
            #expect(events.filter { $0.type == "error" }.map(\.code) == (code == nil ? [] : [code]))
            try await ada.say("still here")
            #expect(try await ada.next("message").text == "still here")
        }
    }

    @Test("hears nobody who has not joined")
    func notJoined() async throws {
        try await TestServer.run { server in
            let client = try await ChatClient(server)
            try await client.say("hello")
            #expect(try await client.next("error").code == "not_joined")
            try await client.send(#"{"type":"join","name":" ","session":"0123456789abcdef"}"#)
            #expect(try await client.next("error").code == "bad_name")
            _ = try await client.join("Ada")
        }
    }

    @Test("asks who is too fast for patience and closes who does not listen")
    func floods() async throws {
        var limits = ChatLimits()
        limits.messages = TokenBucket(burst: 2, perSecond: 1)
        limits.frames = TokenBucket(burst: 20, perSecond: 1)
        try await TestServer.run(limits: limits) { server in
            let (ada, _) = try await ChatClient.joined(server, "Ada")
            for _ in 1...3 { try await ada.say("text") }
            let events = [try await ada.next(), try await ada.next(), try await ada.next()]
            #expect(events.map(\.type) == ["message", "message", "error"])
            #expect(events[2].code == "too_fast")
            #expect((1...1_000).contains(events[2].retryAfter ?? 0))
            #expect(events[2].ref != nil)
            for _ in 1...30 { try? await ada.send(#"{"type":"ping"}"#) }
            #expect(await ada.socket.waitForClose().code == .policyViolation)
        }
    }

    @Test("closes who only makes mistakes, who sends bytes, and who sends too much")
    func closing() async throws {
        try await TestServer.run { server in
            let clumsy = try await ChatClient(server)
            for _ in 1...20 { try? await clumsy.send("{") }
            #expect(await clumsy.socket.waitForClose().code == .policyViolation)

            let binary = try await ChatClient(server)
            try await binary.socket.send(ByteBuffer(string: "{}"))
            #expect(await binary.socket.waitForClose().code == .unsupportedData)

            let big = try await ChatClient(server)
            try? await big.send(String(repeating: " ", count: 32 << 10) + "{}")
            #expect(await big.socket.waitForClose().code == .messageTooBig)
        }
    }

    @Test("closes a socket that does not join")
    func joinTimeout() async throws {
        var limits = ChatLimits()
        limits.join = .milliseconds(50)
        try await TestServer.run(limits: limits) { server in
            let silent = try await ChatClient(server)
            #expect(await silent.socket.waitForClose().code == .policyViolation)
        }
    }

    @Test("lets nobody into a full room, and says when to try again")
    func full() async throws {
        var limits = ChatLimits()
        limits.members = 1
        try await TestServer.run(limits: limits) { server in
            let (ada, _) = try await ChatClient.joined(server, "Ada")
            let grace = try await ChatClient(server)
            try await grace.send(#"{"type":"join","name":"Grace","session":"0123456789abcdef"}"#)
            #expect(try await grace.next("error").code == "room_full")
            #expect(await grace.socket.waitForClose().code == .tryAgainLater)
            #expect(try await ada.rest() == [])
        }
    }

    @Test("makes room for a new room among those that nobody is in, and refuses when there is none")
    func rooms() async throws {
        var limits = ChatLimits()
        limits.rooms = 2
        try await TestServer.run(limits: limits) { server in
            let (ada, _) = try await ChatClient.joined(server, "Ada", room: "one")
            _ = try await ChatClient.joined(server, "Ada", room: "two")
            await #expect(throws: WebSocketClientError.self) { try await ChatClient(server, room: "three") }
            await ada.socket.close(code: .normalClosure)
            _ = try await ChatClient.joined(server, "Ada", room: "three")
        }
    }

    @Test(
        "refuses what is no room before the upgrade",
        arguments: ["Tea", "a_b", "-", "%2e%2e", "a%00b", String(repeating: "x", count: 33)])
    func badRooms(room: String) async throws {
        try await TestServer.run { server in
            let error = await #expect(throws: WebSocketClientError.self) { try await server.connect("/demo/chat/\(room)") }
            guard case .refused(let refusal)? = error else { throw Unexpected("\(String(describing: error))") }
            #expect(refusal.response.status == .badRequest)
        }
    }

    @Test("refuses pages of other sites")
    func origin() async throws {
        try await TestServer.run { server in
            var configuration = WebSocketClientConfiguration()
            configuration.headers[.origin] = "https://evil.example"
            let error = await #expect(throws: WebSocketClientError.self) { try await server.connect("/demo/chat/tea", configuration) }
            guard case .refused(let refusal)? = error else { throw Unexpected("\(String(describing: error))") }
            #expect(refusal.response.status == .forbidden)
        }
    }

    @Test("keeps one order for all: eight people talk at once, everybody sees the same")
    func order() async throws {
        var limits = ChatLimits()
        limits.messages = TokenBucket(burst: 100, perSecond: 100)
        limits.frames = TokenBucket(burst: 1_000, perSecond: 1_000)
        try await TestServer.run(limits: limits) { server in
            let views = try await withThrowingTaskGroup(of: [Int: String].self) { group in
                for number in 1...8 {
                    group.addTask {
                        let (client, welcome) = try await ChatClient.joined(server, "P\(number)")
                        var seen: [Int: String] = [:]
                        for message in welcome.history ?? [] { seen[message.seq] = message.ref }
                        for _ in 1...10 { try await client.say("hello") }
                        while seen.count < 80 {
                            let event = try await client.next()
                            guard event.type == "message", let seq = event.seq else { continue }
                            seen[seq] = event.ref
                        }
                        return seen
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(views[0].keys) == Set(1...80))
            #expect(views.allSatisfy { $0 == views[0] })
        }
    }
}
