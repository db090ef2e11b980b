// Strategy: a bucket is one number, the time at which it will be full again (the generic cell rate algorithm). A bucket that is full is the same as
// none, so nothing has to be swept. Buckets live in two generations: when the younger one is full, the older one is forgotten and the younger one
// becomes the older. So what was used lately stays, memory has a bound, and nothing is ever searched for what is to go.

import NIOCore
import Synchronization

/// A bucket of tokens for each key.
final class TokenBuckets: Sendable {
    struct Verdict: Hashable, Sendable {
        var isAllowed: Bool
        /// How many tokens are left.
        var remaining: Int
        /// Until the bucket is full, in nanoseconds.
        var timeToFull: Int64
        /// Until there are as many tokens as were asked for, in nanoseconds.
        var timeToRetry: Int64
    }

    private final class Shard: Sendable {
        struct Generations {
            var young: [String: Int64] = [:]
            var old: [String: Int64] = [:]
        }

        let generations = Mutex(Generations())
    }

    private let rate: Rate
    private let shards: [Shard]
    private let keysPerGeneration: Int

    /// - Parameter maxKeys: so many buckets at most are kept.
    init(_ rate: Rate, maxKeys: Int) {
        self.rate = rate
        let count = maxKeys >= 1_024 ? 16 : 1
        shards = (0..<count).map { _ in Shard() }
        keysPerGeneration = max(1, maxKeys / (2 * count))
    }

    /// Takes tokens from a bucket, if it has as many.
    func take(_ tokens: Int, from key: String, at now: NIODeadline) -> Verdict {
        let now = Int64(clamping: now.uptimeNanoseconds)
        // `Hasher` is seeded for each process: nobody can choose keys that all meet in one shard.
        let shard = shards[Int(UInt(bitPattern: key.hashValue) % UInt(shards.count))]
        return shard.generations.withLock { generations in
            let isFullAt = max(generations.young[key] ?? generations.old[key] ?? now, now)
            let cost = rate.interval.multipliedReportingOverflow(by: Int64(clamping: max(1, tokens)))
            let wouldBeFullAt = isFullAt.addingReportingOverflow(cost.partialValue)
            let excess =
                cost.overflow || wouldBeFullAt.overflow ? Int64.max : wouldBeFullAt.partialValue - now - rate.capacity
            guard excess <= 0 else { return verdict(false, isFullAt - now, excess) }
            generations.young[key] = wouldBeFullAt.partialValue
            if generations.young.count > keysPerGeneration {
                generations.old = generations.young
                generations.young = [:]
            }
            return verdict(true, wouldBeFullAt.partialValue - now, 0)
        }
    }

    private func verdict(_ isAllowed: Bool, _ timeToFull: Int64, _ timeToRetry: Int64) -> Verdict {
        Verdict(
            isAllowed: isAllowed, remaining: Int(max(0, rate.capacity - timeToFull) / rate.interval), timeToFull: timeToFull,
            timeToRetry: timeToRetry)
    }

    /// How many buckets there are, for tests.
    var count: Int {
        shards.reduce(0) { count, shard in
            count + shard.generations.withLock { $0.young.count + $0.old.count }
        }
    }
}

/// How many requests there may be: so many in a period, all at once if need be.
public struct Rate: Hashable, Sendable {
    /// Nanoseconds in which a token comes.
    let interval: Int64
    /// Nanoseconds in which an empty bucket becomes full.
    let capacity: Int64
    let burst: Int
    let requests: Int
    let seconds: Int

    /// - Parameters:
    ///   - requests: so many in a period, at least 1.
    ///   - period: how long it is, from a millisecond to a day.
    ///   - burst: so many at most at once, by who has been quiet. Default: as many as in a period.
    public init(_ requests: Int, per period: Duration, burst: Int? = nil) {
        let period = min(max(period, .milliseconds(1)), .seconds(86_400))
        let (seconds, attoseconds) = period.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        self.requests = max(1, requests)
        self.seconds = max(1, Int(seconds))
        interval = max(1, nanoseconds / Int64(self.requests))
        self.burst = max(1, burst ?? self.requests)
        let product = interval.multipliedReportingOverflow(by: Int64(self.burst))
        // A century: nothing fills up in the life of a process.
        capacity = product.overflow ? 3_155_760_000_000_000_000 : product.partialValue
    }

    /// So many in a second.
    public static func perSecond(_ requests: Int, burst: Int? = nil) -> Rate { Rate(requests, per: .seconds(1), burst: burst) }
    /// So many in a minute.
    public static func perMinute(_ requests: Int, burst: Int? = nil) -> Rate { Rate(requests, per: .seconds(60), burst: burst) }
    /// So many in an hour.
    public static func perHour(_ requests: Int, burst: Int? = nil) -> Rate { Rate(requests, per: .seconds(3_600), burst: burst) }
}
