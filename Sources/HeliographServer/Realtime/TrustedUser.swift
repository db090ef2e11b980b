import RealtimeHub
import RealtimeProtocol

extension HubHandlers {
    /// Has clients that come without a token be the user whom a trusted proxy names; about others, whoever was asked before decides.
    ///
    /// - Parameters:
    ///   - field: of the request, in lower case. It is only there if a trusted proxy wrote it (`RealtimeOptions.userField`).
    ///   - allowsAnonymous: whether a client that nobody names is let in, if nobody else is asked.
    mutating func trustUser(in field: String, allowsAnonymous: Bool) {
        let next = connect
        asksAboutTokens = false
        connect = { event async throws(HubRefusal) in
            if let user = event.context.requestFields.first(where: { $0.name == field })?.value, !user.isEmpty {
                return ConnectGrant(user: user)
            }
            if let next { return try await next(event) }
            guard allowsAnonymous else { throw .error(.unauthorized) }
            return ConnectGrant(user: "")
        }
    }
}
