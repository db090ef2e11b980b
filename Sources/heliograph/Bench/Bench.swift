import ArgumentParser
import Foundation
import NIOSSL
import UnixSignals
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

/// `heliograph bench`.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a WebSocket server under load.",
        discussion: """
            Modes: echo sends messages that the server sends back; fanout publishes on one connection what the server sends to all; idle opens \
            connections and holds them; connect opens and closes them over and over.

            Without --rate the next message is sent when an answer has come (a closed loop): that finds the highest rate. With --rate messages are sent at \
            their times whatever the server does (an open loop), and a message's latency counts from the time at which it was due: that finds \
            the latency at a load, stalls included.

            Control-C ends the run early and shows what was measured until then. Exit codes: 0 all went well; 2 no connection; 3 some \
            connections failed or were lost, or answers were wrong; 64 wrong usage.
            """
    )

    @Argument(help: "The ws:// or wss:// URL of the server.")
    var url: String

    @Option(name: .shortAndLong, help: "What to do: \(BenchPlan.Mode.allCases.map(\.rawValue).joined(separator: ", ")).")
    var mode = BenchPlan.Mode.echo

    @Option(name: .shortAndLong, help: .init("How many connections; in connect mode: how many at once.", valueName: "n"))
    var connections = 100

    @Option(name: .shortAndLong, help: .init("Bytes of a message.", valueName: "bytes"))
    var size = 64

    @Option(
        name: .shortAndLong, help: .init("Messages in flight on each connection; in fanout mode: publications under way.", valueName: "n"))
    var depth = 1

    @Option(name: [.customShort("t"), .long], help: .init("Seconds to measure.", valueName: "seconds"))
    var duration = 10.0

    @Option(help: .init("Seconds to run before the measurement.", valueName: "seconds"))
    var warmUp = 2.0

    @Option(
        name: .shortAndLong,
        help: .init("Messages, publications or handshakes a second, in all. (default: as fast as answers come)", valueName: "n"))
    var rate: Double?

    @Option(help: .init("Threads of the generator.", valueName: "n"))
    var threads = 1

    @Flag(help: "Send binary messages instead of texts.")
    var binary = false

    @Option(help: "The process id of the server, on this machine, to tell its memory.")
    var pid: Int32?

    @Option(help: .init("Write the result as JSON to FILE; - for the standard output.", valueName: "file"))
    var json: String?

    @Option(help: .init("Write a report as HTML to FILE.", valueName: "file"))
    var report: String?

    @Flag(name: .shortAndLong, help: "No progress, no summary.")
    var quiet = false

    @Flag(
        name: .customLong("i-may-load-this-host"),
        help: "Required for any host but this one: a load test of a host you may not test is an attack.")
    var mayLoadThisHost = false

    @OptionGroup(title: "Connection options")
    var connection: ConnectionOptions

    func validate() throws {
        try Self.require((1...1_000_000).contains(connections), "--connections is 1 to 1000000")
        try Self.require((0...(64 << 20)).contains(size), "--size is 0 to \(64 << 20)")
        try Self.require((1...10_000).contains(depth), "--depth is 1 to 10000")
        try Self.require((0.1...3_600).contains(duration), "--duration is 0.1 to 3600 seconds")
        try Self.require((0...600).contains(warmUp), "--warm-up is 0 to 600 seconds")
        try Self.require((1...256).contains(threads), "--threads is 1 to 256")
        if let rate { try Self.require((0.01...10_000_000).contains(rate), "--rate is 0.01 to 10000000") }
        try Self.require(mode != .fanout || size >= FanoutStamp.length, "a fan-out needs messages of at least \(FanoutStamp.length) bytes")
        try Self.require(mode != .idle || rate == nil, "--rate means nothing in idle mode")
        try Self.require(connection.followRedirects == 0, "bench follows no redirects: name the host that is to be loaded")
        try requirePermission()
    }

    /// The host that takes the load must be this one, or be named with full intent; a proxy takes it too.
    private func requirePermission() throws {
        let hosts: [String]
        do {
            let proxy = try connection.makeConfiguration().proxy
            hosts = try [WebSocketURL(url).host] + (proxy.map { [$0.host] } ?? [])
        } catch let error as WebSocketURLError {
            throw ValidationError("\(error)")
        }
        for host in hosts where !BenchTarget.isLoopback(host) && !mayLoadThisHost {
            throw ValidationError(
                "\(host) is not this machine. If you are allowed to put it under load, say so with --i-may-load-this-host")
        }
    }

    private static func require(_ condition: Bool, _ message: String) throws {
        guard condition else { throw ValidationError(message) }
    }

    func run() async throws {
        try OpenFiles.allow(connections + 64)
        let plan = try makePlan()
        let progress = BenchProgress(isOn: !quiet && isatty(STDERR_FILENO) == 1, mode: mode)
        let measuring = Task { try await BenchRunner(plan: plan, observer: progress).run() }
        let interrupts = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                if measuring.isCancelled { Foundation.exit(130) }
                measuring.cancel()
            }
        }
        defer { interrupts.cancel() }
        let result: BenchResult
        do {
            result = try await measuring.value
            await progress.finish()
        } catch {
            await progress.finish()
            StandardOutput.writeError("heliograph: \(url): \(error)\n")
            throw ExitCode(2)
        }
        try write(result)
        if !result.isClean { throw ExitCode(3) }
    }

    private func makePlan() throws -> BenchPlan {
        var configuration = try connection.makeConfiguration()
        var tls = configuration.tls ?? .makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        // One context for all connections: making one reads the trust roots.
        configuration.tlsContext = try NIOSSLContext(configuration: tls)
        configuration.webSocket.keepalive = nil
        configuration.webSocket.limits.closeTimeout = .seconds(1)
        configuration.webSocket.limits.maxMessageSize = max(size, connection.maxSize)
        configuration.webSocket.maxBufferedBytes = max(64 << 20, 2 * depth * size)
        return BenchPlan(
            url: url, mode: mode, connections: connections, size: size, depth: depth, rate: rate, warmUp: .seconds(warmUp),
            duration: .seconds(duration), threads: threads, kind: binary ? .binary : .text, configuration: configuration, pid: pid)
    }

    private func write(_ result: BenchResult) throws {
        if !quiet, json != "-" { StandardOutput.write(BenchSummary(result: result).text) }
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(result) + Data("\n".utf8)
            if json == "-" { StandardOutput.write(data) } else { try data.write(to: URL(fileURLWithPath: json)) }
        }
        if let report { try Data(BenchReport(result: result).html.utf8).write(to: URL(fileURLWithPath: report)) }
    }
}

extension BenchPlan.Mode: ExpressibleByArgument {}

/// The limit of open descriptors: each connection is one.
enum OpenFiles {
    /// Raises the soft limit as far as it may be.
    ///
    /// - Throws: `ValidationError` when that is not far enough.
    static func allow(_ count: Int) throws {
        var limit = rlimit()
        guard getrlimit(Self.resource, &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
        guard setrlimit(Self.resource, &limit) == 0, limit.rlim_cur >= rlim_t(count) else {
            throw ValidationError("this process may open \(limit.rlim_max) files; \(count) are needed. Raise the limit with ulimit -Hn")
        }
    }

    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif
}
