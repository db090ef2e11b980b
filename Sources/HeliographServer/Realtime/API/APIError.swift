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
        default: self.init(.internal)
        }
    }
}
