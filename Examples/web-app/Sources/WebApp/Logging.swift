// Logging and request ids: every line that a request causes carries its id, and the client gets the id too.

import HTTPTypes
import Hummingbird
import Logging

extension HTTPField.Name {
    // swift-format-ignore: NeverForceUnwrap
    static let xRequestID = Self("X-Request-ID")!  // a constant that is a valid name
}

/// Takes the id that a proxy gave, if it is harmless, or else Hummingbird's own.
struct RequestIDMiddleware: RouterMiddleware {
    typealias Context = AppContext

    func handle(
        _ request: Request,
        context: AppContext,
        next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let given = request.headers[.xRequestID], Self.isHarmless(given) {
            context.logger[metadataKey: "hb.request.id"] = .string(given)
        }
        var response = try await next(request, context)
        response.headers[.xRequestID] = context.id
        return response
    }

    /// What a stranger sent goes into our log only if it cannot be mistaken for something else.
    static func isHarmless(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

/// One line per request, when it is over. Hummingbird's `LogRequestsMiddleware` writes one when it begins.
struct AccessLogMiddleware: RouterMiddleware {
    typealias Context = AppContext

    func handle(
        _ request: Request,
        context: AppContext,
        next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method)",
                // The pattern, not the path: few values to search for, and no secrets that somebody put into a path.
                "route": "\(context.endpointPath ?? "none")",
                "status": "\(response.status.code)",
                "ms": "\((ContinuousClock.now - start) / .milliseconds(1))",
            ]
        )
        return response
    }
}
