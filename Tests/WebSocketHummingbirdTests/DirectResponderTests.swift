// Requests that are answered before Hummingbird is asked: on the wire they are as all others.

import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import WebSocketNIO
import WebSocketProtocol

@testable import WebSocketHummingbird

/// Answers POST /direct with the body in capitals, unless that is `later`.
private struct Capitals: DirectResponder {
    var size = 0
    /// Whether it takes requests at all; asked for each head that it has not seen just before.
    var takes: @Sendable () -> Bool = { true }
    var isCurrent: @Sendable () -> Bool = { true }

    func accept(_ head: HTTPRequestHead) -> DirectRequest? {
        guard head.method == .POST, head.uri == "/direct", takes() else { return nil }
        return DirectRequest(maxBodyBytes: 32, isCurrent: isCurrent) { body in
            let text = String(buffer: body)
            if text == "later" { return nil }
            let answer = text.uppercased() + String(repeating: ".", count: size)
            return DirectAnswer(status: .ok, fields: ByteBuffer(string: "X-Way: direct\r\n"), body: ByteBuffer(string: answer))
        }
    }
}

@Suite("Direct answers", .timeLimit(.minutes(1)))
struct DirectResponderTests {
    private static func run(
        size: Int = 0, idleTimeout: Duration? = .seconds(75), responder: Capitals? = nil,
        _ body: @Sendable (TestServer) async throws -> Void
    ) async throws {
        let router = echoRouter()
        router.post("direct") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            return "router: \(String(buffer: body))"
        }
        var configuration = WebSocketServerConfiguration()
        configuration.directResponder = responder ?? Capitals(size: size)
        configuration.idleTimeout = idleTimeout
        try await withServer(router, .webSockets(configuration: configuration), body)
    }

    private static func post(_ body: String, _ fields: String = "", version: String = "1.1") -> String {
        "POST /direct HTTP/\(version)\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }

    private static let get = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"

    @Test("A connection has answers of both kinds, in the order of its requests, one at a time or all at once", arguments: [false, true])
    func order(isPipelined: Bool) async throws {
        try await Self.run { server in
            let client = try await RawClient.connect(port: server.port)
            let requests = [Self.post("a"), Self.get, Self.post("b"), Self.post("later"), Self.post("c"), Self.get, Self.post("d")]
            var answers = [["A"], ["Hello"], ["B"], ["router: later"], ["C"], ["Hello"], ["D"]]
            if isPipelined {
                // The router answers what comes behind what it is at work on.
                for (index, text) in [(2, "b"), (4, "c"), (6, "d")] { answers[index].append("router: \(text)") }
                try await client.send(requests.joined())
            }
            for (request, answers) in zip(requests, answers) {
                if !isPipelined { try await client.send(request) }
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(answers.contains(response.body), "\(response.body)")
                #expect((response.fields["x-way"] == "direct") == (response.body.count == 1))
            }
        }
    }

    @Test("A body may come byte by byte, and in chunks")
    func pieces() async throws {
        try await Self.run { server in
            let client = try await RawClient.connect(port: server.port)
            for byte in Self.post("slow").utf8 { try await client.send([byte]) }
            #expect(try await client.response().body == "SLOW")
            try await client.send(
                "POST /direct HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nch\r\n4\r\nunks\r\n0\r\n\r\n")
            #expect(try await client.response().body == "CHUNKS")
        }
    }

    @Test("Requests that begin alike, with bodies of any length, however they are cut into reads, are answered each by itself")
    func alike() async throws {
        try await Self.run { server in
            let bodies = [
                "a", "b", "later", "cc", "", String(repeating: "x", count: 40), "dd", "later", "e", String(repeating: "f", count: 12),
            ]
            let answers = bodies.map { $0 == "later" || $0.count > 32 ? "router: \($0)" : $0.uppercased() }
            let stream = Array(bodies.map { Self.post($0) }.joined().utf8)
            // With a step of 1 the first head is never seen in one read; with the largest all are.
            for step in [1, 7, 40, 61, 62, 63, 75, 100, 120, stream.count] {
                let client = try await RawClient.connect(port: server.port)
                try await client.send(Self.post("first"))
                #expect(try await client.response().body == "FIRST")
                for start in stride(from: 0, to: stream.count, by: step) {
                    try await client.send(Array(stream[start..<min(start + step, stream.count)]))
                    if step > 1 { try await Task.sleep(for: .milliseconds(1)) }
                }
                for (body, answer) in zip(bodies, answers) {
                    let response = try await client.response()
                    // The router answers what comes behind what it is at work on.
                    #expect(response.status == 200 && [answer, "router: \(body)"].contains(response.body), "\(step): \(response.body)")
                }
                try await client.send(Self.get)
                #expect(try await client.response().body == "Hello")
            }
        }
    }

    @Test("Who may is asked for a head that is new, and for a known one when what was known no longer holds")
    func current() async throws {
        struct Access {
            var isOpen = true, isCurrent = true, asked = 0
        }
        let access = Mutex(Access())
        let responder = Capitals(
            takes: {
                access.withLock {
                    $0.asked += 1
                    return $0.isOpen
                }
            },
            isCurrent: { access.withLock { $0.isCurrent } })
        try await Self.run(responder: responder) { server in
            let client = try await RawClient.connect(port: server.port)
            func ask(_ body: String, _ fields: String = "", isDirect: Bool = true, asked: Int) async throws {
                try await client.send(Self.post(body, fields))
                #expect(try await client.response().body == (isDirect ? body.uppercased() : "router: \(body)"))
                #expect(access.withLock { $0.asked } == asked)
            }
            try await ask("a", asked: 1)
            try await ask("bb", asked: 1)
            access.withLock { $0.isCurrent = false }
            try await ask("a", asked: 2)
            access.withLock { $0.isOpen = false }
            try await ask("a", isDirect: false, asked: 3)
            access.withLock { $0 = Access(asked: 3) }
            // The last one was not answered directly: nothing is known of it.
            try await ask("a", asked: 4)
            try await ask("a", "X: y\r\n", asked: 5)
            try await ask("b", "X: y\r\n", asked: 5)
            access.withLock { $0.isOpen = false }
            try await ask("a", isDirect: false, asked: 6)
            try await ask("b", isDirect: false, asked: 7)
        }
    }

    @Test("Heads and bodies that come in turns; other requests between; one that breaks off, and one that is wrong")
    func turns() async throws {
        try await Self.run { server in
            let client = try await RawClient.connect(port: server.port)
            for (number, body) in ["one", "two", "three"].enumerated() {
                for part in Self.post(body).split(separator: "\r\n\r\n") {
                    try await client.send(String(part) + (part.hasPrefix("POST") ? "\r\n\r\n" : ""))
                    try await Task.sleep(for: .milliseconds(5))
                }
                #expect(try await client.response().body == body.uppercased())
                if number == 1 {
                    try await client.send(Self.post("x", "A: b\r\n"))
                    #expect(try await client.response().body == "X")
                }
            }
            let half = Self.post("twelve bytes").dropLast(4)
            try await client.send(String(half))
            try await client.endOutput()
            #expect(try await client.response().status == 400)
            #expect(try await client.takeAll().isEmpty)

            let wrong = try await RawClient.connect(port: server.port)
            for _ in 0..<2 {
                try await wrong.send(Self.post("a"))
                #expect(try await wrong.response().body == "A")
            }
            try await wrong.send(Self.post("a").replacing("Content-Length: 1", with: "Content-Length: 1x"))
            #expect(try await wrong.response().status == 400)
            #expect(try await wrong.takeAll().isEmpty)
        }
    }

    @Test("One with a longer body, or that is not answered at once, is the router's with all that was read")
    func handedOn() async throws {
        try await Self.run { server in
            let client = try await RawClient.connect(port: server.port)
            let long = String(repeating: "long", count: 10_000)
            for body in ["later", long, String(repeating: "x", count: 33)] {
                try await client.send(Self.post(body))
                #expect(try await client.response().body == "router: \(body)")
            }
            try await client.send(Self.post(String(repeating: "x", count: 32)))
            #expect(try await client.response().fields["x-way"] == "direct")
        }
    }

    @Test("The last request of a connection is answered so, and the connection ends (RFC 9112 §9.6)")
    func close() async throws {
        try await Self.run { server in
            for request in [Self.post("a", "Connection: close\r\n"), Self.post("a", version: "1.0")] {
                let client = try await RawClient.connect(port: server.port)
                try await client.send(request)
                let response = try await client.response()
                #expect(response.body == "A" && response.fields["connection"] == "close")
                #expect(try await client.takeAll().isEmpty)
            }
        }
    }

    @Test("A client that ends its side behind a request gets the answer")
    func halfClosed() async throws {
        try await Self.run(size: 4 << 20) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.post("a"))
            try await client.endOutput()
            #expect(try await client.response().body.utf8.count == 1 + 4 << 20)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A body that breaks off in its chunks is answered with 400 (RFC 9112 §7.1)")
    func broken() async throws {
        try await Self.run { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send("POST /direct HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nch\r\nzz\r\n")
            #expect(try await client.response().status == 400)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A connection is closed after the idle timeout, between requests and within one, and not while it is used")
    func idle() async throws {
        try await Self.run(idleTimeout: .seconds(2)) { server in
            let between = try await RawClient.connect(port: server.port)
            let within = try await RawClient.connect(port: server.port)
            let used = try await RawClient.connect(port: server.port)
            try await between.send(Self.post("a"))
            #expect(try await between.response().body == "A")
            try await within.send("POST /direct HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
            for request in [Self.post("a"), Self.get, Self.post("a"), Self.post("a"), Self.get, Self.post("a")] {
                try await used.send(request)
                #expect(try await used.response().status == 200)
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(try await between.takeAll(within: .seconds(5)).isEmpty)
            #expect(try await within.takeAll(within: .seconds(5)).isEmpty)
            #expect(try await used.takeAll(within: .seconds(5)).isEmpty)
        }
    }

    @Test("A server that goes down closes idle connections at once, and ends what is being read with its answer")
    func shutdown() async throws {
        try await Self.run { server in
            let idle = try await RawClient.connect(port: server.port)
            try await idle.send(Self.post("a"))
            #expect(try await idle.response().body == "A")
            let busy = try await RawClient.connect(port: server.port)
            try await busy.send(Self.post("a") + "POST /direct HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nb")
            #expect(try await busy.response().body == "A")
            await server.shutDown()
            #expect(try await idle.takeAll().isEmpty)
            try await busy.send("c")
            let response = try await busy.response()
            #expect(response.body == "BC" && response.fields["connection"] == "close")
            #expect(try await busy.takeAll().isEmpty)
        }
    }

    @Test("A connection can still become a socket")
    func upgrade() async throws {
        try await Self.run { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.post("a") + Handshake("/loop-echo").text)
            #expect(try await client.response().body == "A")
            #expect(try await client.response().status == 101)
            try await client.send(Frame.text("hi"))
            #expect(try await client.frame().text == "hi")
        }
    }

    @Test("Answers do not pile up for a client that does not read them")
    func slowReader() async throws {
        let answered = Mutex(0)
        struct Counting: DirectResponder {
            let answered: @Sendable () -> Void

            func accept(_ head: HTTPRequestHead) -> DirectRequest? {
                guard head.method == .POST else { return nil }
                return DirectRequest(maxBodyBytes: 10, isCurrent: { true }) { _ in
                    answered()
                    return DirectAnswer(status: .ok, fields: ByteBuffer(), body: ByteBuffer(repeating: 0x61, count: 1 << 20))
                }
            }
        }
        var configuration = WebSocketServerConfiguration()
        configuration.directResponder = Counting { answered.withLock { $0 += 1 } }
        let router = echoRouter()
        router.post("direct") { _, _ in ByteBuffer(repeating: 0x61, count: 1 << 20) }
        try await withServer(router, .webSockets(configuration: configuration)) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.channel.setOption(.autoRead, value: false).get()
            let count = 200
            try await client.send(String(repeating: Self.post(""), count: count))
            // Another connection's answer is later than what the first one's read began.
            let other = try await RawClient.connect(port: server.port)
            for _ in 0..<20 {
                try await other.send(Self.get)
                #expect(try await other.response().body == "Hello")
            }
            #expect(answered.withLock { $0 } < 20)
            try await client.channel.setOption(.autoRead, value: true).get()
            for _ in 0..<count { #expect(try await client.response().body.utf8.count == 1 << 20) }
        }
    }
}
