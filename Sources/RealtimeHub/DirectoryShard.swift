import PubSub
import Synchronization

/// A part of the directory of channels.
final class DirectoryShard: Sendable {
    struct Interest {
        let sink: any DeliverySink
        var subscribers: Int
    }

    enum Addition {
        /// The broker sends us the channel.
        case ready
        /// It was asked to; the completion is kept.
        case waits
        /// It is to be asked now.
        case first
    }

    private struct Entry {
        var interests: [Interest] = []
        var state = State.unknown

        var subscribers: Int { interests.reduce(0) { $0 + $1.subscribers } }
    }

    private enum State {
        /// Nobody has asked, or was refused.
        case unknown
        case asked([ChannelDirectory.Completion])
        case ready
    }

    let turn = Mutex(())
    private let channels = Mutex<[String: Entry]>([:])
    private let subscribers = Atomic<Int>(0)

    func add(_ channel: String, _ sink: any DeliverySink, _ completion: @escaping ChannelDirectory.Completion) -> Addition {
        channels.withLock { channels in
            var entry = channels.removeValue(forKey: channel) ?? Entry()
            defer { channels[channel] = entry }
            subscribers.wrappingAdd(1, ordering: .relaxed)
            if let index = entry.interests.firstIndex(where: { $0.sink === sink }) {
                entry.interests[index].subscribers += 1
            } else {
                entry.interests.append(Interest(sink: sink, subscribers: 1))
            }
            switch entry.state {
            case .ready: return .ready
            case .asked(let waiters):
                entry.state = .asked(waiters + [completion])
                return .waits
            case .unknown:
                entry.state = .asked([])
                return .first
            }
        }
    }

    /// The broker has answered. Returns who else waits for that.
    func answered(_ channel: String, _ answer: Result<Void, BrokerError>) -> [ChannelDirectory.Completion] {
        channels.withLock { channels in
            guard case .asked(let waiters) = channels[channel]?.state else { return [] }
            if case .success = answer { channels[channel]?.state = .ready } else { channels[channel]?.state = .unknown }
            return waiters
        }
    }

    /// Returns whether it was the last.
    func remove(_ channel: String, _ sink: any DeliverySink) -> Bool {
        channels.withLock { channels in
            guard var entry = channels[channel], let index = entry.interests.firstIndex(where: { $0.sink === sink }) else { return false }
            entry.interests[index].subscribers -= 1
            subscribers.wrappingSubtract(1, ordering: .relaxed)
            if entry.interests[index].subscribers == 0 { entry.interests.remove(at: index) }
            channels[channel] = entry.interests.isEmpty ? nil : entry
            return entry.interests.isEmpty
        }
    }

    func interests(in channel: String) -> [Interest] {
        channels.withLock { $0[channel]?.interests } ?? []
    }

    var count: Int { channels.withLock { $0.count } }

    /// The subscribers of all its channels.
    var subscriptions: Int { subscribers.load(ordering: .relaxed) }

    func summaries() -> [ChannelSummary] {
        channels.withLock { channels in
            channels.map { ChannelSummary(name: $0.key, subscribers: $0.value.subscribers) }
        }
    }

    func count(into counts: inout [String: Int]) {
        channels.withLock { channels in
            for (channel, entry) in channels { counts[channel] = entry.subscribers }
        }
    }
}

/// A call whose answer may come before it returns, or later.
final class BrokerCall: Sendable {
    private enum State {
        case isAsking
        case hasAnswer(Result<Void, BrokerError>)
        case hasReturned
    }

    private let state = Mutex(State.isAsking)

    /// Whether the answer comes after the call has returned; else it is kept for ``returned()``.
    func isLate(_ answer: Result<Void, BrokerError>) -> Bool {
        state.withLock { state in
            if case .hasReturned = state { return true }
            state = .hasAnswer(answer)
            return false
        }
    }

    /// The answer, if there is one already.
    func returned() -> Result<Void, BrokerError>? {
        state.withLock { state in
            defer { state = .hasReturned }
            if case .hasAnswer(let answer) = state { return answer }
            return nil
        }
    }
}
