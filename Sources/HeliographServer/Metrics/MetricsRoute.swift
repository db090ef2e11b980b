import CoreMetrics
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import RealtimeHub
import WebSocketDeflate

/// `/metrics`: what was reported, and what is looked at when somebody asks.
struct MetricsRoute: Sendable {
    let metrics: ServerMetrics
    let hub: Hub
    let loops: EventLoopProbe
    let readiness: ReadinessChecks

    func add(to router: Router<BasicRequestContext>) {
        for method in [HTTPRequest.Method.get, .head] {
            router.on("metrics", method: method) { request, _ in
                let text = await text()
                return Response(
                    status: .ok,
                    headers: [
                        .contentType: PrometheusText.contentType, .cacheControl: "no-store", .contentLength: "\(text.utf8.count)",
                    ],
                    body: request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text)))
            }
        }
    }

    func text() async -> String {
        for (index, figures) in await loops.figures().enumerated() {
            let labels = [("loop", "\(index)")]
            set("event_loop_cpu_seconds_total", labels, figures.processorTime)
            set("event_loop_lag_seconds", labels, figures.lag)
        }
        // As many descriptors are listed as there are connections: not on an event loop.
        let figures = try? await NIOThreadPool.singleton.runIfActive { ProcessFigures() }
        for (name, value) in figures?.values ?? [] { set(name, [], value) }
        set("websocket_compression_bytes", [], Double(DeflateBudget.shared.used))
        set("hub_users", [], Double(hub.counts.users))
        set("hub_channels", [], Double(hub.channelCount))
        set("heliograph_build_info", [("version", HeliographVersion.current)], 1)
        set("heliograph_ready", [], readiness.problems.isEmpty ? 1 : 0)
        return metrics.text().text
    }

    private func set(_ name: String, _ labels: [(String, String)], _ value: Double) {
        metrics.makeMeter(label: name, dimensions: labels).set(value)
    }
}
