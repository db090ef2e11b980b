// Request and response bodies: JSON, forms, bytes, text, redirects, cookies, and a limit for each.

import HTTPTypes
import Hummingbird
import NIOCore

/// `Codable` is what JSON and form bodies need; `ResponseEncodable` lets a route return the value.
struct Greeting: Codable, Equatable, ResponseEncodable {
    var name: String
    var times: Int
}

func addBodyRoutes(to group: RouterGroup<AppContext>) {
    // JSON in, JSON out. A body that does not fit the type is answered with 400 and the field's name;
    // one longer than the context's `maxUploadSize` with 413.
    group.post("json") { request, context in
        try await request.decode(as: Greeting.self, context: context)
    }

    // A form of a page: name=Ada&times=2
    group.post("form") { request, context in
        try await URLEncodedFormDecoder().decode(Greeting.self, from: request, context: context)
    }

    // Bytes, with a limit of this route's own.
    group.put("bytes") { request, _ in
        let bytes = try await request.body.collect(upTo: 64 * 1024)
        return Response(
            status: .ok,
            headers: [.contentType: "application/octet-stream"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes.readableBytesView.reversed()))
        )
    }

    group.get("text") { _, _ in "a String is text/plain" }

    group.get("nothing") { _, _ in HTTPResponse.Status.noContent }

    group.get("moved") { _, _ in Response.redirect(to: "/bodies/text", type: .temporary) }

    group.get("cookie") { _, _ in
        var response = Response(status: .noContent)
        response.setCookie(Cookie(name: "theme", value: "dark", path: "/", secure: true, httpOnly: true, sameSite: .lax))
        return response
    }
}
