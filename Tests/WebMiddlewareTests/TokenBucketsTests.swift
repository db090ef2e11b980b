import NIOCore
import Testing

@testable import WebMiddleware

@Suite("Token buckets")
struct TokenBucketsTests {
    /// A moment, in milliseconds.
    static func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000_000) + .milliseconds(milliseconds) }

    @Test("give a burst at once, then a token each interval")
    func burst() {
        let buckets = TokenBuckets(.perSecond(10, burst: 3), maxKeys: 10)
        #expect((0..<4).map { _ in buckets.take(1, from: "a", at: Self.at(0)).isAllowed } == [true, true, true, false])
        #expect(!buckets.take(1, from: "a", at: Self.at(99)).isAllowed)
        #expect(buckets.take(1, from: "a", at: Self.at(100)).isAllowed)
        #expect(!buckets.take(1, from: "a", at: Self.at(100)).isAllowed)
        #expect((0..<4).map { _ in buckets.take(1, from: "a", at: Self.at(10_000)).isAllowed } == [true, true, true, false], "full again")
    }

    @Test("say how much is left, when all is back, and when to come again")
    func verdicts() {
        let buckets = TokenBuckets(.perSecond(1, burst: 2), maxKeys: 10)
        #expect(
            buckets.take(1, from: "a", at: Self.at(0))
                == .init(isAllowed: true, remaining: 1, timeToFull: 1_000_000_000, timeToRetry: 0))
        #expect(
            buckets.take(1, from: "a", at: Self.at(0))
                == .init(isAllowed: true, remaining: 0, timeToFull: 2_000_000_000, timeToRetry: 0))
        #expect(
            buckets.take(1, from: "a", at: Self.at(250))
                == .init(isAllowed: false, remaining: 0, timeToFull: 1_750_000_000, timeToRetry: 750_000_000))
    }

    @Test("are each for themselves")
    func keys() {
        let buckets = TokenBuckets(.perMinute(1), maxKeys: 10)
        #expect(buckets.take(1, from: "a", at: Self.at(0)).isAllowed)
        #expect(buckets.take(1, from: "b", at: Self.at(0)).isAllowed)
        #expect(!buckets.take(1, from: "a", at: Self.at(0)).isAllowed)
    }

    @Test("take nothing from a bucket that has not enough")
    func costs() {
        let buckets = TokenBuckets(.perSecond(1, burst: 5), maxKeys: 10)
        #expect(!buckets.take(6, from: "a", at: Self.at(0)).isAllowed)
        #expect(buckets.take(5, from: "a", at: Self.at(0)).isAllowed)
        #expect(!buckets.take(.max, from: "a", at: Self.at(0)).isAllowed)
        #expect(buckets.take(-7, from: "b", at: Self.at(0)).remaining == 4, "each costs something")
    }

    @Test("are bounded in number, and those that are used stay", arguments: [10, 2_000])
    func bounded(maxKeys: Int) {
        let buckets = TokenBuckets(.perHour(1), maxKeys: maxKeys)
        for number in 0..<(maxKeys * 20) {
            _ = buckets.take(1, from: "\(number)", at: Self.at(0))
            // Far more often than a generation lasts.
            if number % 2 == 0 { _ = buckets.take(1, from: "steady", at: Self.at(Int64(number) * 3_600_000)) }
        }
        #expect(buckets.count <= maxKeys + 32)
    }

    @Test("remember a key for at least a generation of others")
    func generations() {
        let buckets = TokenBuckets(.perHour(1), maxKeys: 100)
        #expect(buckets.take(1, from: "first", at: Self.at(0)).isAllowed)
        for number in 0..<49 { _ = buckets.take(1, from: "\(number)", at: Self.at(0)) }
        #expect(!buckets.take(1, from: "first", at: Self.at(0)).isAllowed)
        for number in 100..<300 { _ = buckets.take(1, from: "\(number)", at: Self.at(0)) }
        #expect(buckets.take(1, from: "first", at: Self.at(0)).isAllowed, "forgotten: it begins anew")
    }

    @Test("trap at no rate", arguments: [(Int.max, Int.max), (0, 0), (-5, -5), (1, Int.max)])
    func extremes(requests: Int, burst: Int) {
        for period in [Duration.zero, .seconds(-1), .seconds(Int64.max / 2), .nanoseconds(1)] {
            let buckets = TokenBuckets(Rate(requests, per: period, burst: burst), maxKeys: requests > 5 ? 10 : requests)
            for moment in [NIODeadline.uptimeNanoseconds(0), .distantFuture, .uptimeNanoseconds(1)] {
                #expect(buckets.take(1, from: "a", at: moment).remaining >= 0)
            }
        }
    }
}
