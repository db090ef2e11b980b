/// What a message carries (RFC 6455 §5.6): UTF-8 text, or bytes that mean what the application says they mean.
public enum MessageKind: UInt8, Hashable, Sendable {
    case text = 1
    case binary = 2
}
