package import NIOCore
package import NIOHTTP1

/// Answers requests of HTTP/1.1 on the event loop of their connection, as soon as they are read: without a task, a router and middleware, which for a small answer cost
/// far more than it does.
package protocol DirectResponder: Sendable {
    /// Looks at a request for which nothing but its body is awaited.
    ///
    /// - Returns: nil: it is for Hummingbird, as all that is asked over HTTP/2 is.
    func accept(_ head: HTTPRequestHead) -> DirectRequest?
}

/// A request that may be answered at once.
package struct DirectRequest {
    /// With a longer body it is for Hummingbird.
    let maxBodyBytes: Int
    let answer: (ByteBuffer) -> DirectAnswer?

    /// - Parameters:
    ///   - maxBodyBytes: with a longer body it is for Hummingbird.
    ///   - answer: called with the whole body; it must neither wait nor take long. Nil: nothing was done, and it is for Hummingbird.
    package init(maxBodyBytes: Int, answer: @escaping (ByteBuffer) -> DirectAnswer?) {
        self.maxBodyBytes = maxBodyBytes
        self.answer = answer
    }
}

/// A whole answer.
package struct DirectAnswer {
    let status: HTTPResponseStatus
    let headers: HTTPHeaders
    let body: ByteBuffer

    /// - Parameters:
    ///   - status: none that comes without a body.
    ///   - headers: all but what is said of the connection and of the body's length.
    ///   - body: may be empty.
    package init(status: HTTPResponseStatus, headers: HTTPHeaders, body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
