/// Those who trade one symbol: makers who quote around what they think it is worth, takers in a hurry, and whoever profits when the quotes
/// lag behind.
struct TradingDesk: Sendable {
    private(set) var book = OrderBook()
    private var lastID: UInt64 = 0

    /// So many levels each side has at least.
    static let depth = 12

    /// A tenth of a second of trading.
    ///
    /// - Parameters:
    ///   - fair: what the symbol is worth, in cents.
    ///   - haste: how busy it is; 1 is usual.
    mutating func trade(fair: Double, haste: Double, _ random: inout SeededGenerator) -> [OrderBook.Trade] {
        let tick = Self.tick(of: fair)
        var trades = random.chance(0.6) ? correct(fair, tick, &random) : []
        withdraw(fair, tick, &random)
        if random.chance(min(0.8, 0.2 * haste)) { trades += take(&random) }
        for _ in 0..<3 { trades += quote(fair, tick, distance: 1 + abs(random.normal()) * 4, random.chance(0.5) ? .buy : .sell, &random) }
        // Filling one side may take from the other, where quotes lag behind.
        for _ in 0..<8 where book.bids.count < Self.depth || book.asks.count < Self.depth {
            for side in [OrderBook.Side.buy, .sell] { trades += fill(side, fair, tick, &random) }
        }
        return trades
    }

    /// The step between prices, in cents.
    static func tick(of price: Double) -> Int {
        switch price {
        case ..<10_000: 1
        case ..<50_000: 5
        default: 10
        }
    }

    /// Quotes on the wrong side of what it is worth are taken.
    private mutating func correct(_ fair: Double, _ tick: Int, _ random: inout SeededGenerator) -> [OrderBook.Trade] {
        if let ask = book.best(.sell), Double(ask) < fair {
            return order(.buy, price: rounded(fair, tick), quantity: size(&random) * 2, waits: false)
        }
        if let bid = book.best(.buy), Double(bid) > fair {
            return order(.sell, price: rounded(fair, tick), quantity: size(&random) * 2, waits: false)
        }
        return []
    }

    /// Orders that are far away go, and a few others too.
    private mutating func withdraw(_ fair: Double, _ tick: Int, _ random: inout SeededGenerator) {
        for side in [OrderBook.Side.buy, .sell] {
            for level in book.levels(side) {
                let isFar = abs(Double(level.price) - fair) > Double(tick * 30)
                for order in level.orders where isFar || random.chance(0.03) { book.cancel(order.id, side) }
            }
        }
    }

    private mutating func take(_ random: inout SeededGenerator) -> [OrderBook.Trade] {
        let side: OrderBook.Side = random.chance(0.5) ? .buy : .sell
        guard let price = book.best(side.opposite) else { return [] }
        return order(side, price: price, quantity: 1 + size(&random) / 2, waits: false)
    }

    private mutating func quote(
        _ fair: Double, _ tick: Int, distance: Double, _ side: OrderBook.Side, _ random: inout SeededGenerator
    ) -> [OrderBook.Trade] {
        let away = distance * Double(tick)
        return order(side, price: rounded(side == .buy ? fair - away : fair + away, tick), quantity: size(&random), waits: true)
    }

    private mutating func fill(_ side: OrderBook.Side, _ fair: Double, _ tick: Int, _ random: inout SeededGenerator) -> [OrderBook.Trade] {
        var trades: [OrderBook.Trade] = []
        for distance in 1...(Self.depth * 2) where book.levels(side).count < Self.depth {
            trades += quote(fair, tick, distance: Double(distance), side, &random)
        }
        return trades
    }

    private mutating func order(_ side: OrderBook.Side, price: Int, quantity: Int, waits: Bool) -> [OrderBook.Trade] {
        lastID += 1
        return book.submit(OrderBook.Order(id: lastID, side: side, price: price, quantity: quantity), waits: waits)
    }

    private func rounded(_ price: Double, _ tick: Int) -> Int {
        max(tick, Int((price / Double(tick)).rounded()) * tick)
    }

    /// Small orders are many.
    private func size(_ random: inout SeededGenerator) -> Int {
        let scale = random.fraction()
        return 10 + Int(scale * scale * 600)
    }
}
