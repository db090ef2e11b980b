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
    package let isCurrent: () -> Bool
    let answer: (ByteBuffer) -> DirectAnswer?

    /// - Parameters:
    ///   - maxBodyBytes: with a longer body it is for Hummingbird.
    ///   - isCurrent: whether the next request with the same head may be answered by the same means.
    ///   - answer: called with the whole body; it must neither wait nor take long. Nil: nothing was done, and it is for Hummingbird.
    package init(maxBodyBytes: Int, isCurrent: @escaping () -> Bool, answer: @escaping (ByteBuffer) -> DirectAnswer?) {
        self.maxBodyBytes = maxBodyBytes
        self.isCurrent = isCurrent
        self.answer = answer
    }
}

/// A whole answer.
package struct DirectAnswer {
    let status: HTTPResponseStatus
    let fields: ByteBuffer
    let body: ByteBuffer

    /// - Parameters:
    ///   - status: none that comes without a body.
    ///   - fields: all but what is said of the connection and of the body's length, as they are sent: each line with its end.
    ///   - body: may be empty.
    package init(status: HTTPResponseStatus, fields: ByteBuffer, body: ByteBuffer) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
