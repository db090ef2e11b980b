import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    func revoke(_ request: APIRequest, _ result: inout JSONOutput) throws {
        let (user, session, token) = (try request.text("user"), try request.text("session"), try request.text("token"))
        let given = [(user, Revocation.user(user)), (session, .session(session)), (token, .token(token))].filter { !$0.0.isEmpty }
        guard given.count == 1, let revocation = given.first?.1 else { throw APIError(.badRequest, "give one of user, session and token") }
        let expiry = try request.time("expire_at")
        try hub.revoke(revocation, until: expiry > 0 ? expiry : nil)
        result.object { _ in }
    }
}
