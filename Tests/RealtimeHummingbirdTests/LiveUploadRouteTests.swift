// Files of live views over real sockets and in forms of browsers without JavaScript.

import HTTPTypes
import Hummingbird
import LiveHTML
import LiveViews
import NIOCore
import RealtimeHummingbird
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@Suite("Uploads of live views in a router", .timeLimit(.minutes(2)))
struct LiveUploadRouteTests {
    struct Drawer: LiveView, Codable {
        var words: [String] = []
        var files = LiveUpload("files", maxFiles: 2, maxFileBytes: 300_000)
        static var uploads: Uploads { [\.files] }
        enum Event: LiveEvent {
            case keep(FormFields)
            case kept([String])
        }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .keep:
                let files = files.take()
                effects.run {
                    var words: [String] = []
                    for file in files {
                        let bytes = try? await file.contents()
                        words.append("\(file.name): \(bytes?.count ?? -1), \(bytes?.reduce(0) { ($0 &* 31) &+ Int($1) } ?? 0)")
                    }
                    return .kept(words)
                }
            case .kept(let words): self.words = words
            }
        }

        var body: HTML {
            """
            <form id="keep" enctype="multipart/form-data" \(on: .submit, Event.keep)><input \(upload: files)></form>
            <ul>\(each: words, key: { $0 }, { "<li>\($0)</li>" })</ul><ol>\(files.entries.map { "<li>\($0.problem?.description ?? "")</li>" })</ol>
            """
        }
    }

    private static let settings = RealtimeServer.Settings { settings in
        settings.more = { router, _ in router.live("drawer", views: LiveRuntime()) { Drawer() } }
    }

    private static func file(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) } }
    private static func sum(_ bytes: [UInt8]) -> Int { bytes.reduce(0) { ($0 &* 31) &+ Int($1) } }

    private static func connect(_ server: RealtimeServer) async throws -> WebSocket {
        var configuration = WebSocketClientConfiguration()
        configuration.headers = [.cookie: "live-session=0123456789abcdef", .origin: "http://localhost:\(server.port)"]
        configuration.subprotocols = ["heliograph-live"]
        let socket = try await WebSocket.connect(to: "ws://localhost:\(server.port)/drawer/_live", configuration: configuration)
        try await socket.send("[\"join\",\"\",\"\",[]]")
        return socket
    }

    @Test("A file comes over the socket in pieces, none before the one before it was written, and is what was sent")
    func socket() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let socket = try await Self.connect(server), file = Self.file(290_000)
            var messages = socket.messages.makeAsyncIterator()
            func next(_ start: String) async throws -> String {
                while case .text(let text)? = try await messages.next() { if text.hasPrefix(start) { return text } }
                throw Unexpected("no \(start)")
            }
            _ = try await next("[\"j\"")
            try await socket.send("[\"up\",1,0,\"files\",[[\"a.bin\",\"\",290000],[\"b.bin\",\"\",300001]]]")
            #expect(try await next("[\"up\"") == "[\"up\",1,[1,\"Larger than 292 KB.\"]]")
            for at in stride(from: 0, to: file.count, by: 32_768) {
                let end = min(at + 32_768, file.count)
                try await socket.send(ByteBuffer(bytes: [1] + file[at..<end]))
                #expect(try await next("[\"ua\"") == "[\"ua\",1,\(end)]")
            }
            try await socket.send(ByteBuffer(bytes: [1]))
            try await socket.send("[2,0,\"keep:$\",{}]")
            #expect(try await next("[\"ux\"") == "[\"ux\",1]")
            var patch = ""
            while !patch.contains("a.bin: 290000, \(Self.sum(file))") { patch = try await next("[") }
            await socket.close()
        }
    }

    @Test("A piece of a file that nobody asked for ends the socket with 4400")
    func wrong() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let socket = try await Self.connect(server)
            var messages = socket.messages.makeAsyncIterator()
            while case .text(let text)? = try await messages.next() { if text.hasPrefix("[\"j\"") { break } }
            try await socket.send(ByteBuffer(bytes: [9, 1, 2, 3]))
            while try await messages.next() != nil {}
            #expect(socket.closeReason?.code.rawValue == 4400)
        }
    }

    private static func form(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        files.flatMap { file in
            Array("--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\(file.name)\"\r\n\r\n".utf8) + file.bytes
                + Array("\r\n".utf8)
        } + Array("--b--\r\n".utf8)
    }

    private static func post(
        _ server: RealtimeServer, _ body: [UInt8], type: String = "multipart/form-data; boundary=b", event: String = "keep%3a%24"
    ) async throws -> StreamClient {
        try await StreamClient.send(
            port: server.port, .post, "/drawer?_event=\(event)",
            [.cookie: "live-session=0123456789abcdef", .origin: "http://localhost:\(server.port)", .contentType: type],
            ByteBuffer(bytes: body))
    }

    @Test("Without JavaScript a form is posted with its files, and the answer is the page after they were kept")
    func posted() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let small = Self.file(10), large = Self.file(250_000)
            let page = try await Self.post(server, Self.form([("s.bin", small), ("l.bin", large)])).rest()
            #expect(page.contains("<li>s.bin: 10, \(Self.sum(small))</li><li>l.bin: 250000, \(Self.sum(large))</li>"))
            let other = try await Self.post(server, Self.form([("s.bin", small), ("l.bin", Self.file(300_001))])).rest()
            #expect(other.contains("<li>s.bin: 10, ") && other.contains("<li>Larger than 292 KB.</li>"))
        }
    }

    @Test("Forms with files that are no such forms are refused with 400, and with 413 when they are larger than the view allows")
    func refused() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let bodies: [(body: [UInt8], type: String, event: String, status: Int)] = [
                (Array("nothing".utf8), "multipart/form-data; boundary=b", "keep%3a%24", 400),
                (Self.form([]), "multipart/form-data", "keep%3a%24", 400),
                (Self.form([]), "multipart/form-data; boundary=b", "burn", 400),
                (Array(Self.form([("a", [1])]).dropLast(6)), "multipart/form-data; boundary=b", "keep%3a%24", 400),
                (Self.form([("l.bin", Self.file(2_000_000))]), "multipart/form-data; boundary=b", "keep%3a%24", 413),
                (Self.form([]), "multipart/form-data; boundary=b", "keep%3a%24", 200),
            ]
            for (body, type, event, status) in bodies {
                let answer = try await Self.post(server, body, type: type, event: event).status()
                #expect(answer == status)
            }
        }
    }
}
