import HTTPTypes
import Hummingbird
import WebSocketProtocol

/// Lets nobody in who is not logged in, nothing that another page has sent, and no answer into a cache.
struct AdminGate: RouterMiddleware {
    typealias Context = BasicRequestContext

    let admin: Admin
    /// Whether only those who are logged in may pass.
    let requiresLogin: Bool

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response = try await answer(request, context, next)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func answer(
        _ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        if request.method != .get, request.method != .head {
            guard request.headers[.origin] != nil, (try? OriginPolicy.sameHost.permits(request.head)) != nil else {
                throw HTTPError(.forbidden, message: "This comes from another page.")
            }
        }
        guard requiresLogin, admin.login(of: request) == nil, !isSocket(request) else { return try await next(request, context) }
        guard request.method == .get || request.method == .head else { throw HTTPError(.unauthorized, message: "Log in first.") }
        return .redirect(to: AdminPlaces.login(for: request.head.path ?? ""))
    }

    /// A view is refused in words that its page understands, by whoever makes it.
    private func isSocket(_ request: Request) -> Bool {
        request.uri.path.split(separator: "/").last?.hasPrefix("_live") == true
    }
}

extension Admin {
    static let cookieName = "heliograph-admin"

    /// Who sends this request; nil: nobody who is logged in.
    func login(of request: Request) -> AdminLogin? {
        request.cookies[Self.cookieName].flatMap { logins.login(cookie: $0.value) }
    }
}

/// The addresses of the admin pages.
enum AdminPlaces {
    static let root = "/admin"

    /// Where to log in, to come back then.
    static func login(for path: String) -> String {
        path == root || !isOurs(path) ? "/admin/login" : "/admin/login?next=\(encoded(path))"
    }

    /// Whether it is the path and query of one of these pages, and not of another site or something that a browser takes for one.
    static func isOurs(_ path: String) -> Bool {
        guard path.hasPrefix(root), path.utf8.count <= 2_000 else { return false }
        guard let next = path.utf8.dropFirst(root.utf8.count).first else { return true }
        guard next == UInt8(ascii: "/") || next == UInt8(ascii: "?") else { return false }
        return path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }
    }

    /// A value in a query.
    static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    static func connections(_ query: String = "", after: String? = nil) -> String {
        address("connections", [("q", query), ("after", after ?? "")])
    }

    static func connection(_ client: String) -> String { "\(root)/connections/\(encoded(client))" }

    static func channels(_ query: String = "", after: String? = nil) -> String {
        address("channels", [("q", query), ("after", after ?? "")])
    }

    static func channel(_ name: String, before offset: UInt64? = nil) -> String {
        address("channel", [("name", name), ("before", offset.map { "\($0)" } ?? "")])
    }

    static func trace(_ kind: String, _ name: String) -> String { address("trace", [("kind", kind), ("name", name)]) }

    private static func address(_ page: String, _ query: [(String, String)]) -> String {
        let pairs = query.filter { !$0.1.isEmpty }.map { "\($0.0)=\(encoded($0.1))" }
        return "\(root)/\(page)" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }
}
