import ArgumentParser
import WebSocketProtocol

/// How `connect` ended, and the exit code that tells a script.
enum ConnectResult: Equatable {
    /// We closed, or the peer did with a code that means nothing is wrong.
    case done
    /// No connection.
    case failed
    /// The peer closed with a code that means something is wrong, or the connection was lost.
    case closed(CloseCode)
    /// `--count` messages did not come in the time of `--wait`.
    case tooFew

    init(_ reason: CloseReason, weAskedForIt: Bool) {
        let isFine = [CloseCode.normalClosure, .goingAway, .noStatusReceived].contains(reason.code)
        self = weAskedForIt && reason.origin != .lost || isFine ? .done : .closed(reason.code)
    }

    var exitCode: ExitCode {
        switch self {
        case .done: .success
        case .failed: ExitCode(2)
        case .closed: ExitCode(3)
        case .tooFew: ExitCode(4)
        }
    }
}
