import Testing

@testable import Demos

@Suite("The market's order book")
struct OrderBookTests {
    private typealias Order = OrderBook.Order

    @Test("The best price comes first, and at one price whoever came first")
    func priority() {
        var book = OrderBook()
        #expect(book.submit(Order(id: 1, side: .sell, price: 102, quantity: 10)) == [])
        #expect(book.submit(Order(id: 2, side: .sell, price: 101, quantity: 10)) == [])
        #expect(book.submit(Order(id: 3, side: .sell, price: 101, quantity: 10)) == [])
        let trades = book.submit(Order(id: 4, side: .buy, price: 102, quantity: 25))
        #expect(trades.map(\.maker) == [2, 3, 1])
        #expect(trades.map(\.price) == [101, 101, 102], "at the prices that waited")
        #expect(trades.map(\.quantity) == [10, 10, 5])
        #expect(book.asks.map(\.quantity) == [5] && book.bids.isEmpty && book.count == 1)
    }

    @Test("What is left waits at its price; an order that takes now or never does not")
    func rest() {
        var book = OrderBook()
        _ = book.submit(Order(id: 1, side: .sell, price: 100, quantity: 10))
        _ = book.submit(Order(id: 2, side: .buy, price: 100, quantity: 15))
        #expect(book.best(.buy) == 100 && book.bids.first?.quantity == 5 && book.asks.isEmpty)
        #expect(book.submit(Order(id: 3, side: .sell, price: 100, quantity: 20), waits: false).map(\.quantity) == [5])
        #expect(book.count == 0)
    }

    @Test("An order that was filled or cancelled is not there any more")
    func cancel() {
        var book = OrderBook()
        _ = book.submit(Order(id: 1, side: .buy, price: 100, quantity: 10))
        #expect(book.cancel(1, .sell) == nil, "it is on the other side")
        #expect(book.cancel(1, .buy)?.quantity == 10)
        #expect(book.cancel(1, .buy) == nil)
        #expect(book.bids.isEmpty && book.count == 0)
    }

    @Test("Orders for nothing, or at no price, do nothing", arguments: [(0, 100), (-5, 100), (5, 0), (5, -1)])
    func nothing(quantity: Int, price: Int) {
        var book = OrderBook()
        #expect(book.submit(Order(id: 1, side: .buy, price: price, quantity: quantity)) == [])
        #expect(book.count == 0)
    }

    @Test("A full book takes no more orders, but they still trade")
    func bound() {
        var book = OrderBook()
        for id in 1...UInt64(OrderBook.maxOrders + 10) { _ = book.submit(Order(id: id, side: .buy, price: 100, quantity: 1)) }
        #expect(book.count == OrderBook.maxOrders)
        #expect(book.submit(Order(id: 9_999, side: .sell, price: 100, quantity: 3)).count == 3)
    }

    /// The same market, in the simplest way that can be right: look through all orders for the best each time.
    private struct Reference {
        var orders: [Order] = []

        mutating func submit(_ order: Order, waits: Bool) -> [OrderBook.Trade] {
            var (rest, trades) = (order, [OrderBook.Trade]())
            while rest.quantity > 0 {
                let candidates = orders.indices.filter { index in
                    let other = orders[index]
                    return other.side != order.side && (order.side == .buy ? other.price <= order.price : other.price >= order.price)
                }
                // `min` and `max` of equals: the first that came.
                let best = candidates.min { one, two in
                    order.side == .buy ? orders[one].price < orders[two].price : orders[one].price > orders[two].price
                }
                guard let best else { break }
                let quantity = min(rest.quantity, orders[best].quantity)
                trades.append(
                    OrderBook.Trade(
                        maker: orders[best].id, taker: order.id, side: order.side, price: orders[best].price, quantity: quantity))
                rest.quantity -= quantity
                orders[best].quantity -= quantity
                if orders[best].quantity == 0 { orders.remove(at: best) }
            }
            if waits, rest.quantity > 0 { orders.append(rest) }
            return trades
        }
    }

    @Test("Whatever is ordered: it trades as the reference does, is never crossed, and nothing appears or vanishes", arguments: 0..<20)
    func properties(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (book, reference) = (OrderBook(), Reference())
        var (submitted, traded, cancelled, refused) = (0, 0, 0, 0)
        for id in 1...UInt64(400) {
            if random.chance(0.15), let victim = reference.orders.randomElement(using: &random) {
                reference.orders.removeAll { $0.id == victim.id }
                cancelled += book.cancel(victim.id, victim.side)?.quantity ?? -1_000_000
                continue
            }
            let order = Order(
                id: id, side: random.chance(0.5) ? .buy : .sell, price: Int.random(in: 90...110, using: &random),
                quantity: Int.random(in: 1...40, using: &random))
            let waits = random.chance(0.8)
            let trades = book.submit(order, waits: waits)
            #expect(trades == reference.submit(order, waits: waits))
            submitted += order.quantity
            let filled = trades.reduce(0) { $0 + $1.quantity }
            traded += filled
            if !waits { refused += order.quantity - filled }

            if let bid = book.best(.buy), let ask = book.best(.sell) { #expect(bid < ask, "crossed") }
            #expect(book.bids.map(\.price) == book.bids.map(\.price).sorted(by: >))
            #expect(book.asks.map(\.price) == book.asks.map(\.price).sorted())
            #expect(book.count == reference.orders.count)
        }
        let waiting = (book.bids + book.asks).reduce(0) { $0 + $1.quantity }
        #expect(submitted == 2 * traded + waiting + cancelled + refused, "each trade takes from both sides")
        #expect(Set((book.bids + book.asks).flatMap(\.orders)) == Set(reference.orders))
    }
}
