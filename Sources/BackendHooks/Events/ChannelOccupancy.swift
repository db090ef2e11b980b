import DequeModule
import NIOCore

/// Which channels have subscribers, and which have had none for a while.
struct ChannelOccupancy {
    private struct Leaving {
        var channel: String
        var due: NIODeadline
    }

    /// How long a channel must be without subscribers, of those that are left from now on.
    var delay: TimeAmount
    private let maxLeaving: Int
    private var counts: [String: Int] = [:]
    /// When those without subscribers are vacated.
    private var leaving: [String: NIODeadline] = [:]
    /// The same in order; some may have subscribers again.
    private var queue: Deque<Leaving> = []

    /// - Parameters:
    ///   - delay: how long a channel must have been without subscribers.
    ///   - maxLeaving: so many channels at most wait for that; when there are more, the first of them are vacated earlier.
    init(delay: Duration, maxLeaving: Int = 100_000) {
        self.delay = TimeAmount(delay)
        self.maxLeaving = maxLeaving
    }

    /// A subscriber more. Returns whether the channel is occupied only now.
    mutating func entered(_ channel: String) -> Bool {
        let count = counts[channel, default: 0]
        counts[channel] = count + 1
        guard count == 0 else { return false }
        return leaving.removeValue(forKey: channel) == nil
    }

    /// A subscriber less.
    mutating func left(_ channel: String, at now: NIODeadline) {
        guard let count = counts[channel] else { return }
        counts[channel] = count > 1 ? count - 1 : nil
        guard count == 1 else { return }
        leaving[channel] = now + delay
        queue.append(Leaving(channel: channel, due: now + delay))
    }

    /// The channels that are vacated by now.
    mutating func vacated(at now: NIODeadline) -> [String] {
        var channels: [String] = []
        while let first = queue.first, first.due <= now || queue.count > maxLeaving {
            queue.removeFirst()
            // Another time is one of another absence.
            guard leaving[first.channel] == first.due else { continue }
            leaving[first.channel] = nil
            channels.append(first.channel)
        }
        return channels
    }
}
