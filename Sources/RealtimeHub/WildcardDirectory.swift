import Synchronization

/// The patterns that have subscribers on this process. Asked once for each publication, from any thread; for nothing while there are none.
final class WildcardDirectory: Sendable {
    private struct Entry {
        let pattern: ChannelPattern
        let namespace: Substring?
        var subscribers: Int
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Which patterns a channel matches: the same for every publication until a pattern comes or goes.
        var matches: [String: [String]] = [:]
    }

    private let count = Atomic<Int>(0)
    private let state = Mutex(State())
    private let maxPatterns: Int
    private static let maxMatches = 10_000

    init(maxPatterns: Int) {
        self.maxPatterns = maxPatterns
    }

    /// A subscriber more. False if there are as many patterns as there may be.
    func add(_ text: String, _ pattern: ChannelPattern, _ namespaces: Namespaces) -> Bool {
        let namespace = namespaces.syntax.parse(text).namespace
        return state.withLock { state in
            if let subscribers = state.entries[text]?.subscribers {
                state.entries[text]?.subscribers = subscribers + 1
                return true
            }
            guard state.entries.count < maxPatterns else { return false }
            state.entries[text] = Entry(pattern: pattern, namespace: namespace, subscribers: 1)
            changed(&state)
            return true
        }
    }

    /// A subscriber less.
    func remove(_ text: String) {
        state.withLock { state in
            guard let subscribers = state.entries[text]?.subscribers else { return }
            if subscribers > 1 {
                state.entries[text]?.subscribers = subscribers - 1
            } else {
                state.entries[text] = nil
                changed(&state)
            }
        }
    }

    private func changed(_ state: inout State) {
        state.matches = [:]
        count.store(state.entries.count, ordering: .releasing)
    }

    /// Which channels reach patterns has changed.
    func forgetMatches() {
        state.withLock { $0.matches = [:] }
    }

    /// The patterns that match a channel.
    func matching(_ channel: String, _ namespaces: @autoclosure () -> Namespaces) -> [String] {
        guard count.load(ordering: .acquiring) > 0 else { return [] }
        let namespaces = namespaces()
        return state.withLock { state in
            if let known = state.matches[channel] { return known }
            let found = Self.patterns(in: state, matching: channel, namespaces)
            if state.matches.count >= Self.maxMatches { state.matches = [:] }
            state.matches[channel] = found
            return found
        }
    }

    private static func patterns(in state: State, matching channel: String, _ namespaces: Namespaces) -> [String] {
        guard let name = namespaces.reachesWildcards(channel) else { return [] }
        return state.entries.compactMap { text, entry in
            entry.namespace == name.namespace && entry.pattern.matches(channel) ? text : nil
        }
    }
}
