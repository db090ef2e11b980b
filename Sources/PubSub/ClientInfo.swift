/// Who a client is, as other clients are told: in presence, joins and leaves, and with what the client published.
public struct ClientInfo: Hashable, Sendable {
    /// The user; empty for an anonymous client.
    public var user: String
    /// One connection of the user.
    public var client: String
    /// What the application said about the connection: JSON text or any bytes.
    public var connectionInfo: [UInt8]?
    /// What the application said about the connection in this channel.
    public var channelInfo: [UInt8]?

    public init(user: String, client: String, connectionInfo: [UInt8]? = nil, channelInfo: [UInt8]? = nil) {
        self.user = user
        self.client = client
        self.connectionInfo = connectionInfo
        self.channelInfo = channelInfo
    }
}
