import RealtimeProtocol
import Synchronization

/// What a call may cost, all commands of a batch together: it may ask for much with few bytes.
final class CallBudget: Sendable {
    /// So many channels at most are published to by one call, beside those that it names one by one.
    static let maxPublications = 100_000

    private let maxAnswerBytes: Int
    private let rate: CallRate?
    private let answered = Atomic<Int>(0)
    private let published = Atomic<Int>(0)

    /// - Parameters:
    ///   - maxAnswerBytes: how long the answer may be.
    ///   - rate: how often the caller may call.
    init(maxAnswerBytes: Int, rate: CallRate?) {
        self.maxAnswerBytes = maxAnswerBytes
        self.rate = rate
    }

    /// A part of the answer.
    ///
    /// - Throws: error 106 if there is no room for it, or was none before.
    func answer(_ bytes: Int) throws(APIError) {
        guard answered.wrappingAdd(bytes, ordering: .relaxed).newValue > maxAnswerBytes else { return }
        throw Self.tooLong(maxAnswerBytes)
    }

    static func tooLong(_ most: Int) -> APIError { APIError(.limitExceeded, "the answer would have more than \(most) bytes") }

    /// So many channels are published to, by a command that counts as one call.
    func publish(to channels: Int) throws(APIError) {
        guard published.wrappingAdd(channels, ordering: .relaxed).newValue <= Self.maxPublications else {
            throw APIError(.limitExceeded, "a call can publish to at most \(Self.maxPublications) channels")
        }
        rate?.owe(channels - 1)
    }
}

extension APIRequest {
    /// Writes one of what there may be many of.
    func write(to result: inout JSONOutput, _ body: (inout JSONOutput) -> Void) throws(APIError) {
        let start = result.count
        body(&result)
        try budget?.answer(result.count - start)
    }
}
