/// Why a backend gave no answer.
enum HookFailure: Error, Hashable {
    case timeout
    /// It can't be reached, or went away.
    case unreachable(String)
    case status(Int)
    case badAnswer(String)
    /// The breaker is open: it was not asked.
    case open
    /// So many ask that it was not asked.
    case busy

    /// For metrics.
    var outcome: String {
        switch self {
        case .timeout: "timeout"
        case .unreachable: "unreachable"
        case .status: "status"
        case .badAnswer: "bad_answer"
        case .open: "open"
        case .busy: "busy"
        }
    }

    /// Whether the backend is to blame, and not the question.
    var countsForBreaker: Bool {
        switch self {
        case .timeout, .unreachable, .badAnswer: true
        case .status(let code): code >= 500
        case .open, .busy: false
        }
    }
}

extension HookFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .timeout: "it took too long"
        case .unreachable(let why): "it can't be reached: \(why)"
        case .status(let code): "status \(code)"
        case .badAnswer(let why): why
        case .open: "it failed too often"
        case .busy: "too many ask it at once"
        }
    }
}
