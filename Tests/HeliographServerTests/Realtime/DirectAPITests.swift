// The calls that are answered without the router: nobody can tell.

import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import InMemoryTracing
import NIOCore
import NIOHTTP1
import PubSub
import RealtimeHub
import ServerTestSupport
import Testing
import WebMiddleware
import WebSocketHummingbird

@testable import HeliographServer

@Suite("Calls answered at once", .timeLimit(.minutes(1)))
struct DirectAPITests {
    private static let key = APITests.key

    private static func api(_ hub: Hub = Hub(namespaces: Namespaces(withoutNamespace: ChannelSettings()))) -> ServerAPI {
        let access = APIAccess([(.init("test", key), APICaller(name: "test"))])
        return ServerAPI(hub: hub, configuration: .init(), access: Replaceable(access))
    }

    private static func head(
        _ path: String = "/api/publish", _ fields: HTTPHeaders = ["X-API-Key": key], method: HTTPMethod = .POST
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: fields)
    }

    @Test("are those with a key in X-API-Key and nothing out of the usual")
    func usual() throws {
        let direct = try #require(DirectAPI(Self.api()))
        for path in ["/api/publish", "/api/batch"] { #expect(direct.accept(Self.head(path)) != nil) }
        #expect(direct.accept(Self.head("/api/publish", ["x-api-KEY": Self.key, "Content-Type": "text/plain", "Accept": "*/*"])) != nil)
        for path in ["/api/info", "/api/nothing", "/api/publish?x=1", "/api/publish/", "/api", "/", "*", "http://localhost/api/publish"] {
            #expect(direct.accept(Self.head(path)) == nil, "\(path)")
        }
        for method in [HTTPMethod.GET, .PUT, .OPTIONS, .HEAD] { #expect(direct.accept(Self.head(method: method)) == nil) }
        let others: [HTTPHeaders] = [
            [:], ["X-API-Key": "another"], ["X-API-Key": ""], ["Authorization": "apikey \(Self.key)"],
            ["X-API-Key": Self.key, "x-api-key": Self.key], ["X-API-Key": Self.key, "Content-Encoding": "gzip"],
            ["X-API-Key": Self.key, "Expect": "100-continue"], ["X-API-Key": Self.key, "X-Centrifugo-Error-Mode": "transport"],
        ]
        for fields in others { #expect(direct.accept(Self.head("/api/publish", fields)) == nil, "\(fields)") }
    }

    @Test("hold for the next request with the same head until the keys are others, or the key has ended")
    func current() async throws {
        let api = Self.api()
        let request = try #require(DirectAPI(api)?.accept(Self.head()))
        #expect(request.isCurrent())
        api.access.replace(by: APIAccess([(.init("test", Self.key), APICaller(name: "test"))]))
        #expect(!request.isCurrent())
        for (seconds, isCurrent) in [(0.1, false), (60, true)] {
            let key = APIKeys.Key("test", Self.key, validUntil: Date(timeIntervalSinceNow: seconds))
            api.access.replace(by: APIAccess([(key, APICaller(name: "test"))]))
            let request = try #require(DirectAPI(api)?.accept(Self.head()))
            while !isCurrent, request.isCurrent() { try await Task.sleep(for: .milliseconds(10)) }
            #expect(request.isCurrent() == isCurrent)
        }
    }

    @Test("are none where publications are traced or the broker takes its time")
    func none() {
        let namespaces = Namespaces(withoutNamespace: ChannelSettings())
        #expect(DirectAPI(Self.api(Hub(namespaces: namespaces, broker: SlowBroker()))) == nil)
        #expect(DirectAPI(Self.api(Hub(namespaces: namespaces, tracer: InMemoryTracer()))) == nil)
    }

    @Test(
        "have the router's answers",
        arguments: [
            ("publish", #"{"channel":"a","data":{"x":[1,2]}}"#), ("publish", #"{"channel":"a"}"#), ("publish", "{"), ("publish", ""),
            ("publish", #"{"channel":"none:a","data":1}"#), ("publish", #"{"channel":"a","data":1,"x":1}"#),
            ("publish", #"{"channel":"objects:a","data":1}"#), ("publish", #"{"channel":"a","b64data":"!"}"#),
            ("batch", #"{"commands":[{"publish":{"channel":"a","data":1}},{"publish":{}},{"publish":{"channel":"a","data":null}}]}"#),
            ("batch", #"{"commands":[{"publish":{"channel":"a","data":1}},{"presence_stats":{"channel":"a"}}]}"#),
            ("batch", #"{"commands":[],"parallel":1}"#), ("batch", #"{"commands":[{"publish":{"channel":"a","data":1}}],"parallel":1}"#),
            ("publish", #"{"channel":"a","data":"\#(String(repeating: "x", count: 5_000))"}"#),
        ])
    func same(method: String, body: String) async throws {
        let name = try #require(HTTPField.Name("X-API-Key"))
        try await APITests.run { api in
            var answers: [(HTTPResponse.Status, String, HTTPFields)] = []
            for headers: HTTPFields in [[name: Self.key], [.authorization: "apikey \(Self.key)"]] {
                let response = try await api.server.http.execute(
                    uri: "/api/\(method)", method: .post, headers: headers, body: ByteBuffer(string: body))
                var fields = response.headers
                let date = try #require(fields[.date])
                #expect(date.wholeMatch(of: /(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/) != nil, "\(date)")
                fields[.date] = nil
                answers.append((response.status, String(buffer: response.body), fields))
            }
            #expect(answers[0].0 == answers[1].0)
            #expect(answers[0].1 == answers[1].1)
            #expect(Set(answers[0].2.map { "\($0)" }) == Set(answers[1].2.map { "\($0)" }))
        }
    }

    @Test("take their places in a channel's history like others")
    func history() async throws {
        let name = try #require(HTTPField.Name("X-API-Key"))
        try await APITests.run { api in
            let publication = #"{"channel":"history:a","data":7,"tags":{"a":"b"},"idempotency_key":"k"}"#
            for _ in 0..<2 {
                #expect(try await api.status("publish", publication, [name: Self.key]).1.hasPrefix(#"{"result":{"offset":1,"epoch":""#))
            }
            let batch = #"{"commands":[{"publish":{"channel":"history:a","data":8}},{"publish":{"channel":"history:a"}}]}"#
            let answer = try await api.status("batch", batch, [name: Self.key]).1
            #expect(answer.hasPrefix(#"{"replies":[{"publish":{"offset":2,"#))
            #expect(answer.hasSuffix(#"},{"error":{"code":107,"message":"bad request: data or b64data is missing"}}]}"#))
            let history = try await api.call("history", #"{"channel":"history:a","limit":-1}"#)
            #expect(history.contains(#""data":7"#) && history.contains(#""tags":{"a":"b"}"#) && history.contains(#""data":8"#))
        }
    }

    @Test("fail with a status where the configuration says so")
    func statuses() async throws {
        let name = try #require(HTTPField.Name("X-API-Key"))
        try await APITests.run(api: "{key: \(Self.key), error_mode: transport}") { api in
            let (status, body) = try await api.status("publish", #"{"channel":"none:a","data":1}"#, [name: Self.key])
            #expect(status == .notFound && body == #"{"error":{"code":102,"message":"unknown channel"}}"#)
        }
    }

    @Test("have the date as RFC 9110 §5.6.7 writes it")
    func date() {
        #expect(DirectFields.date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(DirectFields.date(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(DirectFields.date(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(DirectFields.date(4_102_444_799) == "Thu, 31 Dec 2099 23:59:59 GMT")
    }
}

/// One on another machine, as it were.
private final class SlowBroker: Broker {
    private let inner = MemoryBroker()

    func start(_ receiver: any BrokerReceiver) { inner.start(receiver) }
    func stop() { inner.stop() }
    func unsubscribe(_ channel: String) {}
    func unsubscribe(matching pattern: String) {}
    func publishJoin(_ info: ClientInfo, on channel: String) { inner.publishJoin(info, on: channel) }
    func publishLeave(_ info: ClientInfo, on channel: String) { inner.publishLeave(info, on: channel) }

    func subscribe(_ channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        inner.subscribe(channel, completion)
    }

    func publish(
        _ data: [UInt8], to channel: String, _ options: PublishOptions,
        _ completion: @escaping @Sendable (Result<PublishResult, BrokerError>) -> Void
    ) {
        Task { [inner] in inner.publish(data, to: channel, options, completion) }
    }

    func history(
        of channel: String, _ query: HistoryQuery, retention: Retention?,
        _ completion: @escaping @Sendable (Result<History, BrokerError>) -> Void
    ) {
        inner.history(of: channel, query, retention: retention, completion)
    }

    func removeHistory(of channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        inner.removeHistory(of: channel, completion)
    }
}
