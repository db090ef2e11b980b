// The built program against our own server: every mode for a moment, and what goes wrong.

import Foundation
import Testing

@testable import heliograph

@Suite("heliograph bench", .serialized, .timeLimit(.minutes(2)))
struct BenchCommandTests {
    static let short = ["-t", "0.4", "--warm-up", "0.1", "-q", "--json", "-"]

    static func bench(_ arguments: [String]) async throws -> (Program, BenchResult?) {
        let run = try await Program.run(["bench"] + arguments + Self.short)
        return (run, try? JSONDecoder().decode(BenchResult.self, from: Data(run.output.utf8)))
    }

    @Test(
        "echo, as fast as answers come and at a rate",
        arguments: [[], ["--rate", "500"], ["-d", "8", "--threads", "2", "--compress", "--binary", "-s", "1000"]])
    func echo(options: [String]) async throws {
        try await withServer { port in
            let (run, result) = try await Self.bench(["ws://127.0.0.1:\(port)/echo", "-c", "5"] + options)
            #expect(run.code == 0, "\(run.errors)")
            let echo = try #require(result)
            #expect(echo.completed > 0)
            #expect(echo.latency.count >= UInt64(echo.completed))
            #expect(echo.connections.opened == 5)
            #expect(echo.isClean)
            #expect(echo.handshakes?.count == 5)
            #expect(!echo.series.isEmpty)
            if options.contains("--rate") { #expect((1...300).contains(echo.completed)) }
        }
    }

    @Test("fan-out: each publication is delivered to all", arguments: [["-d", "2"], ["--rate", "50"]])
    func fanout(options: [String]) async throws {
        try await withServer { port in
            let (run, result) = try await Self.bench(
                ["ws://127.0.0.1:\(port)/broadcast", "-m", "fanout", "-c", "8", "--threads", "2"] + options)
            #expect(run.code == 0, "\(run.errors)")
            let fanout = try #require(result)
            #expect(fanout.sent > 0)
            #expect(fanout.completed >= 8)
            #expect(fanout.isClean)
        }
    }

    @Test("idle: connections are held, and the memory of a process is told")
    func idle() async throws {
        try await withServer { port in
            let pid = ProcessInfo.processInfo.processIdentifier
            let (run, result) = try await Self.bench(["ws://127.0.0.1:\(port)/echo", "-m", "idle", "-c", "30", "--pid", "\(pid)"])
            #expect(run.code == 0, "\(run.errors)")
            let idle = try #require(result)
            #expect(idle.connections.opened == 30)
            #expect(idle.latency.count == 30)
            #expect((idle.memory?.after ?? 0) > 1 << 20)
        }
    }

    @Test("connect: connections are opened and closed", arguments: [[], ["--rate", "100"]])
    func connect(options: [String]) async throws {
        try await withServer { port in
            let (run, result) = try await Self.bench(["ws://127.0.0.1:\(port)/echo", "-m", "connect", "-c", "4"] + options)
            #expect(run.code == 0, "\(run.errors)")
            let connect = try #require(result)
            #expect(connect.completed > 0)
            #expect(connect.latency.count > 0)
        }
    }

    @Test("the report is written")
    func report() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString).html")
        defer { try? FileManager.default.removeItem(at: file) }
        try await withServer { port in
            let run = try await Program.run([
                "bench", "ws://127.0.0.1:\(port)/echo", "-c", "2", "-t", "0.3", "--warm-up", "0", "--report", file.path,
            ])
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.output.contains("echo rate"))
            #expect(try String(contentsOf: file, encoding: .utf8).contains("<svg"))
        }
    }

    @Test("exit code 2: no connection")
    func noConnection() async throws {
        try await withServer { port in
            let (run, result) = try await Self.bench(["ws://127.0.0.1:\(port)/nothing", "-c", "3"])
            #expect(run.code == 2)
            #expect(run.errors.contains("404"))
            #expect(result == nil)
        }
    }

    @Test("exit code 3: answers are not those that were expected")
    func wrongAnswers() async throws {
        try await withServer { port in
            // A broadcast is not an echo: one gets the others' messages as well.
            let (run, result) = try await Self.bench(["ws://127.0.0.1:\(port)/broadcast", "-c", "4"])
            #expect(run.code == 3)
            #expect((result?.wrong ?? 0) > 0)
        }
    }

    @Test("exit code 64: another host, without permission")
    func foreignHost() async throws {
        let run = try await Program.run(["bench", "ws://192.0.2.1/"])
        #expect(run.code == 64)
        #expect(run.errors.contains("--i-may-load-this-host"))
    }
}
