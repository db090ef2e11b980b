import Testing

@testable import RealtimeHub

@Suite("Token buckets")
struct TokenBucketTests {
    private let second: Int64 = 1_000_000_000

    /// A bucket that can be asked within an expectation.
    private final class Bucket {
        var bucket = TokenBucket()

        func tryTaking(_ tokens: Int64, _ rate: BucketRate, at now: Int64) -> Bool { bucket.tryTaking(tokens, rate, at: now) }
        func wait(for tokens: Int64, _ rate: BucketRate, at now: Int64) -> Int64 { bucket.wait(for: tokens, rate, at: now) }
    }

    @Test("As many at once as there are in an interval, and one more each time that one has come back")
    func burst() {
        let rate = BucketRate.perSecond(10)
        let bucket = Bucket()
        let now = 5 * second
        for _ in 0..<10 { #expect(bucket.tryTaking(1, rate, at: now)) }
        #expect(!bucket.tryTaking(1, rate, at: now))
        #expect(bucket.wait(for: 1, rate, at: now) == second / 10)
        #expect(!bucket.tryTaking(1, rate, at: now + second / 10 - 1))
        #expect(bucket.tryTaking(1, rate, at: now + second / 10))
        #expect(!bucket.tryTaking(1, rate, at: now + second / 10))
    }

    @Test("Whoever has been quiet for however long has a full bucket, and no more")
    func full() {
        let rate = BucketRate(3, per: .seconds(60))
        let bucket = Bucket()
        for now in [0, 3_600 * second, 1_000_000 * second] {
            for _ in 0..<3 { #expect(bucket.tryTaking(1, rate, at: now)) }
            #expect(!bucket.tryTaking(1, rate, at: now))
        }
    }

    @Test("A cost may be any number of tokens; one that is never there is refused, whatever its size")
    func costs() {
        let rate = BucketRate(1_000, per: .seconds(1))
        let bucket = Bucket()
        #expect(bucket.tryTaking(0, rate, at: 0))
        #expect(bucket.tryTaking(1_000, rate, at: 0))
        #expect(!bucket.tryTaking(1, rate, at: 0))
        for cost in [Int64(1_001), .max / 2, .max] { #expect(!bucket.tryTaking(cost, rate, at: 10 * second)) }
        #expect(bucket.tryTaking(1_000, rate, at: 10 * second), "what was refused has cost nothing")
        #expect(!bucket.tryTaking(1, rate, at: .max), "the end of time overflows nothing")
    }

    @Test("In the long run it is the rate, and never more than the burst beyond it", arguments: [1, 7, 50, 1_000])
    func longRun(tokens: Int) {
        let rate = BucketRate(tokens, per: .seconds(1))
        let bucket = Bucket()
        var generator = SystemRandomNumberGenerator()
        var (now, taken) = (Int64(0), 0)
        while now < 20 * second {
            now += Int64.random(in: 0...20_000_000, using: &generator)
            for _ in 0..<Int.random(in: 0...50, using: &generator) where bucket.tryTaking(1, rate, at: now) { taken += 1 }
            #expect(Double(taken) <= Double(tokens) * (1 + Double(now) / Double(second)) + 1)
        }
        #expect(taken >= tokens * 18)
    }

    @Test("Rates that make no sense become the nearest that do")
    func rates() {
        #expect(BucketRate(0, per: .seconds(1)) == BucketRate(1, per: .seconds(1)))
        #expect(BucketRate(-5, per: .zero) == BucketRate(1, per: .milliseconds(1)))
        #expect(BucketRate(1, per: .seconds(1_000_000)) == BucketRate(1, per: .seconds(86_400)))
        #expect(BucketRate(.max, per: .milliseconds(1)).interval == 1)
    }
}
