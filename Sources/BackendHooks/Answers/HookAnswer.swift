package import NIOCore
package import RealtimeHub
import RealtimeProtocol

/// What a backend answers: `{"result": {…}}`, `{"error": {"code", "message", "temporary"}}` or `{"disconnect": {"code", "reason"}}`.
enum HookAnswer<Result: HookResult> {
    case result(Result)
    /// There is neither a result nor a refusal: `{}`.
    case nothing
    case refusal(HubRefusal)

    /// Answers may be nested so deep.
    static var maxDepth: Int { 64 }

    /// - Parameter body: the answer's.
    init(_ body: ByteBuffer) throws(AnswerFault) {
        let value: JSONValue
        do throws(Wire.DecodingError) { value = try JSONValue(body, maxDepth: Self.maxDepth) } catch {
            throw AnswerFault("the answer is no JSON: \(error)")
        }
        let answer = try AnswerObject(value, place: "the answer")
        if let disconnect = try answer.object("disconnect") {
            self = .refusal(.disconnect(try DisconnectCode(disconnect)))
        } else if let error = try answer.object("error") {
            self = .refusal(.error(try Wire.ErrorReply.Code(error)))
        } else if let result = try answer.object("result") {
            self = .result(try Result(result))
        } else {
            self = .nothing
        }
    }
}

extension Hook {
    /// Reads an answer for nobody in particular: the refusal in it, or nil. Nothing is thrown that is no fault of the answer.
    package func refusal(in body: ByteBuffer) throws -> HubRefusal? {
        func refusal<Result>(_ answer: HookAnswer<Result>) -> HubRefusal? {
            if case .refusal(let refusal) = answer { refusal } else { nil }
        }
        return switch self {
        case .connect: refusal(try HookAnswer<ConnectResult>(body))
        case .subscribe: refusal(try HookAnswer<SubscribeResult>(body))
        case .publish: refusal(try HookAnswer<PublishResult>(body))
        case .call: refusal(try HookAnswer<CallResult>(body))
        case .refresh, .subscriptionRefresh: refusal(try HookAnswer<RefreshResult>(body))
        }
    }
}

/// What is in `result`.
protocol HookResult {
    init(_ result: AnswerObject) throws(AnswerFault)
}

extension Wire.ErrorReply.Code {
    fileprivate init(_ error: AnswerObject) throws(AnswerFault) {
        guard let code: UInt32 = try error.integer("code"), code > 0 else { throw AnswerFault("the answer's error has no code") }
        self.init(code, message: try error.text("message")?.bounded(by: 256) ?? "", isTemporary: try error.flag("temporary") ?? false)
    }
}

extension DisconnectCode {
    fileprivate init(_ disconnect: AnswerObject) throws(AnswerFault) {
        guard let code: UInt16 = try disconnect.integer("code") else { throw AnswerFault("the answer's disconnect has no code") }
        // It goes into a Close frame: others would break the protocol (RFC 6455 §7.4.2).
        guard (3_000...4_999).contains(code) else { throw AnswerFault("the answer's disconnect has a code that is not 3000 to 4999") }
        // §5.5: a control frame has 125 bytes, two of which are the code.
        self.init(code, reason: try disconnect.text("reason")?.bounded(by: 123) ?? "")
    }
}

extension String {
    /// As much of it as fits into so many bytes, whole characters alone.
    func bounded(by bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        var text = ""
        var size = 0
        for character in self {
            size += character.utf8.count
            if size > bytes { break }
            text.append(character)
        }
        return text
    }
}
