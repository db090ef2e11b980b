// What only a backend can have done, and more of it in one call.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("Methods of the HTTP API", .timeLimit(.minutes(2)))
struct APIMethodTests {
    private typealias Service = APITests.Service

    // MARK: Publishing

    @Test("leaves out the client that is excluded")
    func exclude() async throws {
        try await APITests.run { api in
            let (one, two) = (try await RealtimeClient(api.server), try await RealtimeClient(api.server))
            let id = try await one.connect(TokenMaker.hmac().sign(#"{"sub":"1"}"#)).client
            try await two.connect(TokenMaker.hmac().sign(#"{"sub":"2"}"#))
            for client in [one, two] { try await client.subscribe("news") }
            _ = try await api.call("publish", #"{"channel":"news","data":1,"exclude":"\#(id)"}"#)
            _ = try await api.call("publish", #"{"channel":"news","data":2}"#)
            #expect(try await one.publication() == "2")
            #expect(try await two.publication() == "1")
            #expect(try await two.publication() == "2")
        }
    }

    @Test("publishes to all channels that match a pattern and have subscribers")
    func pattern() async throws {
        try await APITests.run { api in
            let client = try await api.connect("1")
            for channel in ["team.a", "team.b", "other", "history:a"] { try await client.subscribe(channel) }
            #expect(
                try await api.call("publish_pattern", #"{"pattern":"team.*","data":7}"#)
                    == #"{"result":{"channels":{"team.a":{"result":{"offset":0,"epoch":""}},"team.b":{"result":{"offset":0,"epoch":""}}}}}"#
            )
            #expect(Set([try await client.push().channel, try await client.push().channel]) == ["team.a", "team.b"])
            #expect(try await api.call("publish_pattern", #"{"pattern":"none*","data":7}"#) == #"{"result":{"channels":{}}}"#)
        }
    }

    @Test("says that nothing was published when the hub has ended, and a batch says it of each")
    func ended() async throws {
        try await APITests.run { api in
            let published = try await api.call("publish", #"{"channel":"history:a","data":1}"#)
            #expect(published.contains("result"))
            api.server.application.hub.shutDown()
            let error = #""error":{"code":100,"message":"internal server error: the server is going down, and nothing was published"}"#
            #expect(try await api.call("publish", #"{"channel":"history:a","data":2}"#) == "{\(error)}")
            #expect(try await api.call("publish", #"{"channel":"news","data":2}"#) == "{\(error)}")
            #expect(
                try await api.call("broadcast", #"{"channels":["news","history:a"],"data":2}"#)
                    == #"{"result":{"responses":[{\#(error)},{\#(error)}]}}"#)
            #expect(try await api.call("history", #"{"channel":"history:a","limit":10}"#).contains(#""offset":1"#))
        }
    }

    // MARK: Clients

    @Test("subscribes a user's connections, with data, what others see, and what was missed")
    func subscribe() async throws {
        try await APITests.run { api in
            let client = try await api.connect("1")
            _ = try await api.call("publish", #"{"channel":"history:a","data":1}"#)
            let position = try await api.call("publish", #"{"channel":"history:a","data":2}"#)
            let epoch = try #require(position.firstMatch(of: /"epoch":"([^"]+)"/)?.output.1)
            #expect(
                try await api.call(
                    "subscribe",
                    #"{"user":"1","channel":"history:a","data":{"k":"v"},"recover_since":{"offset":1,"epoch":"\#(epoch)"},"#
                        + #""override":{"force_recovery":{"value":true}}}"#) == #"{"result":{}}"#)
            guard case .subscribe(let push) = try await client.push().body else { throw Unexpected("no subscribe") }
            #expect(String(buffer: push.data) == #"{"k":"v"}"#)
            #expect(push.recoverable)
            #expect(try await client.publication() == "2", "what came after 1")
            #expect(try await api.call("subscribe", #"{"user":"1","channel":"none:a"}"#).contains("102"))
            #expect(try await api.call("subscribe", #"{"user":"nobody","channel":"history:a"}"#) == #"{"result":{}}"#)
        }
    }

    @Test("refreshes a connection, which is told, or ends it as expired")
    func refresh() async throws {
        try await APITests.run { api in
            let client = try await api.connect("1")
            let time = Int(Date().timeIntervalSince1970) + 500
            #expect(try await api.call("refresh", #"{"user":"1","expire_at":\#(time)}"#) == #"{"result":{}}"#)
            guard case .refresh(let push) = try await client.push().body else { throw Unexpected("no refresh") }
            #expect(push.expires)
            #expect((490...501).contains(push.ttl))
            _ = try await api.call("refresh", #"{"user":"1"}"#)
            guard case .refresh(let never) = try await client.push().body else { throw Unexpected("no refresh") }
            #expect(!never.expires)
            _ = try await api.call("refresh", #"{"user":"1","expire_at":1}"#)
            #expect(await client.socket.waitForClose().code.rawValue == 3_005, "a time that has passed")
            let other = try await api.connect("2")
            _ = try await api.call("refresh", #"{"user":"2","expired":true}"#)
            #expect(await other.socket.waitForClose().code.rawValue == 3_005)
        }
    }

    @Test("finds no connection by a session that there is not, and says nothing of it")
    func session() async throws {
        try await APITests.run { api in
            let client = try await api.connect("1")
            #expect(try await api.call("disconnect", #"{"session":"unknown"}"#) == #"{"result":{}}"#)
            #expect(try await client.ask(.publish(Wire.PublishRequest(channel: "none:x"))).error?.code == 102, "it is still there")
        }
    }

    @Test("has no methods of an application, where there is none")
    func call() async throws {
        try await APITests.run { api async throws in
            #expect(try await api.call("rpc", #"{"method":"a"}"#) == #"{"error":{"code":104,"message":"method not found"}}"#)
        }
    }

    // MARK: Pages

    @Test("lists channels in pages")
    func pages() async throws {
        try await APITests.run { api in
            let client = try await api.connect("1")
            for number in 1...5 { try await client.subscribe("c\(number)") }
            let first = try await api.call("channels", #"{"limit":2}"#)
            #expect(first == #"{"result":{"channels":{"c1":{"num_clients":1},"c2":{"num_clients":1}},"cursor":"c2"}}"#)
            #expect(
                try await api.call("channels", #"{"limit":2,"cursor":"c4","pattern":"c*"}"#)
                    == #"{"result":{"channels":{"c5":{"num_clients":1}}}}"#)
            #expect(try await api.call("channels", #"{"limit":0}"#).contains("limit must be 1 to 10000"))
            withExtendedLifetime(client) {}
        }
    }

    @Test("lists connections by user, in pages, and shows one")
    func connections() async throws {
        try await APITests.run { api in
            let client = try await RealtimeClient(api.server)
            let id = try await client.connect(TokenMaker.hmac().sign(#"{"sub":"1","info":{"name":"Ann"}}"#)).client
            try await client.subscribe("news")
            let others = [try await api.connect("2"), try await api.connect("2")]
            let own = try await api.call("connections", #"{"user":"1"}"#)
            #expect(own.hasPrefix(#"{"result":{"connections":{"\#(id)":{"user":"1","#), "\(own)")
            #expect(own.contains(#""transport":"websocket","protocol":"json""#))
            #expect(own.contains(#""channels":["news"]"#))
            #expect(own.hasSuffix(#""count":1}}"#))
            let page = try await api.call("connections", #"{"user":"2","limit":1}"#)
            let cursor = try #require(page.firstMatch(of: /"count":2,"cursor":"([^"]+)"/)?.output.1)
            #expect(try await api.call("connections", #"{"user":"2","limit":1,"cursor":"\#(cursor)"}"#).hasSuffix(#""count":2}}"#))
            let one = try await api.call("connection", #"{"client":"\#(id)"}"#)
            #expect(one.contains(#""info":{"name":"Ann"}"#))
            #expect(one.contains(#""subscriptions":[{"channel":"news","server_side":false"#))
            #expect(try await api.call("connection", #"{"client":"unknown"}"#) == #"{"result":{}}"#)
            withExtendedLifetime((client, others)) {}
        }
    }

    // MARK: Batches

    @Test("does the commands of a batch in order, with a reply for each", arguments: [false, true])
    func batch(isParallel: Bool) async throws {
        try await APITests.run { api in
            let commands = (1...40).map { #"{"publish":{"channel":"history:a","data":\#($0)}}"# }.joined(separator: ",")
            let answer = try await api.call("batch", #"{"commands":[\#(commands)],"parallel":\#(isParallel)}"#)
            #expect(answer.hasPrefix(#"{"replies":[{"publish":{"offset":"#), "\(answer)")
            let offsets = answer.matches(of: /"offset":(\d+)/).compactMap { Int($0.output.1) }
            #expect(isParallel ? offsets.sorted() == Array(1...40) : offsets == Array(1...40))
        }
    }

    @Test("says in a batch what is wrong with a command, and does the others")
    func partialBatch() async throws {
        try await APITests.run { api async throws in
            #expect(
                try await api.call(
                    "batch",
                    #"{"commands":[{"publish":{"channel":"a"}},{"info":{"x":1}},{"publish":{"channel":"none:a","data":1}},"#
                        + #"{"publish":{"channel":"a","data":1}}]}"#)
                    == #"{"replies":[{"error":{"code":107,"message":"bad request: data or b64data is missing"}},"#
                    + #"{"error":{"code":107,"message":"bad request: info.x is not known"}},"#
                    + #"{"error":{"code":102,"message":"unknown channel"}},{"publish":{"offset":0,"epoch":""}}]}"#)
        }
    }

    @Test(
        "does nothing of a batch that is not one",
        arguments: [
            "{}", #"{"commands":[]}"#, #"{"commands":{}}"#, #"{"commands":[7]}"#, #"{"commands":[{}]}"#, #"{"commands":[{"nothing":{}}]}"#,
            #"{"commands":[{"publish":{"channel":"history:a","data":1}},{"batch":{"commands":[]}}]}"#,
            #"{"commands":[{"publish":{"channel":"history:a","data":1}},{"publish":7}]}"#,
            #"{"commands":[{"publish":{"channel":"history:a","data":1},"info":{}}]}"#,
        ])
    func noBatch(body: String) async throws {
        try await APITests.run { api async throws in
            #expect(try await api.call("batch", body).hasPrefix(#"{"error":{"code":107,"#))
            #expect(try await api.call("history", #"{"channel":"history:a"}"#).contains(#""offset":0"#))
        }
    }

    // MARK: How calls travel

    @Test("takes bodies in gzip, and none that inflates beyond the limit")
    func compressed() async throws {
        // printf '{"channel":"a","data":1}' | gzip -n | base64
        let body = ByteBuffer(bytes: try #require(Data(base64Encoded: "H4sIAAAAAAAAA6tWSs5IzMtLzVGyUkpU0lFKSSxJVLIyrAUApbuglhgAAAA=")))
        try await APITests.run { api in
            let (status, answer) = try await api.ask("publish", body, [.contentEncoding: "gzip"])
            #expect(status == .ok)
            #expect(answer == #"{"result":{"offset":0,"epoch":""}}"#)
            let damaged = try await api.ask("publish", ByteBuffer(string: "not gzip"), [.contentEncoding: "gzip"])
            #expect(damaged.0 == .badRequest)
            #expect(damaged.1.hasPrefix(#"{"error":{"code":107,"#))
            let unknown = try await api.ask("publish", body, [.contentEncoding: "br"])
            #expect(unknown.0 == .unsupportedMediaType)
        }
    }

    @Test(
        "answers errors with a status of their own, where that is wanted",
        arguments: [
            ("publish", #"{"channel":"none:a","data":1}"#, 404), ("publish", "{}", 400), ("history", #"{"channel":"a"}"#, 400),
            ("history", #"{"channel":"history:a","limit":1,"since":{"offset":1,"epoch":"x"}}"#, 416), ("rpc", #"{"method":"a"}"#, 404),
            ("publish", #"{"channel":"a","data":1}"#, 200),
        ])
    func statuses(method: String, body: String, status: Int) async throws {
        let header = try #require(HTTPField.Name("X-Centrifugo-Error-Mode"))
        try await APITests.run { api async throws in
            #expect(try await api.ask(method, ByteBuffer(string: body), [header: "transport"]).0.code == status)
            #expect(try await api.ask(method, ByteBuffer(string: body), [:]).0.code == 200)
        }
    }
}

extension RealtimeClient {
    /// The data of the next publication.
    fileprivate func publication() async throws -> String {
        while true {
            if case .publication(let publication) = try await push().body { return String(buffer: publication.data) }
        }
    }
}
