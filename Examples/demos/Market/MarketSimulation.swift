/// An exchange that is not real: prices that walk at random, alone and with their sectors, calm for long and then in bursts; and, for the symbols
/// that somebody watches, an order book with trading that moves the price.
///
/// A value without clock or chance of its own: the same seed and the same times give the same market.
struct MarketSimulation: Sendable {
    struct Candle: Hashable, Sendable {
        /// When it begins, in milliseconds since 1970.
        let start: Int64
        let open: Int
        private(set) var high: Int
        private(set) var low: Int
        private(set) var close: Int
        private(set) var volume: Int

        init(start: Int64, price: Int) {
            self.start = start
            (open, high, low, close, volume) = (price, price, price, price, 0)
        }

        mutating func add(_ price: Int, _ quantity: Int) {
            high = max(high, price)
            low = min(low, price)
            close = price
            volume += quantity
        }
    }

    struct Quote: Sendable {
        /// The last price that was paid, in cents.
        fileprivate(set) var price: Int
        fileprivate(set) var high: Int
        fileprivate(set) var low: Int
        fileprivate(set) var volume = 0
        fileprivate(set) var candles: [Candle] = []
        /// What the symbol is worth; the price follows.
        fileprivate var fair: Double
        /// How nervous the market is about it; 1 is calm.
        fileprivate var nerves = 1.0

        fileprivate mutating func pay(_ price: Int, _ quantity: Int) {
            self.price = price
            high = max(high, price)
            low = min(low, price)
            volume += quantity
            candles[candles.count - 1].add(price, quantity)
        }
    }

    /// Milliseconds.
    static let tick: Int64 = 100
    static let candle: Int64 = 5_000
    /// So many candles are kept.
    static let candles = 96
    /// A longer gap is cut: nobody sees more of it than that.
    private static let longestGap = Int64(candles) * candle

    let listings: [Listing]
    private(set) var quotes: [Quote]
    /// The symbols that are watched, by their places in ``listings``.
    private(set) var desks: [Int: TradingDesk] = [:]
    /// Milliseconds since 1970.
    private(set) var now: Int64
    private var random: SeededGenerator

    /// - Parameter now: milliseconds since 1970. What came before is made up, so that charts have something to show.
    init(_ listings: [Listing], seed: UInt64, now: Int64) {
        random = SeededGenerator(seed: seed)
        self.listings = listings
        self.now = max(0, now - Self.longestGap)
        quotes = listings.map { Quote(price: $0.open, high: $0.open, low: $0.open, fair: Double($0.open)) }
        startCandles()
        skip(to: now)
    }

    // MARK: Time

    /// What happened in the tick that ends at a time: the trades of watched symbols. Ticks that were left out, because nobody looked, are made up
    /// in coarse steps.
    mutating func advance(to time: Int64) -> [Int: [OrderBook.Trade]] {
        catchUp(to: time - Self.tick)
        now = max(now, time)
        startCandles()
        let moods = (0..<Listing.sectors.count).map { _ in random.normal() }
        var trades: [Int: [OrderBook.Trade]] = [:]
        for index in listings.indices {
            // The watched ones move in each tick, by as much altogether.
            let isWatched = desks[index] != nil
            guard isWatched || random.chance(listings[index].activity) else { continue }
            walk(index, mood: moods[listings[index].sector], steps: isWatched ? 0.15 : 1)
            if isWatched { trades[index] = trade(index) } else { pay(index) }
        }
        return trades
    }

    /// Makes up what nobody saw, if that is more than a candle.
    mutating func catchUp(to time: Int64) {
        if time - now > Self.candle { skip(to: time) }
    }

    private mutating func skip(to time: Int64) {
        guard time > now else { return }
        now = max(now, time - Self.longestGap)
        while now < time {
            now = min(time, (now / Self.candle + 1) * Self.candle)
            startCandles()
            let moods = (0..<Listing.sectors.count).map { _ in random.normal() }
            for index in listings.indices {
                for _ in 0..<3 {
                    walk(index, mood: moods[listings[index].sector], steps: 1.3)
                    pay(index)
                }
            }
        }
    }

    private mutating func startCandles() {
        let start = now / Self.candle * Self.candle
        for index in quotes.indices where quotes[index].candles.last.map({ $0.start < start }) ?? true {
            quotes[index].candles.append(Candle(start: start, price: quotes[index].price))
            if quotes[index].candles.count > Self.candles { quotes[index].candles.removeFirst() }
        }
    }

    // MARK: Prices

    private mutating func walk(_ index: Int, mood: Double, steps: Double) {
        let listing = listings[index]
        var quote = quotes[index]
        quote.nerves = 1 + (quote.nerves - 1) * 0.96
        if random.chance(0.002) { quote.nerves += 3 + 5 * random.fraction() }
        let push = (0.85 * random.normal() + 0.5 * mood) * listing.volatility * quote.nerves * steps.squareRoot()
        // A weak spring: in the long run it stays near what it began with.
        let pull = (Double(listing.open) - quote.fair) / Double(listing.open) * 0.000_3 * steps
        quote.fair = max(100, quote.fair * (1 + push + pull))
        quotes[index] = quote
    }

    /// Somebody paid about what it is worth.
    private mutating func pay(_ index: Int) {
        let tick = TradingDesk.tick(of: quotes[index].fair)
        let price = Int((quotes[index].fair / Double(tick)).rounded()) * tick
        quotes[index].pay(price, 20 + Int(random.fraction() * 50_000 * listings[index].activity * quotes[index].nerves))
    }

    private mutating func trade(_ index: Int) -> [OrderBook.Trade] {
        // Out of the dictionary and back, so that the book is not copied.
        guard var desk = desks.removeValue(forKey: index) else { return [] }
        let trades = desk.trade(fair: quotes[index].fair, haste: quotes[index].nerves, &random)
        desks[index] = desk
        for trade in trades { quotes[index].pay(trade.price, trade.quantity) }
        return trades
    }

    // MARK: Being watched

    /// Opens the books of these symbols, with a second or two of trading in them, and closes the others.
    ///
    /// - Returns: the trades of the books that were opened.
    mutating func watch(_ symbols: Set<Int>) -> [Int: [OrderBook.Trade]] {
        for index in desks.keys where !symbols.contains(index) { desks[index] = nil }
        var trades: [Int: [OrderBook.Trade]] = [:]
        for index in symbols.sorted() where desks[index] == nil && listings.indices.contains(index) {
            desks[index] = TradingDesk()
            for _ in 0..<15 { trades[index, default: []] += trade(index) }
        }
        return trades
    }
}
