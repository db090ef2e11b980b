import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeHub
import WebSocketHummingbird

extension Hub {
    /// The answer to a request for a connection that there may not be; nil: it may come.
    func refusal(of request: Request, _ headers: HTTPFields = [:]) -> Response? {
        guard let refusal = refusal(ofConnectionFrom: request.clientAddress?.description) else { return nil }
        var headers = headers
        // Rounded up: who comes then is not too early.
        let (seconds, rest) = refusal.retryAfter.components
        headers[.retryAfter] = "\(rest > 0 ? seconds + 1 : seconds)"
        headers[.cacheControl] = "no-store"
        return .refusal(refusal.isAboutAddress ? .tooManyRequests : .serviceUnavailable, refusal.text, headers)
    }
}

extension ConnectionRefusal {
    fileprivate var text: String {
        switch reason {
        case .connections: "There are as many connections as this server may have."
        case .rate: "There are more new connections than this server may have."
        case .busy: "Too many others are connecting."
        case .memory: "This server is short of memory."
        case .addressConnections: "There are as many connections as your address may have."
        case .addressRate: "There are more new connections than your address may have."
        }
    }
}
