// Every option of a channel, on a live server: with it and without it something is different that a client or a backend sees.

import Foundation
import NIOCore
import ServerTestSupport
import Testing
import WebSocketNIO

@testable import HeliographServer

@Suite("Options of channels, one by one", .timeLimit(.minutes(2)))
struct ChannelOptionTests {
    /// What is done in a channel, and what comes of it in a namespace with the option and in one without.
    struct Case: Sendable, CustomTestStringConvertible {
        let option: String
        /// The namespace's options.
        let on: String
        let off: String
        let seen: (on: String, off: String)
        let act: @Sendable (Actors, String) async throws -> String

        var testDescription: String { option }

        init(
            _ option: String, _ on: String, _ off: String = "", sees: (on: String, off: String),
            _ act: @escaping @Sendable (Actors, String) async throws -> String
        ) {
            (self.option, self.on, self.off, self.seen, self.act) = (option, on, off, sees, act)
        }
    }

    private static let open = "allow_subscribe_for_client: true"
    private static let kept = "\(open), history_size: 5, history_ttl: 60s"
    private static let denied = "103"

    /// What a user, or somebody anonymous, may do.
    private static func permission(
        _ operation: String, _ whom: String, _ act: @escaping @Sendable (Actors, String) async throws -> String
    ) -> Case {
        let base = "presence: true, history_size: 5, history_ttl: 60s, allow_subscribe_for_anonymous: true, \(open)"
        return Case("allow_\(operation)_for_\(whom)", "\(base), allow_\(operation)_for_\(whom): true", base, sees: ("", denied), act)
    }

    static let cases: [Case] = [
        Case("presence", "\(open), presence: true, allow_presence_for_client: true", open, sees: ("", "108")) { actors, channel in
            try await actors.api("presence_stats", #"{"channel":"\#(channel)"}"#).code
        },
        Case("join_leave", "\(open), presence: true, join_leave: true", "\(open), presence: true", sees: ("join join pub", "pub")) {
            try await $0.joins($1, #","join_leave":true"#)
        },
        Case(
            "force_push_join_leave", "\(open), presence: true, join_leave: true, force_push_join_leave: true",
            "\(open), presence: true, join_leave: true", sees: ("join join pub", "pub")
        ) { try await $0.joins($1, "") },
        Case("history_size", "history_size: 3, history_ttl: 60s", "history_size: 1, history_ttl: 60s", sees: ("3", "1")) {
            try await $0.kept($1, after: .zero)
        },
        Case("history_ttl", "history_size: 9, history_ttl: 60s", "history_size: 9, history_ttl: 1s", sees: ("3", "0")) {
            try await $0.kept($1, after: .milliseconds(2_100))
        },
        Case(
            "history_meta_ttl", "history_size: 9, history_ttl: 1s, history_meta_ttl: 1s", "history_size: 9, history_ttl: 1s",
            sees: ("begins anew", "goes on")
        ) { actors, channel in
            _ = try await actors.publish(channel)
            try await Task.sleep(for: .milliseconds(3_100))
            return try await actors.publish(channel).contains(#""offset":2"#) ? "goes on" : "begins anew"
        },
        Case("allow_positioning", "\(kept), allow_positioning: true", kept, sees: ("yes", "no")) {
            try await $0.subscribed($1, #","positioned":true"#, has: #""positioned":true"#)
        },
        Case("force_positioning", "\(kept), force_positioning: true", kept, sees: ("yes", "no")) {
            try await $0.subscribed($1, "", has: #""positioned":true"#)
        },
        Case("allow_recovery", "\(kept), allow_recovery: true", kept, sees: ("yes", "no")) {
            try await $0.subscribed($1, #","recoverable":true"#, has: #""recoverable":true"#)
        },
        Case("force_recovery", "\(kept), force_recovery: true", kept, sees: ("yes", "no")) {
            try await $0.subscribed($1, "", has: #""recoverable":true"#)
        },
        Case(
            "force_recovery_mode", "\(kept), force_recovery: true, force_recovery_mode: cache", "\(kept), force_recovery: true",
            sees: ("1", "2")
        ) { try await $0.recovered($1, #","recover":true"#) },
        Case(
            "auto_cache_recover", "\(kept), force_recovery: true, force_recovery_mode: cache, auto_cache_recover: true",
            "\(kept), force_recovery: true, force_recovery_mode: cache", sees: ("1", "0")
        ) { try await $0.recovered($1, "") },
        Case("allowed_delta_types", "\(kept), allowed_delta_types: [fossil]", kept, sees: ("yes", "no")) {
            try await $0.subscribed($1, #","delta":"fossil""#, has: #""delta":true"#)
        },
        Case(
            "delta_publish", "\(kept), allowed_delta_types: [fossil], delta_publish: true", "\(kept), allowed_delta_types: [fossil]",
            sees: ("yes", "no")
        ) { actors, channel in
            _ = try await actors.ask("subscribe", #"{"channel":"\#(channel)","delta":"fossil"}"#)
            let text = String(repeating: "the same and ", count: 20)
            for end in ["one", "two"] { _ = try await actors.publish(channel, #""\#(text)\#(end)""#) }
            _ = try await actors.next("\"pub\"")
            return try await actors.next("\"pub\"").contains(#""delta":true"#) ? "yes" : "no"
        },
        Case("allow_tags_filter", "\(open), allow_tags_filter: true", open, sees: ("", "107")) { actors, channel in
            try await actors.ask("subscribe", #"{"channel":"\#(channel)","tf":{"key":"a","cmp":"eq","val":"b"}}"#).code
        },
        Case("allow_channel_compaction", open, "\(open), allow_channel_compaction: false", sees: ("yes", "no")) {
            try await $0.subscribed($1, #","flag":1"#, has: #""id":1"#)
        },
        Case("publication_data_format", "publication_data_format: json_object", sees: ("107", "")) { actors, channel in
            try await actors.publish(channel, "7").code
        },
        Case("channel_regex", "\(open), channel_regex: \"[0-9]+\"", open, sees: ("107", "")) { actors, channel in
            try await actors.ask("subscribe", #"{"channel":"\#(channel)"}"#).code
        },
        Case("allow_user_limited_channels", "allow_user_limited_channels: true", sees: ("", denied)) { actors, channel in
            try await actors.ask("subscribe", #"{"channel":"\#(channel)#42"}"#).code
        },
        Case("allow_wildcards", "\(open), allow_wildcards: true", open, sees: ("yes", "no")) { actors, channel in
            let pattern = "\(channel.dropLast())*"
            _ = try await actors.ask("subscribe", #"{"channel":"\#(pattern)"}"#)
            _ = try await actors.publish(channel)
            // Without patterns it is a name.
            _ = try await actors.publish(pattern, "2")
            return try await actors.next("\"pub\"").contains(#""data":1"#) ? "yes" : "no"
        },
        Case("allow_subscribe_for_client", open, sees: ("", denied)) {
            try await $0.ask("subscribe", #"{"channel":"\#($1)"}"#).code
        },
        Case("allow_subscribe_for_anonymous", "allow_subscribe_for_anonymous: true", sees: ("", denied)) {
            try await $0.ask("subscribe", #"{"channel":"\#($1)"}"#, by: .anonymous).code
        },
        permission("publish", "client") { try await $0.ask("publish", #"{"channel":"\#($1)","data":1}"#).code },
        permission("publish", "anonymous") { try await $0.ask("publish", #"{"channel":"\#($1)","data":1}"#, by: .anonymous).code },
        permission("publish", "subscriber") { try await $0.asSubscriber("publish", #"{"channel":"\#($1)","data":1}"#, $1) },
        permission("presence", "client") { try await $0.ask("presence", #"{"channel":"\#($1)"}"#).code },
        permission("presence", "anonymous") { try await $0.ask("presence", #"{"channel":"\#($1)"}"#, by: .anonymous).code },
        permission("presence", "subscriber") { try await $0.asSubscriber("presence", #"{"channel":"\#($1)"}"#, $1) },
        permission("history", "client") { try await $0.ask("history", #"{"channel":"\#($1)"}"#).code },
        permission("history", "anonymous") { try await $0.ask("history", #"{"channel":"\#($1)"}"#, by: .anonymous).code },
        permission("history", "subscriber") { try await $0.asSubscriber("history", #"{"channel":"\#($1)"}"#, $1) },
    ]

    /// Those that need more than a namespace: a client that does not read, a backend.
    static let elsewhere: [String: String] = [
        "slow_readers": "may get the latest in place of all, where the channel says so", "slow_readers_keep": "Or the newest few",
        "subscribe_proxy_enabled": "connect, subscribe, publish and rpc, each decided by the backend",
        "publish_proxy_enabled": "connect, subscribe, publish and rpc, each decided by the backend",
        "sub_refresh_proxy_enabled": "each hook asks its own address, and is answered",
        "subscribe_proxy_name": "every proxy, by its names", "publish_proxy_name": "every proxy, by its names",
        "sub_refresh_proxy_name": "every proxy, by its names",
        "events_enabled": "events of a client's life, in order, signed; the rest when the server ends",
    ]

    @Test("makes a difference", arguments: cases)
    func difference(of option: Case) async throws {
        var serve = ServeConfiguration()
        serve.hasDemo = false
        serve.realtime = try await RealtimeConfiguration(
            yaml: """
                client: {allow_anonymous: true, token: {hmac_secret_key: \(TokenMaker.secret)}}
                channel: {namespaces: [{name: on, \(option.on)}, {name: "off", \(option.off)}]}
                http_api: {key: \(APITests.key)}
                """, file: "test.yaml")
        try await TestServer.run(serve) { server in
            for (namespace, seen) in [("on", option.seen.on), ("off", option.seen.off)] {
                let actors = try await Actors(server)
                let result = try await option.act(actors, "\(namespace):a")
                #expect(result == seen, "\(namespace)")
            }
        }
    }

    @Test("every option of the table is tried here, or elsewhere")
    func complete() {
        let options = Set(Setting.channelOptions(under: "").compactMap(\.components.last).map { $0.replacing("[]", with: "") })
        let tried = Set(Self.cases.map(\.option)).union(Self.elsewhere.keys)
        #expect(options.subtracting(tried) == [])
        #expect(tried.subtracting(options) == [])
    }
}

/// A user with two connections, somebody anonymous, and a backend.
final class Actors {
    enum Actor {
        case user, anonymous
    }

    private let service: APITests.Service
    private let user: TextClient
    private let other: TextClient
    private let anonymous: TextClient

    init(_ server: TestServer) async throws {
        service = APITests.Service(server: server)
        let token = try await TokenMaker.hmac().sign(#"{"sub":"42"}"#)
        (user, other) = (try await TextClient(server, token), try await TextClient(server, token))
        anonymous = try await TextClient(server, "")
    }

    func api(_ method: String, _ body: String) async throws -> String { try await service.call(method, body) }

    func publish(_ channel: String, _ data: String = "1") async throws -> String {
        try await api("publish", #"{"channel":"\#(channel)","data":\#(data)}"#)
    }

    func ask(_ method: String, _ body: String, by actor: Actor = .user) async throws -> String {
        try await (actor == .user ? user : anonymous).ask(method, body)
    }

    func next(_ part: String) async throws -> String { try await user.next(part) }

    // MARK: Things that are done more than once

    func subscribed(_ channel: String, _ more: String, has part: String) async throws -> String {
        try await ask("subscribe", #"{"channel":"\#(channel)"\#(more)}"#).contains(part) ? "yes" : "no"
    }

    /// How many publications come with the answer, of two that were published before.
    func recovered(_ channel: String, _ more: String) async throws -> String {
        for _ in 0..<2 { _ = try await publish(channel) }
        let reply = try await ask("subscribe", #"{"channel":"\#(channel)"\#(more)}"#)
        return "\(reply.components(separatedBy: #""data":1"#).count - 1)"
    }

    /// How many are kept of three.
    func kept(_ channel: String, after time: Duration) async throws -> String {
        for _ in 0..<3 { _ = try await publish(channel) }
        try await Task.sleep(for: time)
        let history = try await api("history", #"{"channel":"\#(channel)","limit":-1}"#)
        return "\(history.components(separatedBy: #""data":1"#).count - 1)"
    }

    /// What a subscriber is told until a publication comes, while another subscribes.
    func joins(_ channel: String, _ more: String) async throws -> String {
        _ = try await ask("subscribe", #"{"channel":"\#(channel)"\#(more)}"#)
        _ = try await other.ask("subscribe", #"{"channel":"\#(channel)"}"#)
        _ = try await publish(channel)
        var kinds: [String] = []
        while kinds.last != "pub" {
            let push = try await next("\"push\"")
            kinds.append(["join", "pub"].first { push.contains("\"\($0)\":") } ?? push)
        }
        return kinds.joined(separator: " ")
    }

    /// The code of what somebody is answered who has subscribed before; anybody else is refused.
    func asSubscriber(_ method: String, _ body: String, _ channel: String) async throws -> String {
        guard try await other.ask(method, body).code == "103" else { return "open to others" }
        _ = try await ask("subscribe", #"{"channel":"\#(channel)"}"#)
        return try await ask(method, body).code
    }
}

/// A client that says and hears JSON as it is.
private final class TextClient {
    private let socket: WebSocket
    private var messages: WebSocket.Messages.AsyncIterator
    private var waiting: [String] = []
    private var lastID = 1

    init(_ server: TestServer, _ token: String) async throws {
        socket = try await server.connect("/connection/websocket")
        messages = socket.messages.makeAsyncIterator()
        try await socket.send(#"{"id":1,"connect":{"token":"\#(token)"}}"#)
        _ = try await next("\"connect\"")
    }

    func ask(_ method: String, _ body: String) async throws -> String {
        lastID += 1
        try await socket.send(#"{"id":\#(lastID),"\#(method)":\#(body)}"#)
        return try await next("{\"id\":\(lastID),")
    }

    /// The first line with this part in it, of those that have not been taken.
    func next(_ part: String) async throws -> String {
        while true {
            if let index = waiting.firstIndex(where: { $0.contains(part) }) { return waiting.remove(at: index) }
            guard case .text(let text) = try await messages.next() else { throw Unexpected("no \(part)") }
            waiting += text.split(separator: "\n").map(String.init)
        }
    }
}

extension String {
    /// The code of an error; nothing if there is none.
    fileprivate var code: String { firstMatch(of: /"error":\{"code":(\d+)/).map { String($0.output.1) } ?? "" }
}
