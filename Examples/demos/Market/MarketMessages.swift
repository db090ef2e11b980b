// What the market says, as JSON. Prices are in cents, times in milliseconds since 1970.

import Foundation

/// All prices, in the order of `market:symbols`.
struct Overview: Encodable {
    let t: Int64
    let prices: [Int]
    /// Of the day.
    let volumes: [Int]

    init(_ market: MarketSimulation) {
        t = market.now
        prices = market.quotes.map(\.price)
        volumes = market.quotes.map(\.volume)
    }
}

/// A symbol's best ten prices on each side, best first, as `[price, quantity]`.
struct BookState: Encodable {
    let t: Int64
    let price: Int
    let high: Int
    let low: Int
    let volume: Int
    let bids: [[Int]]
    let asks: [[Int]]
    let candle: CandleRow

    init?(_ market: MarketSimulation, _ index: Int) {
        let quote = market.quotes[index]
        guard let book = market.desks[index]?.book, let candle = quote.candles.last else { return nil }
        t = market.now
        (price, high, low, volume) = (quote.price, quote.high, quote.low, quote.volume)
        bids = book.bids.prefix(10).map { [$0.price, $0.quantity] }
        asks = book.asks.prefix(10).map { [$0.price, $0.quantity] }
        self.candle = CandleRow(candle)
    }
}

/// Trades as `[price, quantity]`, oldest first; the quantity is less than 0 where the one who came last sold.
struct Tape: Encodable {
    let t: Int64
    let trades: [[Int]]

    init(_ now: Int64, _ all: [OrderBook.Trade]) {
        t = now
        trades = all.suffix(50).map { [$0.price, $0.side == .buy ? $0.quantity : -$0.quantity] }
    }
}

/// A candle as `[start, open, high, low, close, volume]`.
struct CandleRow: Encodable {
    let candle: MarketSimulation.Candle

    init(_ candle: MarketSimulation.Candle) {
        self.candle = candle
    }

    func encode(to encoder: any Encoder) throws {
        var row = encoder.unkeyedContainer()
        try row.encode(candle.start)
        for number in [candle.open, candle.high, candle.low, candle.close, candle.volume] { try row.encode(number) }
    }
}

struct CandlesAnswer: Encodable {
    let interval = MarketSimulation.candle
    let candles: [CandleRow]

    init(_ candles: [MarketSimulation.Candle]) {
        self.candles = candles.map { CandleRow($0) }
    }
}

/// Each symbol as `[symbol, name, sector, open, price, volume, moves]`. The moves are the differences between the closes of the last candles, the
/// newest last: for a small picture, in few bytes.
struct SymbolsAnswer: Encodable {
    struct Row: Encodable {
        let listing: Listing
        let quote: MarketSimulation.Quote

        func encode(to encoder: any Encoder) throws {
            var row = encoder.unkeyedContainer()
            try row.encode(listing.symbol)
            try row.encode(listing.name)
            for number in [listing.sector, listing.open, quote.price, quote.volume] { try row.encode(number) }
            let closes = quote.candles.suffix(25).map(\.close)
            try row.encode(zip(closes, closes.dropFirst()).map { $1 - $0 })
        }
    }

    let sectors = Listing.sectors
    let symbols: [Row]

    init(_ market: MarketSimulation) {
        symbols = zip(market.listings, market.quotes).map { Row(listing: $0, quote: $1) }
    }
}

/// JSON with the keys in one order, so that a delta finds them where they were.
func marketJSON(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(value)).map { [UInt8]($0) } ?? []
}
