/// A place in a channel's stream: what a client has seen.
///
/// Offsets are counted from 1 without gaps, so a client that has seen 5 and is given 7 knows that it missed one. A count alone can't tell
/// that the stream was begun anew, by a broker that was restarted or forgot it; so each incarnation of a stream has a name, its epoch. Two
/// offsets may be compared if their epochs are equal.
public struct StreamPosition: Hashable, Sendable {
    /// How many publications the stream has had; 0 before the first.
    public var offset: UInt64
    /// The incarnation of the stream; empty for a channel that keeps no history.
    public var epoch: String

    public init(offset: UInt64 = 0, epoch: String = "") {
        self.offset = offset
        self.epoch = epoch
    }
}
