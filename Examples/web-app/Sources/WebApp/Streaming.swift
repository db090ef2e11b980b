// Streaming: a response that is written while it is made, and a request that is read while it arrives. Neither is ever whole in memory.

import HTTPTypes
import Hummingbird
import NIOCore

func addStreamingRoutes(to group: RouterGroup<AppContext>) {
    // GET /streams/count/1000000: `write` waits while the client does not read, so a slow client costs one buffer.
    group.get("count/{to}") { _, context in
        let last = try context.parameters.require("to", as: Int.self)
        guard (1...1_000_000).contains(last) else { throw HTTPError(.badRequest, message: "count to 1...1000000") }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain"],
            body: .init { writer in
                for first in stride(from: 1, through: last, by: 1000) {
                    let lines = (first...min(first + 999, last)).map { "\($0)\n" }.joined()
                    try await writer.write(ByteBuffer(string: lines))
                }
                try await writer.finish(nil)
            }
        )
    }

    // GET /streams/events: server-sent events, one per line of work.
    group.get("events") { _, _ in
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: .init { writer in
                for step in 1...3 {
                    try await writer.write(ByteBuffer(string: "event: progress\ndata: {\"step\":\(step)}\n\n"))
                }
                try await writer.finish(nil)
            }
        )
    }

    // POST /streams/lines: counts the lines of an upload of any size, chunk by chunk.
    group.post("lines") { request, _ in
        var lines = 0
        for try await chunk in request.body {
            lines += chunk.readableBytesView.count { $0 == UInt8(ascii: "\n") }
        }
        return "\(lines)"
    }

    // POST /streams/echo: the body goes out as it comes in.
    group.post("echo") { request, _ in
        Response(status: .ok, headers: [.contentType: "application/octet-stream"], body: .init(asyncSequence: request.body))
    }
}
