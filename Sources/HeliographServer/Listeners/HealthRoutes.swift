import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeProtocol

/// Answers for whoever starts this process anew, or decides where connections go.
struct HealthRoutes: Sendable {
    let board: StatusBoard
    let readiness: ReadinessChecks

    func add(to router: Router<BasicRequestContext>) {
        on("health", router) { health }
        on("health/live", router) { Self.response(.ok, "ok") }
        on("health/ready", router) { ready }
    }

    private func on(_ path: RouterPath, _ router: Router<BasicRequestContext>, _ answer: @escaping @Sendable () -> Response) {
        router.get(path) { _, _ in answer() }
        router.head(path) { _, _ in
            var response = answer()
            response.body = ResponseBody()
            return response
        }
    }

    /// As public servers of the protocol have it: whether all is as usual.
    private var health: Response {
        let status = board.isDraining ? "draining" : "ok"
        return Self.response(board.isDraining ? .serviceUnavailable : .ok, status, more: ",\"uptime\":\(board.uptime)")
    }

    private var ready: Response {
        let problems = readiness.problems
        guard !problems.isEmpty else { return Self.response(.ok, "ready") }
        var reasons = JSONOutput()
        reasons.object { object in
            for (name, reason) in problems { object.member(name, reason) }
        }
        return Self.response(.serviceUnavailable, "not ready", more: ",\"checks\":\(String(buffer: reasons.buffer))")
    }

    private static func response(_ status: HTTPResponse.Status, _ word: String, more: String = "") -> Response {
        let text = "{\"status\":\"\(word)\"\(more)}"
        return Response(
            status: status,
            headers: [
                .contentType: "application/json; charset=utf-8", .cacheControl: "no-store", .contentLength: "\(text.utf8.count)",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
