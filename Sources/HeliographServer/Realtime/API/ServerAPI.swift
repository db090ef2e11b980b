// Strategy: a call is a method of the table (ServerAPI+Methods.swift) and a body, and its answer a body; how both travel is in
// ServerAPI+Routes.swift. What the methods do is in the folder Methods, by subject.

import NIOCore
import RealtimeHub
import RealtimeProtocol

/// What a backend can have done.
struct ServerAPI: Sendable {
    let hub: Hub
    let configuration: Configuration
    let access: Replaceable<APIAccess>
    let observer: APIObserver
    let start = ContinuousClock.now

    struct Configuration: Sendable {
        /// Who may do what.
        var access = APIAccess()
        var maxBodyBytes = 1 << 20
        /// Of all replies to a batch together.
        var maxAnswerBytes = 16 << 20
        /// Whether an error is the answer's status, even if the request does not ask for it.
        var errorsAreStatuses = false
        /// Whether the public listener has it although there is an internal one.
        var isExternal = false
    }

    init(hub: Hub, configuration: Configuration, access: Replaceable<APIAccess>, observer: APIObserver? = nil) {
        self.observer = observer ?? APIObserver(methods: Self.table.keys)
        self.hub = hub
        self.configuration = configuration
        self.access = access
    }

    static let table: [String: APIMethod] = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })

    /// `{"result": …}`, or `{"error": {"code": …, "message": …}}` and the error.
    func answer(_ method: APIMethod, _ body: ByteBuffer, for caller: APICaller) async -> (ByteBuffer, APIError?) {
        var output = JSONOutput()
        do {
            var request = try APIRequest(body)
            if method.isBatch { return (try await batch(request, for: caller), nil) }
            request.budget = budget(caller)
            try caller.count()
            try check(method, request, for: caller)
            var result = JSONOutput()
            try await method.run(self, request, &result)
            output.object {
                $0.name("result"); $0.raw(result.buffer)
            }
            return (output.buffer, nil)
        } catch {
            let error = APIError(error)
            return (Self.answer(error), error)
        }
    }

    /// The same without waiting, where the hub publishes at once. Nil: there is something to wait for, and nothing was done.
    func answerAtOnce(_ method: APIMethod, _ body: ByteBuffer, for caller: APICaller) -> (ByteBuffer, APIError?)? {
        do {
            let request = try APIRequest(body)
            if method.isBatch { return try batchAtOnce(request, for: caller).map { ($0, nil) } }
            guard let run = method.runAtOnce else { return nil }
            try caller.count()
            try check(method, request, for: caller)
            var output = JSONOutput()
            try output.object { output in
                output.name("result")
                try run(self, request, &output)
            }
            return (output.buffer, nil)
        } catch {
            let error = APIError(error)
            return (Self.answer(error), error)
        }
    }

    func budget(_ caller: APICaller) -> CallBudget { CallBudget(maxAnswerBytes: configuration.maxAnswerBytes, rate: caller.rate) }

    /// Whether the caller may, and the request has what it must.
    func check(_ method: APIMethod, _ request: APIRequest, for caller: APICaller) throws(APIError) {
        try caller.check(method)
        try method.check(request)
        try caller.check(method, request)
    }

    static func answer(_ error: APIError) -> ByteBuffer {
        var output = JSONOutput()
        output.object { $0.error(error) }
        return output.buffer
    }
}
