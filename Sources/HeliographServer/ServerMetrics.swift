public import CoreMetrics
import Synchronization

/// The figures of the running process: the engine reports to swift-metrics, and this keeps what the pages show.
///
/// Give it to `MetricsSystem.bootstrap` once per process, and to the server's configuration.
public final class ServerMetrics: MetricsFactory {
    private let sockets = Sum()
    private let received = Sum()
    private let sent = Sum()
    private let receivedBytes = Sum()
    private let sentBytes = Sum()

    /// With all figures at 0.
    public init() {}

    /// Open sockets, clients' and servers' alike.
    public var openSockets: Int64 { sockets.value }
    /// Messages received since the process started.
    public var messagesReceived: Int64 { received.value }
    /// Messages sent.
    public var messagesSent: Int64 { sent.value }
    /// The bytes of the messages received.
    public var bytesReceived: Int64 { receivedBytes.value }
    /// The bytes of the messages sent.
    public var bytesSent: Int64 { sentBytes.value }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        switch label {
        case "websocket_messages_received_total": received
        case "websocket_messages_sent_total": sent
        case "websocket_received_bytes_total": receivedBytes
        case "websocket_sent_bytes_total": sentBytes
        default: NOOPMetricsHandler.instance
        }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        label == "websocket_connections" ? sockets : NOOPMetricsHandler.instance
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        NOOPMetricsHandler.instance
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}
}

/// One sum for all counters and meters of a label: each event loop has its own of them.
private final class Sum: CounterHandler, MeterHandler {
    private let sum = Atomic<Int64>(0)

    var value: Int64 { sum.load(ordering: .relaxed) }

    func increment(by amount: Int64) { sum.wrappingAdd(amount, ordering: .relaxed) }
    func increment(by amount: Double) { increment(by: Int64(exactly: amount.rounded()) ?? 0) }
    func decrement(by amount: Double) { increment(by: -amount) }
    func set(_ value: Int64) { sum.store(value, ordering: .relaxed) }
    func set(_ value: Double) { set(Int64(exactly: value.rounded()) ?? 0) }
    func reset() { set(0 as Int64) }
}
