// What is in the log, and what must not be.

import Foundation
import Logging
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("The log")
struct LogTests {
    private static let time = Date(timeIntervalSince1970: 1_800_000_000.25)

    private func line(
        _ message: String, _ metadata: Logger.Metadata = [:], _ format: ServeConfiguration.LogOutput.Format = .json
    ) -> String {
        let event = LogEvent(
            level: .warning, message: "\(message)", error: nil, metadata: nil, source: "Tests", file: "", function: "", line: 1)
        return ServerLogHandler.line(event, "heliograph", metadata, format, at: Self.time)
    }

    private func object(_ line: String) throws -> [String: Any] {
        #expect(line.hasSuffix("}\n"))
        #expect(line.filter { $0 == "\n" }.count == 1, "an object is a line")
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("a line of JSON has time, level, logger, message, source, and metadata in an object of its own")
    func json() throws {
        let object = try object(line("hello", ["port": "80", "level": "fake", "list": ["a", "b"], "map": ["k": "v"]]))
        #expect(object["time"] as? String == "2027-01-15T08:00:00.250Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["logger"] as? String == "heliograph")
        #expect(object["message"] as? String == "hello")
        #expect(object["source"] as? String == "Tests")
        let metadata = try #require(object["metadata"] as? [String: Any])
        #expect(metadata["level"] as? String == "fake")
        #expect(metadata["list"] as? [String] == ["a", "b"])
        #expect((metadata["map"] as? [String: String]) == ["k": "v"])
    }

    @Test("a line to read has the same")
    func text() {
        #expect(
            line("hello", ["b": "2", "a": ["x", "y"]], .text)
                == "2027-01-15T08:00:00.250Z warning heliograph: a=[x, y] b=2 [Tests] hello\n")
    }

    @Test("nothing that came from outside makes a line or moves a cursor (A19)", arguments: ServeConfiguration.LogOutput.Format.allCases)
    func injection(format: ServeConfiguration.LogOutput.Format) throws {
        let texts = [
            "x\n2027-01-15T08:00:00Z error heliograph: all is lost", "x\r\ny", "\u{1B}[2J\u{1B}]0;title\u{07}", "a\u{0}b",
            "\u{85}\u{2028}\u{2029}",
            "\u{202E}gnp.exe", "\u{9B}31m", "quote\" back\\slash", "}\n{\"level\":\"error\"", "\u{7F}\u{8}",
        ]
        for text in texts {
            let lines = line(
                text, ["key-\(text)": "\(text)", "value": "\(text)", "list": ["\(text)"], "map": ["\(text)": "\(text)"]], format)
            #expect(lines.unicodeScalars.filter { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x2028 }.count == 1)
            #expect(lines.hasSuffix("\n"))
            #expect(!lines.unicodeScalars.contains("\u{202E}"))
            if format == .json {
                let metadata = try #require(try object(lines)["metadata"] as? [String: Any])
                #expect(metadata["value"] as? String == text, "and what it was can be read")
            }
        }
    }

    @Test("no secret is in it, whatever it is called", arguments: ServeConfiguration.LogOutput.Format.allCases)
    func secrets(format: ServeConfiguration.LogOutput.Format) {
        let secret = "s3cr3t-0123456789"
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.dBjftJeZ4CVPmB92K27uhbUJU1p1r"
        let texts = [
            "/connection/uni_sse?token=\(secret)&x=1", "GET /x?access_token=\(secret)", "https://a.example/?api_key=\(secret)#part",
            "?cf_connect=\(secret)", "Bearer \(secret)", "authorization: bearer \(secret)", "apikey \(secret)", "Basic \(secret)==", token,
            "the token \(token) is bad", #"{"token":"\#(secret)"}"#, #"{"password": "\#(secret)", "a": 1}"#, "password=\"\(secret)\"",
            "--set http_api.key=\(secret)", "hmac_secret_key=\(secret)", "Cookie=\(secret); a=b",
        ]
        for text in texts {
            let lines = line(text, ["uri": "\(text)", "list": ["\(text)"], "map": ["a": "\(text)"]], format)
            #expect(!lines.contains(secret) && !lines.contains(token), "\(lines)")
            #expect(lines.contains("***"))
        }
        for key in [
            "token", "Authorization", "X-API-Key", "cookie", "Set-Cookie", "hmac_secret_key", "password", "admin_password", "key",
            "client-secret",
            "private_key",
        ] {
            let lines = line("hello", ["\(key)": "\(secret)", "map": ["\(key)": "\(secret)"]], format)
            #expect(!lines.contains(secret), "\(key)")
        }
    }

    @Test("what only looks like a secret stays")
    func harmless() {
        for text in [
            "changed=http_api.key, client.token.keys[0]", "http_api.key: it has 5 characters", "basic needs are met", "monkey=banana",
            "keys=3",
            "eyJust a word", "a bearer of", "https://example.com/token/of/appreciation", "x=1&y=2",
        ] {
            #expect(LogRedaction.redacted(text) == text)
        }
        #expect(line("", ["changed": "http_api.key, client.ping_interval"], .text).contains("changed=http_api.key, client.ping_interval"))
    }

    @Test("it is bounded, and cut between characters")
    func bounds() throws {
        let long = String(repeating: "€", count: 100_000)
        let many = Dictionary(uniqueKeysWithValues: (0..<1_000).map { ("k\($0)", Logger.Metadata.Value.string("v")) })
        let object = try object(line(long, many.merging(["a": "\(long)"]) { $1 }))
        #expect((object["message"] as? String)?.utf8.count ?? 0 <= 8_200)
        let metadata = try #require(object["metadata"] as? [String: Any])
        #expect(metadata.count == 64)
        #expect((metadata["a"] as? String)?.utf8.count ?? 0 <= 2_060)
        #expect((metadata["a"] as? String)?.last == "…")
        var deep = Logger.Metadata.Value.string("bottom")
        for _ in 0..<100 { deep = .array([deep]) }
        #expect(line("", ["deep": deep]).utf8.count < 200)
    }

    @Test("a reader that is stuck does not stop who logs: lines are dropped, and that is said")
    func stuck() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let sink = LogSink(descriptor: ends[1])
        let text = String(repeating: "x", count: 1_000) + "\n"
        let start = ContinuousClock.now
        for _ in 0..<5_000 { sink.write(text) }
        #expect(start.duration(to: .now) < .seconds(5))
        let end = ends[0]
        let reader = FileHandle(fileDescriptor: end, closeOnDealloc: true)
        var read = Data()
        let words = Data("lines of the log were dropped".utf8)
        while read.range(of: words) == nil, read.count <= 4 * LogSink.maxWaitingBytes { read.append(reader.availableData) }
        #expect(read.range(of: words) != nil)
        #expect(read.count <= 2 * LogSink.maxWaitingBytes)
        close(ends[1])
    }

    @Test("a file is appended to, and opened anew when it was moved away")
    func file() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("heliograph.log")
        let sink = try LogSink(path: path)
        sink.write("one\n")
        sink.flush()
        try FileManager.default.moveItem(atPath: path, toPath: folder.path("old.log"))
        sink.write("two\n")
        sink.flush()
        try sink.reopen()
        sink.write("three\n")
        sink.flush()
        #expect(try String(contentsOfFile: folder.path("old.log"), encoding: .utf8) == "one\ntwo\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "three\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect((mode ?? 0) & 0o007 == 0, "it is nobody else's")
        #expect(throws: ServeError.self) { try LogSink(path: folder.path("nowhere/x.log")) }
    }

    @Test("the built program logs as it is told, without what clients connect with", .timeLimit(.minutes(1)))
    func program() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("heliograph.log")
        let server = try await HeliographServerProcess.start([
            "--log-level", "debug", "--set", "log.format=json", "--set", "log.file=\(path)", "--set", "uni_sse.enabled=true",
            "--set", "client.allow_anonymous=true", "--set", "channel.without_namespace.presence=true",
        ])
        let secret = "s3cr3t-0123456789"
        _ = try? await RunningServer.ask(server.port, "/connection/uni_sse?token=\(secret)", headers: ["Authorization": "Bearer \(secret)"])
        _ = try? await RunningServer.ask(server.port, "/api/info?api_key=\(secret)", "POST", headers: ["X-API-Key": secret])
        server.command.signal(SIGTERM)
        _ = await server.command.outcome()
        let log = try String(contentsOfFile: path, encoding: .utf8)
        #expect(log.contains("uni_sse"))
        #expect(!log.contains(secret))
        for line in log.split(separator: "\n") { _ = try object(String(line) + "\n") }
    }
}
