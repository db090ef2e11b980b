// A market: the prices of 300 symbols on one channel, the order book of each on one of its own, its trades on another.
//
// A page is subscribed to three channels, whatever it shows. Prices and books are states: who reads slowly gets the newest one next (`keepLatest`),
// who comes gets it at once (recovery in cache mode), and who has one gets the difference to it (deltas). Trades are events: none is left out.
// Nothing is simulated and nothing published that nobody watches.

public import Foundation
public import NIOCore
public import RealtimeHub
import RealtimeProtocol
import Synchronization

/// An exchange with invented companies, as channels of a hub.
///
/// ```swift
/// let market = MarketDemo()
/// var handlers = HubHandlers()
/// handlers.call = { [hub] event async throws(HubRefusal) in try await market.call(event, on: hub) }
/// let hub = Hub(namespaces: Namespaces(named: market.namespaces), handlers: handlers)
/// await market.run(on: hub)
/// ```
///
/// Channels: `market:overview` has all prices, `market:book.SYM` a symbol's order book, `tape:SYM` its trades. Calls: `market:symbols`,
/// `market:candles`, `market:time`.
public final class MarketDemo: Demo {
    /// What the channels can do: everybody may read, nobody may publish.
    public var namespaces: [String: ChannelSettings] {
        var states = ChannelSettings()
        states.allowSubscribe = [.clients, .anonymous]
        states.nameRegex = try? ChannelRegex(#"overview|book\.[A-Z]{3,7}"#)
        (states.historySize, states.historyTTL) = (1, .seconds(60))
        (states.forceRecovery, states.recoveryMode, states.autoCacheRecover) = (true, .cache, true)
        (states.allowsDelta, states.deltaPublish) = (true, true)
        states.slowReaders = .keepLatest
        states.asksHandlers = false
        var events = ChannelSettings()
        events.allowSubscribe = [.clients, .anonymous]
        events.nameRegex = try? ChannelRegex("[A-Z]{3,7}")
        (events.historySize, events.historyTTL, events.forceRecovery) = (60, .seconds(60), true)
        events.allowHistory = [.clients, .anonymous]
        events.asksHandlers = false
        return ["market": states, "tape": events]
    }

    static let overview = "market:overview"

    private let listings: [Listing]
    private let channels: [(book: String, tape: String)]
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    /// - Parameters:
    ///   - seed: decides on the companies and on what becomes of their prices.
    ///   - now: milliseconds since 1970.
    public init(
        seed: UInt64 = .random(in: 0 ... .max), now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }
    ) {
        let listings = Listing.all(seed: seed)
        self.listings = listings
        self.channels = listings.map { (book: "market:book.\($0.symbol)", tape: "tape:\($0.symbol)") }
        self.now = now
        self.state = Mutex(State(listings: listings, seed: seed))
    }

    // MARK: Publishing

    /// Simulates and publishes what is watched, until the task is cancelled.
    public func run(on hub: Hub) async {
        while !Task.isCancelled {
            let viewers = viewers(on: hub)
            for (channel, data) in state.withLock({ $0.tick(for: viewers, at: now(), channels) }) {
                _ = try? await hub.publish(data, to: channel)
            }
            try? await Task.sleep(for: viewers.isEmpty ? .milliseconds(250) : .milliseconds(MarketSimulation.tick))
        }
    }

    private func viewers(on hub: Hub) -> Viewers {
        Viewers(
            watchOverview: hub.subscribers(of: Self.overview) > 0,
            symbols: Set(
                channels.indices.filter { hub.subscribers(of: channels[$0].book) > 0 || hub.subscribers(of: channels[$0].tape) > 0 }))
    }

    /// What is watched.
    struct Viewers {
        var watchOverview: Bool
        /// By their places in the list.
        var symbols: Set<Int>

        var isEmpty: Bool { !watchOverview && symbols.isEmpty }
    }

    // MARK: Calls

    /// Answers a call of a client.
    ///
    /// - Throws: error 104 for a method that is not ours, 107 for a symbol that there is not.
    public func call(_ event: CallEvent, on hub: Hub) async throws(HubRefusal) -> ByteBuffer {
        switch event.method {
        case "market:time": return encoded(["now": now()])
        case "market:symbols": return ByteBuffer(bytes: state.withLock { $0.symbols(at: now()) })
        case "market:candles":
            let request = try? JSONDecoder().decode([String: String].self, from: Data(event.data.readableBytesView))
            guard let symbol = request?["symbol"], let index = listings.firstIndex(where: { $0.symbol == symbol }) else {
                throw .error(.badRequest)
            }
            return encoded(CandlesAnswer(state.withLock { $0.candles(of: index, at: now()) }))
        default: throw .error(.methodNotFound)
        }
    }

    private func encoded(_ value: some Encodable) -> ByteBuffer {
        ByteBuffer(bytes: marketJSON(value))
    }
}

/// The market, and how far it was told.
private struct State {
    let listings: [Listing]
    let seed: UInt64
    /// Nil until somebody looks.
    var market: MarketSimulation?
    var ticks = 0
    /// The answer to `market:symbols`, and the candle it is of.
    var known: (start: Int64, answer: [UInt8])?

    mutating func simulate<Result>(at now: Int64, _ body: (inout MarketSimulation) -> Result) -> Result {
        // Out of its place and back, so that it is changed where it is.
        var current = market ?? MarketSimulation(listings, seed: seed, now: now)
        market = nil
        defer { market = current }
        current.catchUp(to: now)
        return body(&current)
    }

    /// A tenth of a second: what is to be published, and where.
    mutating func tick(
        for viewers: MarketDemo.Viewers, at now: Int64, _ channels: [(book: String, tape: String)]
    ) -> [(channel: String, data: [UInt8])] {
        guard !viewers.isEmpty else { return [] }
        ticks += 1
        // Five times a second is as much as an eye follows.
        let tellsPrices = viewers.watchOverview && ticks % 2 == 0
        return simulate(at: now) { market in
            let trades = market.advance(to: now).merging(market.watch(viewers.symbols)) { $0 + $1 }
            var told: [(channel: String, data: [UInt8])] = []
            if tellsPrices { told.append((MarketDemo.overview, marketJSON(Overview(market)))) }
            for index in viewers.symbols.sorted() {
                if let book = BookState(market, index) { told.append((channels[index].book, marketJSON(book))) }
                if let trades = trades[index], !trades.isEmpty { told.append((channels[index].tape, marketJSON(Tape(now, trades)))) }
            }
            return told
        }
    }

    mutating func symbols(at now: Int64) -> [UInt8] {
        let start = now / MarketSimulation.candle
        if let known, known.start == start { return known.answer }
        let answer = simulate(at: now) { marketJSON(SymbolsAnswer($0)) }
        known = (start, answer)
        return answer
    }

    mutating func candles(of index: Int, at now: Int64) -> [MarketSimulation.Candle] {
        simulate(at: now) { $0.quotes[index].candles }
    }
}
