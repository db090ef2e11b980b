import NIOCore
import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    /// `user`, `session` or `token`: what was granted by it ends, and it is refused from now on. `expire_at`, in seconds since 1970: when that can be forgotten.
    func revoke(_ body: ByteBuffer, _ result: inout JSONOutput) throws {
        let request = try APIRequest(body, known: ["user", "session", "token", "expire_at"])
        let (user, session, token) = (try request.text("user"), try request.text("session"), try request.text("token"))
        let given = [(user, Revocation.user(user)), (session, .session(session)), (token, .token(token))].filter { !$0.0.isEmpty }
        guard given.count == 1, let revocation = given.first?.1 else {
            throw APIError(.badRequest, "give one of user, session and token")
        }
        let expiry = try request.integer("expire_at", Int64.self)
        // Beyond 10000 years it is no date but milliseconds, or worse.
        guard (0..<253_402_300_800).contains(expiry) else { throw APIError(.badRequest, "expire_at must be a time in seconds") }
        try hub.revoke(revocation, until: expiry > 0 ? expiry * 1_000 : nil)
        result.object { _ in }
    }
}
