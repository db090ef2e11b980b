import HTTPTypes
import PubSub
import RealtimeHub
import RealtimeProtocol

/// Why a call of the HTTP API failed.
struct APIError: Error, Hashable {
    var code: UInt32
    var message: String

    init(_ code: Wire.ErrorReply.Code, _ detail: String? = nil) {
        self.code = code.number
        message = detail.map { "\(code.message): \($0)" } ?? code.message
    }

    /// What the hub said.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case HubRefusal.error(let code): self.init(code)
        case BrokerError.wrongEpoch: self.init(.unrecoverablePosition)
        case BrokerError.unsupported(let what): self.init(.notAvailable, what)
        case BrokerError.stopped: self.init(.internal, "the server is going down, and nothing was published")
        default: self.init(.internal)
        }
    }

    /// Where a call's failure is the answer's status too.
    var status: HTTPResponse.Status {
        switch code {
        case 101: .unauthorized
        case 102, 104: .notFound
        case 103: .forbidden
        case 107, 108: .badRequest
        case 106, 111: .tooManyRequests
        case 112: .rangeNotSatisfiable
        case 113: .conflict
        default: .internalServerError
        }
    }
}
