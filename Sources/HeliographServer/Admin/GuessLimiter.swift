import WebSocketHummingbird

/// Slows down who guesses passwords, by address: after five guesses each one costs twice the time of the one before, up to a quarter of an hour. What
/// is remembered is bounded; who has not guessed for an hour is forgotten, and when there are too many, who has not guessed for longest.
struct GuessLimiter: Sendable {
    typealias Peer = PeerAddress

    private struct Guesses {
        var count = 0
        var last: ContinuousClock.Instant
        /// No guess is looked at before.
        var next: ContinuousClock.Instant
    }

    static let free = 5
    static let longest = Duration.seconds(900)
    private static let memory = Duration.seconds(3_600)

    private let maxPeers: Int
    private var peers: [Peer: Guesses] = [:]

    init(maxPeers: Int = 10_000) {
        self.maxPeers = max(1, maxPeers)
    }

    var count: Int { peers.count }

    /// Takes a guess; it counts as a wrong one until ``succeeded(_:)``, so that nobody gains by guessing many at the same time.
    ///
    /// - Returns: how long there is to wait, if the guess must not even be looked at.
    mutating func guess(_ peer: Peer, now: ContinuousClock.Instant) -> Duration? {
        if peers[peer] == nil { makeRoom(now) }
        var guesses = peers[peer] ?? Guesses(last: now, next: now)
        if guesses.last.duration(to: now) > Self.memory { guesses = Guesses(last: now, next: now) }
        let wait = now.duration(to: guesses.next)
        guard wait <= .zero else { return wait }
        guesses.count += 1
        guesses.last = now
        if guesses.count >= Self.free {
            guesses.next = now + min(.seconds(1 << min(guesses.count - Self.free, 10)), Self.longest)
        }
        peers[peer] = guesses
        return nil
    }

    mutating func succeeded(_ peer: Peer) {
        peers[peer] = nil
    }

    private mutating func makeRoom(_ now: ContinuousClock.Instant) {
        guard peers.count >= maxPeers else { return }
        peers = peers.filter { $0.value.last.duration(to: now) <= Self.memory }
        guard peers.count >= maxPeers, let oldest = peers.min(by: { $0.value.last < $1.value.last }) else { return }
        peers[oldest.key] = nil
    }
}
