/// Why a broker did not do what it was asked.
public enum BrokerError: Error, Hashable, Sendable {
    /// The position that was asked for is of another incarnation of the stream, which is now here.
    case wrongEpoch(current: StreamPosition)
    /// This broker can't do that at all. The text says what.
    case unsupported(String)
    /// Not now: the broker is not reachable, or has too much to do. The text is for the log.
    case unavailable(String)
    /// The broker has been stopped: it takes no more publications.
    case stopped
}

extension BrokerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongEpoch(let current): "the stream was begun anew; it is at offset \(current.offset) of epoch \(current.epoch)"
        case .unsupported(let what): "not supported by this broker: \(what)"
        case .unavailable(let why): "broker unavailable: \(why)"
        case .stopped: "the broker has been stopped"
        }
    }
}
