public import PubSub
import Synchronization

/// A receiver that writes down what it is told, and notices when it is told two publications of one channel at once.
public final class RecordingReceiver: BrokerReceiver {
    /// What a receiver was told of a channel.
    public enum Event: Hashable, Sendable {
        case published(Publication, base: Publication?, excluded: String?)
        case joined(ClientInfo)
        case left(ClientInfo)
    }

    private struct State {
        var events: [String: [Event]] = [:]
        var busy: Set<String> = []
        var overlaps = 0
    }

    private let state = Mutex(State())

    public init() {}

    public func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?) {
        state.withLock { if !$0.busy.insert(channel).inserted { $0.overlaps += 1 } }
        state.withLock { state in
            state.events[channel, default: []].append(.published(publication, base: base, excluded: client))
            state.busy.remove(channel)
        }
    }

    public func joined(_ info: ClientInfo, on channel: String) {
        state.withLock { $0.events[channel, default: []].append(.joined(info)) }
    }

    public func left(_ info: ClientInfo, on channel: String) {
        state.withLock { $0.events[channel, default: []].append(.left(info)) }
    }

    /// What was told of the channel up to now.
    public func events(on channel: String) -> [Event] {
        state.withLock { $0.events[channel] ?? [] }
    }

    /// The publications of the channel up to now.
    public func publications(on channel: String) -> [Publication] {
        events(on: channel).compactMap { if case .published(let publication, _, _) = $0 { publication } else { nil } }
    }

    /// How many times a publication was told while another one of its channel was.
    public var overlaps: Int { state.withLock { $0.overlaps } }

    /// What was told of the channel, when there are so many events, or when five seconds are over.
    public func events(on channel: String, count: Int) async throws -> [Event] {
        for _ in 0..<1000 {
            if events(on: channel).count >= count { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        return events(on: channel)
    }

    /// The publications of the channel, when there are so many, or when five seconds are over.
    public func publications(on channel: String, count: Int) async throws -> [Publication] {
        _ = try await events(on: channel, count: count)
        return publications(on: channel)
    }
}
