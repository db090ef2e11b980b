/// The open orders of one symbol, and how they meet: the best price first, and at one price whoever came first.
///
/// ```swift
/// var book = OrderBook()
/// _ = book.submit(OrderBook.Order(id: 1, side: .sell, price: 10_010, quantity: 50))
/// let trades = book.submit(OrderBook.Order(id: 2, side: .buy, price: 10_020, quantity: 80))   // 50 at 10_010
/// book.best(.buy)                                                                              // 10_020, with the other 30
/// ```
struct OrderBook: Sendable {
    enum Side: Sendable {
        case buy
        case sell

        var opposite: Side { self == .buy ? .sell : .buy }
    }

    struct Order: Hashable, Sendable {
        let id: UInt64
        let side: Side
        /// The worst price that it takes, in cents.
        let price: Int
        var quantity: Int
    }

    struct Trade: Hashable, Sendable {
        let maker: UInt64
        let taker: UInt64
        /// Whether the order that came last bought or sold.
        let side: Side
        let price: Int
        let quantity: Int
    }

    /// All orders at one price, in the order of their coming.
    struct Level: Sendable {
        let price: Int
        fileprivate(set) var orders: [Order]

        var quantity: Int { orders.reduce(0) { $0 + $1.quantity } }
    }

    /// More open orders than that are not taken.
    static let maxOrders = 2_000

    /// Best first.
    private(set) var bids: [Level] = []
    /// Best first.
    private(set) var asks: [Level] = []
    private(set) var count = 0

    func levels(_ side: Side) -> [Level] { side == .buy ? bids : asks }
    func best(_ side: Side) -> Int? { levels(side).first?.price }

    // MARK: Orders

    /// Lets an order meet those of the other side; what is left of it then waits in the book, unless it is to take now or never.
    mutating func submit(_ order: Order, waits: Bool = true) -> [Trade] {
        guard order.quantity > 0, order.price > 0 else { return [] }
        var rest = order
        let trades = match(&rest)
        if waits, rest.quantity > 0, count < Self.maxOrders { insert(rest) }
        return trades
    }

    /// Takes an order out of the book; nil if it is not there any more.
    @discardableResult
    mutating func cancel(_ id: UInt64, _ side: Side) -> Order? {
        let order: Order? = change(side) { levels in
            for level in levels.indices {
                guard let place = levels[level].orders.firstIndex(where: { $0.id == id }) else { continue }
                let order = levels[level].orders.remove(at: place)
                if levels[level].orders.isEmpty { levels.remove(at: level) }
                return order
            }
            return nil
        }
        if order != nil { count -= 1 }
        return order
    }

    private mutating func match(_ order: inout Order) -> [Trade] {
        var trades: [Trade] = []
        var (left, filled) = (order.quantity, 0)
        let (side, limit, taker) = (order.side, order.price, order.id)
        change(side.opposite) { levels in
            while left > 0, let price = levels.first?.price, Self.meets(side, limit, price) {
                while left > 0, let maker = levels[0].orders.first {
                    let quantity = min(left, maker.quantity)
                    left -= quantity
                    trades.append(Trade(maker: maker.id, taker: taker, side: side, price: price, quantity: quantity))
                    if quantity < maker.quantity {
                        levels[0].orders[0].quantity -= quantity
                    } else {
                        levels[0].orders.removeFirst()
                        filled += 1
                    }
                }
                if levels[0].orders.isEmpty { levels.removeFirst() }
            }
        }
        count -= filled
        order.quantity = left
        return trades
    }

    private static func meets(_ side: Side, _ limit: Int, _ price: Int) -> Bool {
        side == .buy ? price <= limit : price >= limit
    }

    private mutating func insert(_ order: Order) {
        change(order.side) { levels in
            // The first level that is not better.
            let place = levels.firstIndex { order.side == .buy ? $0.price <= order.price : $0.price >= order.price } ?? levels.endIndex
            if place < levels.endIndex, levels[place].price == order.price {
                levels[place].orders.append(order)
            } else {
                levels.insert(Level(price: order.price, orders: [order]), at: place)
            }
        }
        count += 1
    }

    private mutating func change<Result>(_ side: Side, _ body: (inout [Level]) -> Result) -> Result {
        side == .buy ? body(&bids) : body(&asks)
    }
}
