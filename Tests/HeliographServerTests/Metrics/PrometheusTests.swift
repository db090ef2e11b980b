// What a scrape gets, read as Prometheus reads it, and compared with what the documentation says.

import CoreMetrics
import Dispatch
import Foundation
import NIOCore
import NIOPosix
import ServerTestSupport
import Testing

@testable import HeliographServer

/// The text format 0.0.4, read strictly.
struct Scrape {
    struct Sample {
        let name: String
        let labels: String
        let value: Double
    }

    var types: [String: String] = [:]
    var helps: [String: String] = [:]
    var samples: [Sample] = []

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Unexpected("it must end with a newline") }
        var family = ""
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)/) {
                guard helps.updateValue(String(match.2), forKey: String(match.1)) == nil else { throw Unexpected("twice: \(line)") }
            } else if let match = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
                family = String(match.1)
                guard types.updateValue(String(match.2), forKey: family) == nil else { throw Unexpected("twice: \(line)") }
            } else if let match = line.wholeMatch(
                of:
                    /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*")*\})? (\S+)/
            ) {
                let name = String(match.1)
                guard name == family || ["_bucket", "_sum", "_count"].contains(where: { name == family + $0 }) else {
                    throw Unexpected("not below its family: \(line)")
                }
                guard let value = match.3 == "+Inf" ? .infinity : Double(match.3) else { throw Unexpected("no number: \(line)") }
                samples.append(Sample(name: name, labels: String(match.2 ?? ""), value: value))
            } else {
                throw Unexpected("not of the format: \(line)")
            }
        }
    }

    func value(_ name: String, _ labels: String = "") -> Double? { samples.first { $0.name == name && $0.labels == labels }?.value }
}

@Suite("/metrics", .timeLimit(.minutes(1)))
struct PrometheusTests {
    @Test("counters, gauges and histograms, with their labels")
    func kinds() throws {
        let metrics = ServerMetrics()
        Counter(label: "hub_errors_total", dimensions: [("code", "103")], factory: metrics).increment(by: 2)
        FloatingPointCounter(label: "others_total", dimensions: [], factory: metrics).increment(by: 0.25)
        Meter(label: "hub_sessions", dimensions: [], factory: metrics).increment(by: 3)
        let timer = Timer(label: "api_duration_seconds", dimensions: [("method", "publish")], factory: metrics)
        for milliseconds in [1, 3, 300, 60_000] { timer.recordMilliseconds(milliseconds) }
        Recorder(label: "sizes", dimensions: [], aggregate: false, factory: metrics).record(17)
        let scrape = try Scrape(metrics.text().text)
        #expect(scrape.value("hub_errors_total", #"{code="103"}"#) == 2)
        #expect(scrape.value("others_total") == 0.25)
        #expect(scrape.value("hub_sessions") == 3)
        #expect(scrape.value("sizes") == 17)
        func bucket(_ bound: String) -> Double? { scrape.value("api_duration_seconds_bucket", #"{method="publish",le="\#(bound)"}"#) }
        #expect(bucket("0.001") == 1)
        #expect(bucket("0.0025") == 1)
        #expect(bucket("0.005") == 2)
        #expect(bucket("0.5") == 3)
        #expect(bucket("10") == 3)
        #expect(bucket("+Inf") == 4)
        #expect(scrape.value("api_duration_seconds_count", #"{method="publish"}"#) == 4)
        #expect(scrape.value("api_duration_seconds_sum", #"{method="publish"}"#) == 60.304)
        #expect(scrape.types["api_duration_seconds"] == "histogram")
    }

    @Test("a histogram that is counted by whoever reports it is one, in the order of its buckets")
    func counted() throws {
        let metrics = ServerMetrics()
        for (bound, count) in [("10", 3), ("+Inf", 4), ("0.5", 1), ("2.5", 2)] {
            let name = "hub_delivery_delay_seconds_bucket"
            Counter(label: name, dimensions: [("le", bound)], factory: metrics).increment(by: count)
        }
        Counter(label: "hub_delivery_delay_seconds_count", dimensions: [], factory: metrics).increment(by: 4)
        FloatingPointCounter(label: "hub_delivery_delay_seconds_sum", dimensions: [], factory: metrics).increment(by: 1.5)
        let lines = metrics.text().text.split(separator: "\n").filter { $0.contains("hub_delivery_delay_seconds") }.dropFirst(1)
        #expect(
            Array(lines) == [
                "# TYPE hub_delivery_delay_seconds histogram", #"hub_delivery_delay_seconds_bucket{le="0.5"} 1"#,
                #"hub_delivery_delay_seconds_bucket{le="2.5"} 2"#, #"hub_delivery_delay_seconds_bucket{le="10"} 3"#,
                #"hub_delivery_delay_seconds_bucket{le="+Inf"} 4"#, "hub_delivery_delay_seconds_count 4",
                "hub_delivery_delay_seconds_sum 1.5",
            ])
    }

    @Test("a bound may be any number, or none")
    func bounds() throws {
        let metrics = ServerMetrics()
        for bound in ["1e300", "-1e300", "9223372036854.775807", "nan", "inf", "x", "1"] {
            Counter(label: "odd", dimensions: [("le", bound)], factory: metrics).increment()
        }
        #expect(try Scrape(metrics.text().text).samples.filter { $0.name == "odd" }.count == 7)
    }

    @Test("whatever a name or a label's value is, the text can be read")
    func escaping() throws {
        let metrics = ServerMetrics()
        let values = ["a\"b", "back\\slash", "two\nlines", "", "é𝄞", String(repeating: "x", count: 10_000), "{}=,#"]
        for value in values { Counter(label: "odd", dimensions: [("na-me", value)], factory: metrics).increment() }
        for name in ["", "9lives", "hb.requests", "dash-ed", "sp ace\nand line", "ünïcode"] {
            Counter(label: name, dimensions: [], factory: metrics).increment()
        }
        let scrape = try Scrape(metrics.text().text)
        #expect(scrape.samples.filter { $0.name == "odd" }.count == values.count)
        #expect(scrape.value("odd", #"{na_me="a\"b"}"#) == 1)
        #expect(scrape.value("odd", #"{na_me="two\nlines"}"#) == 1)
        #expect(scrape.value("hb_requests") == 1)
        #expect(scrape.value("_9lives") == 1)
    }

    @Test("labels that grow without end do not: the rest is counted (A20)")
    func cardinality() throws {
        let metrics = ServerMetrics()
        for user in 0..<(ServerMetrics.maxSeriesOfName + 100) {
            Counter(label: "by_user", dimensions: [("user", "\(user)")], factory: metrics).increment()
        }
        for name in 0..<(ServerMetrics.maxStrangers + 100) { Counter(label: "name_\(name)", dimensions: [], factory: metrics).increment() }
        let scrape = try Scrape(metrics.text().text)
        #expect(scrape.samples.filter { $0.name == "by_user" }.count == ServerMetrics.maxSeriesOfName)
        #expect(scrape.value("metrics_refused_series_total") == 100)
        #expect(scrape.types.count == MetricDescription.table.count + ServerMetrics.maxStrangers)
    }

    @Test("a running server has what Docs/metrics.md says, and nothing else; and each has a help")
    func documented() async throws {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Docs/metrics.md")
        let page = try String(contentsOf: docs, encoding: .utf8).components(separatedBy: "## Spans")[0]
        let written = Set(
            page.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { line in
                line.dropFirst(2).prefix { $0 != "|" }.matches(of: /`([a-z_]+)[^`]*`/).map { String($0.1) }
            })
        let server = try await HeliographServerProcess.start(["--insecure"])
        let answer = try await RunningServer.ask(server.port, "/metrics")
        server.command.signal(SIGTERM)
        let scrape = try Scrape(answer.body)
        #expect(Set(scrape.types.keys) == written, "a metric is added to MetricDescription.table and to the page")
        #expect(Set(scrape.helps.keys) == written)
        #expect(answer.type == "text/plain; version=0.0.4; charset=utf-8")
        #expect(scrape.helps.values.allSatisfy { $0.count > 5 && $0 != "Not of this server." })
    }

    @Test("a running server counts what it does, and says how its process is")
    func running() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = try folder.write("{insecure: true, http_api: {key: 0123456789abcdef}}", to: "heliograph.yaml")
        let server = try await HeliographServerProcess.start(["--config", path])
        let answer = try await RunningServer.ask(
            server.port, "/api/publish", "POST", headers: ["X-API-Key": "0123456789abcdef", "Content-Type": "application/json"])
        #expect(answer.status == 200)
        let scrape = try Scrape(try await RunningServer.ask(server.port, "/metrics").body)
        server.command.signal(SIGTERM)
        #expect(scrape.value("api_duration_seconds_count", #"{method="publish"}"#) == 1)
        #expect(scrape.value("api_errors_total", #"{code="107"}"#) == 1)
        #expect(scrape.value("heliograph_ready") == 1)
        #expect(scrape.value("heliograph_build_info", #"{version="\#(HeliographVersion.current)"}"#) == 1)
        #expect((scrape.value("event_loop_cpu_seconds_total", #"{loop="0"}"#) ?? 0) > 0)
        #expect((scrape.value("event_loop_lag_seconds", #"{loop="0"}"#) ?? 9) < 5)
        #if os(Linux)
        #expect((scrape.value("process_resident_memory_bytes") ?? 0) > 1_000_000)
        #expect((scrape.value("process_cpu_seconds_total") ?? 0) > 0)
        #expect((scrape.value("process_open_fds") ?? 0) > 3)
        #expect((scrape.value("process_max_fds") ?? 0) > 100)
        #expect((scrape.value("process_threads") ?? 0) >= 1)
        #expect(abs((scrape.value("process_start_time_seconds") ?? 0) - Date().timeIntervalSince1970) < 120)
        #endif
    }
}

@Suite("Event loops that are asked how they are", .timeLimit(.minutes(1)))
struct EventLoopProbeTests {
    @Test("one that does not answer is told late, and nobody waits for it")
    func blocked() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let probe = EventLoopProbe(group)
        #expect(await probe.figures().count == 2)
        let gate = DispatchSemaphore(value: 0)
        let loops = Array(group.makeIterator())
        loops[0].execute { _ = gate.wait(timeout: .now() + 10) }
        let start = ContinuousClock.now
        _ = await probe.figures(patience: .milliseconds(20))
        try await Task.sleep(for: .milliseconds(200))
        let figures = await probe.figures(patience: .milliseconds(20))
        #expect(figures[0].lag >= 0.2)
        #expect(figures[1].lag < 0.2)
        #expect(start.duration(to: .now) < .seconds(5))
        gate.signal()
        try await group.shutdownGracefully()
    }
}
