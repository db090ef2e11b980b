import RealtimeHub

/// Says how short memory is. It is not said to be less short before there is a good deal more of it: a server at a limit does not change its mind with each
/// connection.
struct MemoryBudget: Hashable, Sendable {
    /// Bytes.
    let limit: Int
    let softPercent: Int
    let hardPercent: Int
    private(set) var pressure = MemoryPressure.none

    /// So many percent of the limit must be free again.
    static let slack = 5

    init(limit: Int, softPercent: Int = 80, hardPercent: Int = 90) {
        self.limit = max(1, limit)
        self.softPercent = softPercent
        self.hardPercent = hardPercent
    }

    /// Whether another one says the same of the same memory.
    func isSame(as other: MemoryBudget?) -> Bool {
        guard let other else { return false }
        return (limit, softPercent, hardPercent) == (other.limit, other.softPercent, other.hardPercent)
    }

    /// - Parameter used: bytes.
    mutating func use(_ used: Int) -> MemoryPressure {
        let percent = Double(used) / Double(limit) * 100
        switch pressure {
        case .hard where percent >= Double(hardPercent - Self.slack): break
        case .soft, .hard:
            if percent >= Double(hardPercent) {
                pressure = .hard
            } else if percent >= Double(softPercent - Self.slack) {
                pressure = .soft
            } else {
                pressure = .none
            }
        case .none: pressure = percent >= Double(hardPercent) ? .hard : percent >= Double(softPercent) ? .soft : .none
        }
        return pressure
    }
}
