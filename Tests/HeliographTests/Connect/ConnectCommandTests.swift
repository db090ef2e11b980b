// The built program, as a script uses it: what it sends and prints, and how it ends.

import Testing

@testable import heliograph

@Suite("heliograph connect, in a script", .serialized, .timeLimit(.minutes(2)))
struct ConnectCommandTests {
    @Test("-x sends, --count waits for as many answers")
    func execute() async throws {
        try await withServer { port in
            let run = try await Program.run(
                ["connect", "ws://127.0.0.1:\(port)/echo", "-x", "one", "-x", "{\"a\":1}", "--count", "2"], input: "not read\n")
            #expect(run.output == "one\n{\"a\":1}\n")
            #expect(run.errors.isEmpty)
            #expect(run.code == 0)
        }
    }

    @Test("lines of a pipe are sent, the last one too")
    func pipe() async throws {
        try await withServer { port in
            let run = try await Program.run(
                ["connect", "ws://127.0.0.1:\(port)/echo", "--count", "3", "--compress"], input: "one\n\nthree")
            #expect(run.output == "one\n\nthree\n")
            #expect(run.code == 0)
        }
    }

    @Test("twenty thousand lines come back in order")
    func manyLines() async throws {
        let lines = (0..<20_000).map { "line \($0)\n" }.joined()
        try await withServer { port in
            let run = try await Program.run(["connect", "ws://127.0.0.1:\(port)/echo", "--count", "20000", "--wait", "60"], input: lines)
            #expect(run.output == lines)
            #expect(run.code == 0)
        }
    }

    @Test("--ping prints round trips, on the standard error")
    func ping() async throws {
        try await withServer { port in
            let run = try await Program.run([
                "connect", "ws://127.0.0.1:\(port)/echo", "-x", "a", "--ping", "--ping-interval", "0.05", "--wait", "0.5",
            ])
            #expect(run.output == "a\n")
            #expect(run.errors.contains("ping 1: "))
            #expect(run.errors.contains("round trips: min "))
            #expect(run.code == 0)
        }
    }

    @Test("exit code 2: no connection")
    func failed() async throws {
        try await withServer { port in
            let notFound = try await Program.run(["connect", "ws://127.0.0.1:\(port)/nothing", "-x", "a"])
            #expect(notFound.code == 2)
            #expect(notFound.errors.contains("404"))
            let nobody = try await Program.run(["connect", "ws://127.0.0.1:1/", "-x", "a"])
            #expect(nobody.code == 2)
            #expect(nobody.output.isEmpty)
        }
    }

    @Test("exit code 3: the server closes with a code that says something is wrong")
    func closed() async throws {
        try await withServer { port in
            let tooBig = String(repeating: "x", count: 1 << 20) + "\n"
            let run = try await Program.run(["connect", "ws://127.0.0.1:\(port)/demo/echo", "--wait", "30"], input: tooBig)
            #expect(run.code == 3)
            #expect(run.errors.contains("closed: 1009"))
        }
    }

    @Test("exit code 4: fewer messages than --count in the time of --wait")
    func tooFew() async throws {
        try await withServer { port in
            let run = try await Program.run(["connect", "ws://127.0.0.1:\(port)/echo", "-x", "a", "--count", "2", "--wait", "0.2"])
            #expect(run.output == "a\n")
            #expect(run.code == 4)
        }
    }

    @Test("exit code 64: wrong usage")
    func usage() async throws {
        let run = try await Program.run(["connect", "http://example.com/"])
        #expect(run.code == 64)
        #expect(run.errors.contains("scheme must be ws or wss"))
    }
}
