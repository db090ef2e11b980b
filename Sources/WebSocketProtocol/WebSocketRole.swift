/// Which end of the connection we are. It decides who masks (RFC 6455 §5.1) and whose deflate parameters are whose (RFC 7692 §7.1).
public enum WebSocketRole: Hashable, Sendable {
    case server, client
}
