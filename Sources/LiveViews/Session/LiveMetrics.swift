import Metrics

/// What views do, for swift-metrics. The names are in `Docs/metrics.md`.
struct LiveMetrics: Sendable {
    private let views = Meter(label: "live_views")
    private let mounts = Counter(label: "live_mounts_total")
    private let resumes = Counter(label: "live_resumes_total")
    private let events = Counter(label: "live_events_total")
    private let refusals = Counter(label: "live_refused_events_total")
    private let renders = Counter(label: "live_renders_total")
    private let patchBytes = Counter(label: "live_patch_bytes_total")
    private let slowHandlers = Counter(label: "live_slow_handlers_total")
    private let uploads = Counter(label: "live_uploads_total")
    private let refusedUploads = Counter(label: "live_refused_uploads_total")
    private let uploadBytes = Counter(label: "live_upload_bytes_total")
    private let failures = Counter(label: "live_failures_total")

    func opened() { views.increment() }
    func closed() { views.decrement() }
    func mounted() { mounts.increment() }
    func resumed() { resumes.increment() }
    func received() { events.increment() }
    func refused() { refusals.increment() }
    func rendered(patchBytes count: Int) {
        renders.increment()
        patchBytes.increment(by: count)
    }
    func wasSlow() { slowHandlers.increment() }
    func finishedUpload() { uploads.increment() }
    func refusedUpload() { refusedUploads.increment() }
    func uploaded(bytes count: Int) { uploadBytes.increment(by: count) }
    func failed() { failures.increment() }
}
