/// One comparison of a filter. Texts are compared by their bytes: `é` in one piece is not `é` in two.
enum TagTest: Hashable, Sendable {
    case equals(String, [UInt8])
    case isNot(String, [UInt8])
    case isIn(String, [[UInt8]])
    case isNotIn(String, [[UInt8]])
    case exists(String)
    case isMissing(String)
    case starts(String, [UInt8])
    case ends(String, [UInt8])
    case contains(String, [UInt8])
    case number(String, NumberTest, [UInt8])

    enum NumberTest: Hashable, Sendable {
        case less, lessOrEqual, greater, greaterOrEqual
    }

    init(_ node: Wire.FilterNode) throws(TagsFilter.Failure) {
        try Self.checkValues(of: node)
        let key = node.key
        let value = Array(node.value.utf8)
        switch node.comparison {
        case "eq": self = .equals(key, value)
        case "neq": self = .isNot(key, value)
        case "in": self = .isIn(key, node.values.map { Array($0.utf8) })
        case "nin": self = .isNotIn(key, node.values.map { Array($0.utf8) })
        case "ex": self = .exists(key)
        case "nex": self = .isMissing(key)
        case "sw": self = .starts(key, value)
        case "ew": self = .ends(key, value)
        case "ct": self = .contains(key, value)
        case "lt": self = .number(key, .less, value)
        case "lte": self = .number(key, .lessOrEqual, value)
        case "gt": self = .number(key, .greater, value)
        case "gte": self = .number(key, .greaterOrEqual, value)
        default: throw .unknownOperator(node.comparison)
        }
    }

    /// `in` and `nin` have `vals`, `ex` and `nex` nothing, all others `val`; all but `ex` and `nex` name a tag; none has nodes.
    private static func checkValues(of node: Wire.FilterNode) throws(TagsFilter.Failure) {
        let isList = node.comparison == "in" || node.comparison == "nin"
        let isExistence = node.comparison == "ex" || node.comparison == "nex"
        guard node.nodes.isEmpty else { throw .wrongNumberOfNodes }
        guard isList != node.values.isEmpty, (isList || isExistence) == node.value.isEmpty else { throw .wrongValues }
        guard isExistence || !node.key.isEmpty else { throw .missingKey }
    }

    /// A tag that is missing is not equal to anything, and not in any list; of numbers nothing holds for it.
    func holds(for tags: [String: String]) -> Bool {
        switch self {
        case .equals(let key, let value): tags[key].map { $0.utf8.elementsEqual(value) } ?? false
        case .isNot(let key, let value): tags[key].map { !$0.utf8.elementsEqual(value) } ?? true
        case .isIn(let key, let values): tags[key].map { Self.isOne($0, of: values) } ?? false
        case .isNotIn(let key, let values): tags[key].map { !Self.isOne($0, of: values) } ?? true
        case .exists(let key): tags[key] != nil
        case .isMissing(let key): tags[key] == nil
        case .starts(let key, let value): tags[key].map { $0.utf8.starts(with: value) } ?? false
        case .ends(let key, let value): tags[key].map { $0.utf8.reversed().starts(with: value.reversed()) } ?? false
        case .contains(let key, let value): tags[key].map { Self.contains($0, value) } ?? false
        case .number(let key, let test, let value): tags[key].map { Self.holds(test, $0, value) } ?? false
        }
    }

    private static func isOne(_ text: String, of values: [[UInt8]]) -> Bool {
        values.contains { text.utf8.elementsEqual($0) }
    }

    /// Quadratic at worst, in two lengths that are bounded.
    private static func contains(_ text: String, _ value: [UInt8]) -> Bool {
        var rest = text.utf8[...]
        while rest.count >= value.count {
            if rest.starts(with: value) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    private static func holds(_ test: NumberTest, _ text: String, _ value: [UInt8]) -> Bool {
        guard let left = Decimal(text.utf8), let right = Decimal(value) else { return false }
        return switch test {
        case .less: left < right
        case .lessOrEqual: !(right < left)
        case .greater: right < left
        case .greaterOrEqual: !(left < right)
        }
    }
}
