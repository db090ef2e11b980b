// What a configuration says of each transport: compression, sizes and times.

import RealtimeHub
import RealtimeHummingbird
import Testing
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("Settings of transports")
struct TransportSettingsTests {
    private static let beginning = "channel: {without_namespace: {}}\nclient: {allow_anonymous: true}\n"

    private func read(_ yaml: String, _ layers: SettingLayers = SettingLayers()) async throws -> RealtimeConfiguration {
        try #require(try await ServeConfiguration(yaml: Self.beginning + yaml, file: "test.yaml", layers: layers).realtime)
    }

    // MARK: What they say

    @Test("without a word nothing is compressed, and a message or a body has 64 KiB", arguments: RealtimeTransport.allCases)
    func usual(transport: RealtimeTransport) async throws {
        for yaml in ["", "\(transport.rawValue): {}\n"] {
            let options = try await read(yaml).options(of: transport)
            #expect(options.webSocket.compression == nil)
            #expect(options.webSocket.limits.maxMessageSize == 65_536)
            #expect(options.webSocket.writeTimeout == .seconds(30))
            #expect(options.maxRequestBytes == 65_536)
        }
    }

    @Test(
        "each WebSocket has its own",
        arguments: [(RealtimeTransport.webSocket, RealtimeTransport.uniWebSocket), (.uniWebSocket, .webSocket)])
    func sockets(transport: RealtimeTransport, other: RealtimeTransport) async throws {
        let configuration = try await read(
            """
            \(transport.rawValue):
              {compression: true, compression_level: 6, compression_min_size: 500, message_size_limit: 100000, write_timeout: 5s}
            """)
        let socket = configuration.options(of: transport).webSocket
        let compression = try #require(socket.compression)
        #expect((compression.level, compression.minimumSize) == (6, 500))
        #expect(compression.budget === DeflateBudget.shared, "all sockets of the process have one budget")
        #expect(compression.serverNoContextTakeover && compression.clientNoContextTakeover, "each message by itself")
        #expect(socket.limits.maxMessageSize == 100_000)
        #expect(socket.writeTimeout == .seconds(5))
        #expect(configuration.options(of: other).webSocket.compression == nil)
        #expect(configuration.options(of: other).webSocket.limits.maxMessageSize == 65_536)
    }

    @Test("a level does not turn compression on")
    func level() async throws {
        let configuration = try await read("websocket: {compression_level: 9}")
        #expect(configuration.options(of: .webSocket).webSocket.compression == nil)
    }

    @Test("each stream has its own size of a body, and so have the commands of all")
    func bodies() async throws {
        let configuration = try await read(
            """
            http_stream: {max_request_body_size: 1024}
            sse: {max_request_body_size: 2048}
            uni_sse: {max_request_body_size: 3072}
            uni_http_stream: {max_request_body_size: 4096}
            emulation: {max_request_body_size: 5120}
            """)
        let streams: [RealtimeTransport] = [.httpStream, .serverSentEvents, .uniServerSentEvents, .uniHTTPStream]
        #expect(streams.map { configuration.options(of: $0).maxRequestBytes } == [1_024, 2_048, 3_072, 4_096])
        #expect(configuration.routes.maxRequestBytes == 5_120)
    }

    @Test("they can be given in the environment and as options")
    func layers() async throws {
        let layers = SettingLayers(
            options: ["websocket.message_size_limit": ["2048"]],
            environment: ["HELIOGRAPH_WEBSOCKET_COMPRESSION": "true", "HELIOGRAPH_WEBSOCKET_MESSAGE_SIZE_LIMIT": "4096"])
        let socket = try await read("websocket: {compression_level: 1}", layers).options(of: .webSocket).webSocket
        #expect((socket.compression?.level, socket.limits.maxMessageSize) == (1, 2_048))
    }

    // MARK: What does not go together

    @Test(
        "a mistake is told with its place and what would be right",
        arguments: [
            ("websocket: {compression: fast}", "websocket.compression: it must be true or false"),
            ("websocket: {compression: true, compression_level: 0}", "websocket.compression_level: it must be a whole number from 1 to 9"),
            ("websocket: {compression_level: 10}", "websocket.compression_level: it must be a whole number from 1 to 9"),
            ("websocket: {compression_min_size: -1}", "websocket.compression_min_size: it must be a whole number from 0 to 1048576"),
            ("websocket: {message_size_limit: 1000}", "websocket.message_size_limit: it must be a whole number from 1024 to 16777216"),
            (
                "uni_websocket: {message_size_limit: 16777217}",
                "uni_websocket.message_size_limit: it must be a whole number from 1024 to 16777216"
            ),
            ("websocket: {write_timeout: 500ms}", "websocket.write_timeout: it must be at least 1.0 seconds"),
            ("sse: {max_request_body_size: 1}", "sse.max_request_body_size: it must be a whole number from 1024 to 16777216"),
            ("websocket: {compresion: true}", "websocket.compresion: there is no such key here; did you mean compression?"),
            ("http_stream: {message_size_limit: 2048}", "http_stream.message_size_limit: there is no such key here"),
            ("websocket: {message_size_limit: 2000000}", "client.queue_max_size must be at least 2000000"),
            ("emulation: {max_request_body_size: 2000000}", "client.queue_max_size must be at least 2000000"),
        ])
    func mistakes(yaml: String, expected: String) async {
        let error = await #expect(throws: ServeError.self) { _ = try await read(yaml) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("test.yaml:") == true)
    }

    @Test("what waits has room for the longest message over any transport that is on")
    func room() async throws {
        let usual = try await read("")
        #expect((usual.longestMessage, usual.hub.maxWaitingBytes) == (65_536, 256 << 10))
        #expect(usual.routes.webSocket.maxBufferedBytes == 4 << 20)
        let long = try await read("websocket: {message_size_limit: 1048576}\nemulation: {max_request_body_size: 200000}\n")
        #expect((long.longestMessage, long.hub.maxWaitingBytes) == (1 << 20, 4 << 20))
        let off = try await read("websocket: {enabled: false, message_size_limit: 2000000}\nsse: {enabled: false}\nuni_sse: {}\n")
        #expect(off.longestMessage == 65_536)
        let small = try await ServeConfiguration(
            yaml: "channel: {without_namespace: {}}\nclient: {allow_anonymous: true, queue_max_size: 8192}\n", file: "a.yaml")
        #expect(small.realtime?.hub.maxBufferedBytes == 8_192, "a message of the usual size may always be sent")
        let patient = try await ServeConfiguration(
            yaml: "channel: {without_namespace: {}}\nclient: {allow_anonymous: true, queue_max_size: 16777216}\n", file: "a.yaml")
        #expect(
            patient.realtime?.options(of: .webSocket).webSocket.maxBufferedBytes == 64 << 20, "so the hub decides who is slow, with 3008")
    }

    @Test("a rate of bytes lets the longest message through")
    func rates() async throws {
        func rate(_ bytes: Int) -> String {
            """
            channel: {without_namespace: {}}
            client:
              {allow_anonymous: true, rate_limit: {client_command: {enabled: true, bytes: {enabled: true, buckets: [{interval: 1s, rate: \(bytes)}]}}}}
            websocket: {message_size_limit: 100000}
            """
        }
        _ = try await ServeConfiguration(yaml: rate(100_000), file: "test.yaml")
        let error = await #expect(throws: ServeError.self) { _ = try await ServeConfiguration(yaml: rate(99_999), file: "test.yaml") }
        #expect(error?.description.contains("a rate of bytes must be at least 100000") == true)
    }

    // MARK: From Centrifugo

    private func imported(_ transports: String) async throws -> CentrifugoImport {
        try await CentrifugoImport(
            """
            {"client": {"allow_anonymous_connect_without_token": true}, "channel": {"without_namespace": {"presence": true}}, \(transports)}
            """, file: "config.json")
    }

    @Test("what Centrifugo v6 has of them is carried over; what is not needed is told")
    func imported() async throws {
        let result = try await imported(
            """
            "websocket": {"compression": true, "compression_level": 1, "compression_min_size": 128, "message_size_limit": 131072, "write_timeout": "2000ms",
              "compression_prepared_message_cache_size": 10485760, "read_buffer_size": 512, "use_write_buffer_pool": true, "write_buffer_size": 0},
            "uni_websocket": {"enabled": true, "message_size_limit": 4096}, "http_stream": {"enabled": true, "max_request_body_size": 32768},
            "sse": {"enabled": true, "max_request_body_size": 16384}, "emulation": {"max_request_body_size": 8192}
            """)
        #expect(result.problems == [])
        let ours = try #require(try await ServeConfiguration(yaml: result.text, file: "a.yaml").realtime)
        let socket = ours.options(of: .webSocket).webSocket
        #expect((socket.compression?.level, socket.compression?.minimumSize) == (1, 128))
        #expect((socket.limits.maxMessageSize, socket.writeTimeout) == (131_072, .seconds(2)))
        #expect(ours.options(of: .uniWebSocket).webSocket.limits.maxMessageSize == 4_096)
        #expect(ours.options(of: .httpStream).maxRequestBytes == 32_768)
        #expect(ours.options(of: .serverSentEvents).maxRequestBytes == 16_384)
        #expect(ours.routes.maxRequestBytes == 8_192)
        #expect(
            result.notes.sorted() == [
                "websocket.compression: message_size_limit is of messages as they are after decompression here",
                "websocket.compression_prepared_message_cache_size: a publication is compressed once for all who get it on an event loop, without a cache",
                "websocket.read_buffer_size: sockets have buffers only while there is something in them",
                "websocket.use_write_buffer_pool: sockets have buffers only while there is something in them",
            ])
    }

    @Test("a transport that is not enabled there is not enabled by its sizes here")
    func off() async throws {
        let result = try await imported(
            """
            "uni_websocket": {"compression": true, "message_size_limit": 4096}, "uni_sse": {"max_request_body_size": 4096},
            "sse": {"enabled": false, "max_request_body_size": 4096}, "http_stream": {"max_request_body_size": 4096}
            """)
        #expect(result.problems == [] && result.notes == [])
        let ours = try #require(try await ServeConfiguration(yaml: result.text, file: "a.yaml").realtime)
        #expect(ours.routes.transports == [.webSocket])
    }
}
