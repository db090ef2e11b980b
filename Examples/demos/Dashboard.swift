import FoundationEssentials
public import NIOCore
public import RealtimeHub
public import RealtimeProtocol
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The server's own figures, once a second on the channel `dashboard:server`. The channel keeps those of five minutes, so whoever opens the
/// dashboard sees them at once; on the wire each is the difference to the one before (delta).
public final class DashboardDemo: Demo {
    /// Sums since the process started, from whatever counts them.
    public struct Counts: Hashable, Sendable {
        /// Open now.
        public var connections: Int64 = 0
        public var messagesReceived: Int64 = 0
        public var messagesSent: Int64 = 0
        public var bytesReceived: Int64 = 0
        public var bytesSent: Int64 = 0

        public init() {}
    }

    /// Where the figures are published.
    public static let channel = Channel<ServerFigures>("dashboard:server")

    private let loops: [any EventLoop]
    private let counts: @Sendable () -> Counts
    private let startedAt = ContinuousClock.now

    /// - Parameters:
    ///   - eventLoopGroup: whose delay is measured.
    ///   - counts: asked once a second.
    public init(eventLoopGroup: any EventLoopGroup, counts: @escaping @Sendable () -> Counts) {
        loops = eventLoopGroup.makeIterator().map { $0 }
        self.counts = counts
    }

    public var namespaces: [String: ChannelSettings] {
        var dashboard = ChannelSettings()
        dashboard.allowSubscribe = [.clients, .anonymous]
        dashboard.allowHistory = [.clients, .anonymous]
        dashboard.historySize = 300
        dashboard.historyTTL = .seconds(330)
        dashboard.forceRecovery = true
        dashboard.allowsDelta = true
        dashboard.deltaPublish = true
        dashboard.asksHandlers = false
        return ["dashboard": dashboard]
    }

    /// `dashboard:time` tells the server's clock, so that a page on another machine can tell how long a publication took.
    public func call(_ event: CallEvent, on hub: Hub) async throws(HubRefusal) -> ByteBuffer {
        guard event.method == "dashboard:time" else { throw .error(.methodNotFound) }
        return ByteBuffer(string: "{\"time\":\(Self.now)}")
    }

    public func run(on hub: Hub) async {
        let meters = loops.map { LoopDelayMeter($0) }
        for meter in meters { meter.start() }
        defer { for meter in meters { meter.stop() } }
        var last = Sample(counts())
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let sample = Sample(counts())
            let figures = figures(from: last, to: sample, meters.map { $0.take() }, hub)
            last = sample
            _ = try? await hub.publish(figures, to: Self.channel)
        }
    }

    private func figures(from last: Sample, to now: Sample, _ loops: [ServerFigures.Delay], _ hub: Hub) -> ServerFigures {
        let seconds = max(0.001, last.at.duration(to: now.at) / .seconds(1))
        func rate(_ sum: KeyPath<Counts, Int64>) -> Int64 {
            Int64(max(0, Double(now.counts[keyPath: sum] - last.counts[keyPath: sum]) / seconds).rounded())
        }
        let channels = hub.channels()
        return ServerFigures(
            time: Self.now, uptime: startedAt.duration(to: now.at).components.seconds,
            connections: now.counts.connections, sessions: hub.counts.clients, channels: channels.count,
            people: channels.reduce(0) { $0 + ($1.key.hasPrefix("chat:") ? $1.value : 0) },
            messages: now.counts.messagesReceived, messagesIn: rate(\.messagesReceived), messagesOut: rate(\.messagesSent),
            bytesIn: rate(\.bytesReceived), bytesOut: rate(\.bytesSent), memory: ProcessFigures.residentBytes,
            cpu: (last.cpu.share(until: now.cpu, of: seconds) * 1_000).rounded() / 1_000, loops: loops)
    }

    /// Milliseconds since 1970, with three digits behind the point.
    private static var now: Double { (Date().timeIntervalSince1970 * 1_000_000).rounded() / 1_000 }

    private struct Sample {
        let at = ContinuousClock.now
        let cpu = ProcessFigures.CPUTime.now
        let counts: Counts

        init(_ counts: Counts) { self.counts = counts }
    }
}

/// How the server is at a moment.
public struct ServerFigures: Codable, Hashable, Sendable {
    /// How late an event loop came to what it had to do, in milliseconds: half of the time at most `p50`, nearly always at most `p99`.
    public struct Delay: Codable, Hashable, Sendable {
        public var p50: Double
        public var p99: Double
    }

    /// Milliseconds since 1970.
    public var time: Double
    /// Seconds.
    public var uptime: Int64
    /// Open sockets of any kind.
    public var connections: Int64
    /// Clients of the hub.
    public var sessions: Int
    /// Channels with subscribers.
    public var channels: Int
    /// Subscribers of chat rooms.
    public var people: Int
    /// Received since the start.
    public var messages: Int64
    /// Per second, as all that follows up to the bytes.
    public var messagesIn: Int64
    public var messagesOut: Int64
    public var bytesIn: Int64
    public var bytesOut: Int64
    /// Resident bytes; 0 where the system does not say.
    public var memory: Int64
    /// Of one core: 2 if two are busy.
    public var cpu: Double
    /// One for each event loop.
    public var loops: [Delay]
}

/// Asks a loop to do nothing, forty times a second, and looks how late it comes to that.
private final class LoopDelayMeter: Sendable {
    private struct State {
        var delays: [Int64] = []
        var isRunning = false
    }

    private static let interval = TimeAmount.milliseconds(25)
    private let loop: any EventLoop
    private let state = Mutex(State())

    init(_ loop: any EventLoop) { self.loop = loop }

    func start() {
        state.withLock { $0.isRunning = true }
        schedule(.now() + Self.interval)
    }

    func stop() { state.withLock { $0.isRunning = false } }

    private func schedule(_ due: NIODeadline) {
        loop.scheduleTask(deadline: due) { [self] in
            let now = NIODeadline.now()
            let goesOn = state.withLock { state in
                // A second has forty; what nobody takes does not pile up.
                if state.delays.count < 4_000 { state.delays.append((now - due).nanoseconds) }
                return state.isRunning
            }
            if goesOn { schedule(now + Self.interval) }
        }
    }

    /// What was measured since the last time.
    func take() -> ServerFigures.Delay {
        let delays = state.withLock { state in
            defer { state.delays = [] }
            return state.delays.sorted()
        }
        func quantile(_ part: Double) -> Double {
            guard let last = delays.last else { return 0 }
            let index = Int((Double(delays.count) * part).rounded(.up)) - 1
            let delay = delays.indices.contains(index) ? delays[index] : last
            return (Double(max(0, delay)) / 1_000).rounded() / 1_000
        }
        return ServerFigures.Delay(p50: quantile(0.5), p99: quantile(0.99))
    }
}

/// What the system knows of this process.
private enum ProcessFigures {
    static var residentBytes: Int64 {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let fields = line.prefix { $0 != 0 }.split(separator: CChar(UInt8(ascii: " ")))
        guard fields.count > 1, let pages = Int64(String(decoding: fields[1].map { UInt8(bitPattern: $0) }, as: UTF8.self)) else {
            return 0
        }
        return pages.multipliedReportingOverflow(by: Int64(sysconf(Int32(_SC_PAGESIZE)))).partialValue
    }

    /// What the process has used of all cores.
    struct CPUTime {
        let seconds: Double

        static var now: CPUTime {
            var time = timespec()
            guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return CPUTime(seconds: 0) }
            return CPUTime(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
        }

        /// The share of a time that passed.
        func share(until later: CPUTime, of seconds: Double) -> Double { max(0, later.seconds - self.seconds) / seconds }
    }
}
