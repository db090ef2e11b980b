/// The messages of the protocol as they travel, and how they are written. ``CommandReader``, ``ReplyReader`` and ``PushReader`` read them.
///
/// The names are those of the wire in Swift's spelling. A value that is zero (`0`, `false`, `""`, an empty list) is one that was not sent.
public enum Wire {}

/// How a connection writes its messages. It keeps to one for its whole life.
public enum WireFormat: Hashable, Sendable {
    /// One JSON object a message, joined by newlines.
    case json
    /// One Protobuf message after another, each after its length.
    case protobuf
}
