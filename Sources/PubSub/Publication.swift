/// What was published to a channel.
public struct Publication: Hashable, Sendable {
    /// The payload: JSON text or any bytes.
    public var data: [UInt8]
    /// The client that published; nil if the application did.
    public var info: ClientInfo?
    /// What filters may ask for.
    public var tags: [String: String]
    /// The place in the stream, from 1; 0 if the publication is in no stream.
    public var offset: UInt64
    /// The epoch of the stream; empty if the publication is in no stream.
    public var epoch: String
    /// When it was published, in milliseconds since 1970; 0 if nobody said.
    public var time: Int64
    /// The application's own version of what the channel is about; 0 if there is none.
    public var version: UInt64

    public init(
        data: [UInt8], info: ClientInfo? = nil, tags: [String: String] = [:], offset: UInt64 = 0, epoch: String = "", time: Int64 = 0,
        version: UInt64 = 0
    ) {
        self.data = data
        self.info = info
        self.tags = tags
        self.offset = offset
        self.epoch = epoch
        self.time = time
        self.version = version
    }

    /// The place in the stream.
    public var position: StreamPosition { StreamPosition(offset: offset, epoch: epoch) }
}
