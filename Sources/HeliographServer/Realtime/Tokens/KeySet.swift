import RealtimeHub
import RealtimeProtocol
import Synchronization

// Strategy: a set of keys is fetched when it is first needed, and again when it is old or when a token names a key that is not in it: by one request at a
// time, and seldom, whatever tokens say. Meanwhile the keys that are there do their work; who needs one that is not waits for the request.

/// The keys at an address that the configuration names (RFC 7517). No token can name another.
final class KeySet: Sendable {
    /// Reads what is at the address.
    typealias Fetch = @Sendable () async throws -> [UInt8]

    struct Times: Hashable, Sendable {
        /// Keys older than that are fetched anew.
        var refresh: Duration = .seconds(3_600)
        /// Keys older than that are not used any more, even if there are no newer ones.
        var stale: Duration = .seconds(24 * 3_600)
        /// So long at least is between two requests.
        var pause: Duration = .seconds(10)
    }

    private struct State {
        var keys: [TokenKey] = []
        var fetchedAt: ContinuousClock.Instant?
        var askedAt: ContinuousClock.Instant?
        var problem = "it has not been fetched yet"
        var running: Task<Void, Never>?
    }

    /// What it is called in errors.
    let name: String
    /// Where its keys come from; nil: nobody else can have the same.
    let source: Source?
    private let fetch: Fetch
    private let times: Times
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// What the configuration says of it.
    struct Source: Hashable, Sendable {
        var url: String
        var times = Times()
        var timeout: Duration = .seconds(5)
    }

    convenience init(_ source: Source) {
        let fetcher = KeySetFetcher(url: source.url, timeout: source.timeout)
        self.init(source.url, source: source, times: source.times) { try await fetcher.fetch() }
    }

    init(
        _ name: String, source: Source? = nil, times: Times = Times(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, fetch: @escaping Fetch
    ) {
        self.name = name
        self.source = source
        self.times = times
        self.now = now
        self.fetch = fetch
    }

    /// The keys for a token.
    ///
    /// - Throws: ``TokenError/unavailable(_:)`` if there are no keys to be had.
    func keys(for algorithm: TokenAlgorithm, id: String?) async throws(TokenError) -> [TokenKey] {
        // A token with a secret's algorithm never reaches out.
        guard !algorithm.isSymmetric else { return [] }
        if let usable = usable(algorithm, id), !usable.isEmpty { return usable }
        // There are none, or not the one: somebody asks, or it was asked a moment ago.
        await refresh()?.value
        guard let usable = usable(algorithm, id) else { throw .unavailable("\(name): \(state.withLock { $0.problem })") }
        return usable
    }

    /// The keys that suit; nil if there are none that may be used. Old ones are used while newer ones are fetched.
    private func usable(_ algorithm: TokenAlgorithm, _ id: String?) -> [TokenKey]? {
        let now = now()
        let (keys, age) = state.withLock { ($0.keys, $0.fetchedAt.map { $0.duration(to: now) }) }
        guard let age, age < times.stale else { return nil }
        if age >= times.refresh { refresh() }
        return keys.filter { $0.algorithm == algorithm && (id == nil || $0.id == nil || $0.id == id) }
    }

    /// Fetches the set, if nobody does and the last request was long enough ago.
    @discardableResult
    func refresh() -> Task<Void, Never>? {
        let now = now()
        return state.withLock { state in
            if let running = state.running { return running }
            if let askedAt = state.askedAt, askedAt.duration(to: now) < times.pause { return nil }
            state.askedAt = now
            let task = Task { await load() }
            state.running = task
            return task
        }
    }

    private func load() async {
        let result: Result<[TokenKey], any Error>
        do { result = .success(try await KeySetDocument(try await fetch()).keys()) } catch { result = .failure(error) }
        let now = now()
        state.withLock { state in
            state.running = nil
            switch result {
            case .success(let keys):
                state.keys = keys
                state.fetchedAt = now
            case .failure(let error): state.problem = "\(error)"
            }
        }
    }
}
