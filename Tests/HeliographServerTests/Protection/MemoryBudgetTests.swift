import CoreMetrics
import Foundation
import Logging
import MetricsTestKit
import NIOPosix
import RealtimeHub
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("The budget of memory")
struct MemoryBudgetTests {
    @Test("It is short at 80 % and very short at 90 %, and not less short before 5 % more are free")
    func hysteresis() {
        var budget = MemoryBudget(limit: 1_000)
        let steps: [(used: Int, pressure: MemoryPressure)] = [
            (0, .none), (799, .none), (800, .soft), (799, .soft), (750, .soft), (749, .none), (799, .none), (899, .soft), (900, .hard),
            (860, .hard),
            (850, .hard), (849, .soft), (899, .soft), (5_000, .hard), (740, .none), (950, .hard), (-1, .none),
        ]
        for (used, expected) in steps {
            let pressure = budget.use(used)
            #expect(pressure == expected, "\(used)")
        }
    }

    @Test("A limit of nothing is no division by zero")
    func zero() {
        var budget = MemoryBudget(limit: 0)
        let pressures = [budget.use(1), budget.use(.max)]
        #expect(pressures == [.hard, .hard])
    }

    /// What the system's files say.
    private func system(_ files: [String: String]) throws -> (SystemMemory, TemporaryFolder) {
        let folder = try TemporaryFolder()
        for (path, text) in files {
            let url = URL(filePath: folder.path(path))
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            _ = try folder.write(text, to: path)
        }
        return (SystemMemory(root: folder.path(""), pageSize: 4_096), folder)
    }

    private let plain = ["proc/self/statm": "5000 1000 200 1 0 300 0\n", "proc/meminfo": "MemTotal:       16000 kB\nMemFree: 5 kB\n"]

    @Test("Without a control group it is the process' own, of the machine's")
    func machine() throws {
        let (memory, folder) = try system(plain)
        #expect(memory.used == 1_000 * 4_096)
        #expect(memory.limit == 16_000 * 1_024)
        _ = folder
    }

    @Test("With one it is the group's, without what is only kept of files; the strictest of those above it counts")
    func groups() throws {
        var files = plain
        files["proc/self/cgroup"] = "0::/a/b/c\n"
        files["sys/fs/cgroup/a/memory.max"] = "9000000\n"
        files["sys/fs/cgroup/a/memory.current"] = "8000000\n"
        files["sys/fs/cgroup/a/b/memory.max"] = "max\n"
        files["sys/fs/cgroup/a/b/c/memory.max"] = "10000000\n"
        files["sys/fs/cgroup/a/b/c/memory.current"] = "6000000\n"
        files["sys/fs/cgroup/a/b/c/memory.stat"] = "anon 1\ninactive_file 500000\n"
        let (memory, folder) = try system(files)
        #expect(memory.used == 5_500_000)
        #expect(memory.limit == 9_000_000)
        _ = folder
    }

    @Test(
        "Files that are not there, or say nothing that is understood, are no figures",
        arguments: ["", "x", "1", "1 99999999999999999999", "-"])
    func broken(text: String) throws {
        let (memory, folder) = try system([
            "proc/self/statm": text, "proc/meminfo": text, "proc/self/cgroup": "0::/../../etc\n\(text)", "sys/fs/cgroup/memory.max": text,
        ])
        #expect(memory.used == nil)
        #expect(memory.limit == nil)
        _ = folder
    }

    @Test("The running system has figures that can be true")
    func real() throws {
        let (used, limit) = try (#require(SystemMemory().used), #require(SystemMemory().limit))
        #expect(used > 1 << 20 && used < limit)
    }

    @Test("Other limits hold from the next look on, for memory and for loops; what was short by the old ones is no more")
    func replaced() throws {
        let hub = Hub(namespaces: Namespaces())
        var protection = ServeConfiguration.Protection()
        protection.blockedThreshold = .zero
        protection.memoryLimit = 1_000 * 4_096
        let (memory, folder) = try system(plain)
        let watch = ServerWatch(
            protection, MultiThreadedEventLoopGroup.singleton, hubs: [hub], logger: LineLog().logger, system: memory, factory: TestMetrics()
        )
        func look() -> MemoryPressure {
            watch.lookAtMemory()
            return hub.memoryPressure
        }
        #expect(look() == .hard, "all of it is used")
        protection.memoryLimit = 4_000 * 4_096
        watch.take(protection)
        #expect(look() == .none)
        protection.softPercent = 20
        watch.take(protection)
        #expect(look() == .soft)
        watch.take(protection)
        #expect(look() == .soft, "nothing has changed")
        protection.memoryLimit = 0
        protection.blockedThreshold = .milliseconds(60)
        watch.take(protection)
        #expect(look() == .none)
        #expect(watch.watchdog.threshold == .milliseconds(60))
        _ = folder
    }

    @Test("The hub is told, the log has it once, the metrics have it, and the server is not ready meanwhile")
    func watched() throws {
        let metrics = TestMetrics()
        let hub = Hub(namespaces: Namespaces())
        var protection = ServeConfiguration.Protection()
        protection.blockedThreshold = .zero
        protection.memoryLimit = 1_000 * 4_096
        let (memory, folder) = try system(plain)
        let log = LineLog()
        let watch = ServerWatch(
            protection, MultiThreadedEventLoopGroup.singleton, hubs: [hub], logger: log.logger, system: memory, factory: metrics)
        for (pages, pressure) in [(500, MemoryPressure.none), (850, .soft), (850, .soft), (950, .hard), (100, .none)] {
            _ = try folder.write("1 \(pages) 1", to: "proc/self/statm")
            watch.lookAtMemory()
            #expect(hub.memoryPressure == pressure)
            #expect((watch.problem == nil) == (pressure == .none))
            #expect(try metrics.expectGauge("process_memory_used_bytes").lastValue == Double(pages * 4_096))
            #expect(try metrics.expectGauge("process_memory_pressure").lastValue == Double(pressure.rawValue))
        }
        #expect(log.lines.map(\.message) == ["memory is short", "memory is short", "memory is less short"])
    }
}
