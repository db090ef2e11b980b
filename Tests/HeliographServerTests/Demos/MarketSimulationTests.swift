import RealtimeHub
import Testing

@testable import Demos

@Suite("The market's simulation")
struct MarketSimulationTests {
    private static let start: Int64 = 1_764_000_000_000

    private func market(seed: UInt64 = 7) -> MarketSimulation {
        MarketSimulation(Listing.all(seed: seed), seed: seed, now: Self.start)
    }

    @Test(
        "There are 300 companies with symbols and names of their own, and their channels have the right names",
        arguments: [0, 1, 99] as [UInt64])
    func listings(seed: UInt64) {
        let listings = Listing.all(seed: seed)
        #expect(Set(listings.map(\.symbol)).count == 300 && Set(listings.map(\.name)).count == 300)
        let namespaces = Namespaces(named: MarketDemo(seed: seed).namespaces)
        #expect(namespaces.options(of: "market:overview") != nil)
        for listing in listings {
            #expect(namespaces.options(of: "market:book.\(listing.symbol)") != nil)
            #expect(namespaces.options(of: "tape:\(listing.symbol)") != nil)
        }
        for name in ["market:", "market:other", "market:book.", "market:book.abc", "tape:overview", "tape:AB", "tape:ABCDEFGH"] {
            #expect(namespaces.options(of: name) == nil, "\(name)")
        }
        #expect(MarketDemo().namespaces.values.allSatisfy { $0.contradictions.isEmpty })
    }

    @Test("The same seed and the same times give the same market; another seed gives another")
    func determinism() {
        func run(seed: UInt64) -> ([Int], [OrderBook.Trade]) {
            var market = market(seed: seed)
            var trades = market.watch([3, 250, 17])[17] ?? []
            for tick in 1...50 { trades += market.advance(to: Self.start + Int64(tick) * 100)[3] ?? [] }
            return (market.quotes.map(\.price), trades)
        }
        #expect(run(seed: 1) == run(seed: 1))
        #expect(run(seed: 1).0 != run(seed: 2).0)
    }

    @Test("It begins with eight minutes of candles that hang together")
    func candles() {
        var market = market()
        for tick in 1...80 { _ = market.advance(to: Self.start + Int64(tick) * 100) }
        for quote in market.quotes {
            #expect(quote.candles.count == MarketSimulation.candles)
            let pairs = zip(quote.candles, quote.candles.dropFirst())
            #expect(pairs.allSatisfy { $1.start == $0.start + MarketSimulation.candle && $1.open == $0.close })
            #expect(quote.candles.allSatisfy { $0.low <= min($0.open, $0.close) && $0.high >= max($0.open, $0.close) && $0.low > 0 })
            #expect(quote.candles.last?.close == quote.price)
            #expect(quote.low <= quote.price && quote.price <= quote.high)
        }
    }

    @Test("Prices move, some of them in each second, and stay sensible for hours", arguments: 0..<2)
    func prices(seed: UInt64) {
        var market = market(seed: seed)
        var before = market.quotes.map(\.price)
        var now = Self.start
        for _ in 0..<20 {
            for _ in 0..<10 {
                now += 100
                _ = market.advance(to: now)
            }
            let prices = market.quotes.map(\.price)
            #expect(zip(prices, before).contains { $0 != $1 })
            before = prices
        }
        for _ in 0..<6 {
            now += 480_000
            _ = market.advance(to: now)
            #expect(zip(market.listings, market.quotes).allSatisfy { $1.price > $0.open / 4 && $1.price < $0.open * 4 })
        }
    }

    @Test("A gap in which nobody looked is made up; a step back in time does no harm")
    func gap() throws {
        var market = market()
        _ = market.advance(to: Self.start + 24 * 3_600_000)
        #expect(market.now == Self.start + 24 * 3_600_000)
        #expect(market.quotes.allSatisfy { $0.candles.count == MarketSimulation.candles })
        let last = try #require(market.quotes.first?.candles.last)
        #expect(market.now - last.start < MarketSimulation.candle)
        _ = market.advance(to: Self.start)
        market.catchUp(to: market.now + 1_000)
        #expect(market.now == Self.start + 24 * 3_600_000)
    }

    @Test("Who is watched has ten levels on each side at all times, not crossed, and pays what is traded; who is not has no book")
    func watched() {
        var market = market()
        var (now, traded) = (Self.start, 0)
        #expect(market.desks.isEmpty)
        #expect(market.watch([5])[5]?.isEmpty == false, "there was trading before we came")
        for _ in 0..<600 {
            now += 100
            let trades = market.advance(to: now)
            traded += trades[5]?.count ?? 0
            #expect(trades.keys.allSatisfy { $0 == 5 })
            guard let book = market.desks[5]?.book, let bid = book.best(.buy), let ask = book.best(.sell) else {
                Issue.record("no book")
                return
            }
            #expect(bid < ask && book.bids.count >= 10 && book.asks.count >= 10 && book.count < 500)
            if let last = trades[5]?.last { #expect(market.quotes[5].price == last.price) }
        }
        #expect(traded > 60)
        _ = market.watch([])
        #expect(market.desks.isEmpty && market.advance(to: now + 100).isEmpty)
        #expect(market.watch([-1, 300]).isEmpty, "there are no such symbols")
    }
}
