import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A POST and its answer.
struct HTTPExchange: Sendable {
    let client: SharedHTTPClient
    let url: String
    let timeout: Duration
    let maxAnswerBytes: Int
    /// What is asked or told, and what the backend is called, for traces.
    let name: String
    let endpoint: String
    let tracing: HookTracing

    /// What is read of an answer that nobody looks at, so that its connection can be used again.
    private static let ignoredBytes = 16 << 10

    /// - Parameter status: with which the body is of interest.
    /// - Returns: the status and the body, which is empty if it is of no interest.
    func post(_ body: ByteBuffer, _ fields: HTTPHeaders, wanting status: HTTPResponseStatus? = .ok) async throws(HookFailure) -> HTTPAnswer
    {
        try await tracing.calling(name, endpoint, fields) { (fields) async throws(HookFailure) in
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers = fields
            request.body = .bytes(body)
            return try await inTime(request, wanting: status)
        }
    }

    private func inTime(_ request: HTTPClientRequest, wanting status: HTTPResponseStatus?) async throws(HookFailure) -> HTTPAnswer {
        // The client's own deadline is for the head: a body that drips would last for ever.
        let result = await withTaskGroup(of: Result<HTTPAnswer, HookFailure>.self) { group in
            group.addTask { await send(request, wanting: status) }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .failure(.timeout)
            }
            let first = await group.next() ?? .failure(.timeout)
            group.cancelAll()
            return first
        }
        return try result.get()
    }

    private func send(_ request: HTTPClientRequest, wanting status: HTTPResponseStatus?) async -> Result<HTTPAnswer, HookFailure> {
        do {
            let response = try await client.client.execute(request, timeout: TimeAmount(timeout))
            var answer = HTTPAnswer(status: Int(response.status.code), fields: response.headers, body: ByteBuffer())
            if response.status == status {
                answer.body = try await response.body.collect(upTo: maxAnswerBytes)
            } else {
                _ = try? await response.body.collect(upTo: Self.ignoredBytes)
            }
            return .success(answer)
        } catch is NIOTooManyBytesError {
            return .failure(.badAnswer("the answer is larger than \(maxAnswerBytes) bytes"))
        } catch let error as HTTPClientError where Self.isTimeout(error) {
            return .failure(.timeout)
        } catch is CancellationError {
            return .failure(.timeout)
        } catch {
            return .failure(.unreachable(String(describing: error).bounded(by: 200)))
        }
    }

    private static func isTimeout(_ error: HTTPClientError) -> Bool {
        error == .deadlineExceeded || error == .cancelled || error == .connectTimeout || error == .readTimeout
            || error == .getConnectionFromPoolTimeout
    }
}

struct HTTPAnswer: Sendable {
    var status: Int
    var fields: HTTPHeaders
    var body: ByteBuffer
}
