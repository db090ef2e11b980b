import RealtimeHub
import RealtimeProtocol

/// Who calls the API, and what they may do there.
struct APICaller: Sendable {
    /// For logs.
    let name: String
    /// Nil: all methods.
    var methods: Set<String>?
    /// Nil: all channels, and what is not about a channel.
    var channels: [ChannelPattern]?
    /// Nil: as often as they like.
    var rate: CallRate?

    /// Before anything is done.
    func check(_ method: APIMethod) throws(APIError) {
        // In a batch each command is looked at.
        guard let methods, !method.isBatch, !methods.contains(method.name) else { return }
        throw APIError(.permissionDenied, "\(method.name) is not among the methods of this key or token")
    }

    /// Once the call is known to have what it must have.
    func check(_ method: APIMethod, _ request: APIRequest) throws(APIError) {
        guard let channels, !method.isBatch else { return }
        for channel in try method.channels(request) where !channels.contains(where: { $0.matches(channel) }) {
            throw APIError(.permissionDenied, "the channel is not among those of this key or token")
        }
    }

    /// - Parameter calls: how many this counts as.
    func count(_ calls: Int = 1) throws(APIError) {
        guard let rate, !rate.take(calls) else { return }
        throw APIError(.tooManyRequests)
    }
}

extension APIMethod {
    /// The channels that a call is about.
    ///
    /// - Throws: if it is not about channels that the call names, so that who may do something in some channels could do it in all.
    fileprivate func channels(_ request: APIRequest) throws(APIError) -> [String] {
        for member in members where member.isRequired {
            if member.name == "channel" { return [try request.text(member.name)] }
            if member.name == "channels" { return try request.texts(member.name) }
        }
        throw APIError(.permissionDenied, "the key or token is for some channels, and \(name) is not about one")
    }
}
