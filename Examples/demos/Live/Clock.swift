import FoundationEssentials
public import LiveHTML
public import LiveViews

/// The server's time. Its state is not `Codable`: a clock that comes back shows what time it is then.
public struct Clock: LiveView {
    var time = Clock.now

    public enum Event: String, LiveEvent { case tick }

    public init() {}

    public mutating func connected(_ effects: inout LiveEffects<Event>) {
        time = Self.now
        effects.every(.seconds(1), .tick)
    }

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        time = Self.now
    }

    public var body: HTML {
        "<time class=\"clock\">\(time)</time>"
    }

    /// Hours, minutes and seconds of UTC.
    private static var now: String {
        let seconds = Int(Date().timeIntervalSince1970)
        return [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
