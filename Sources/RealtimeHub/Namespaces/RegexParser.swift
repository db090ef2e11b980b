/// Reads a regular expression. What it does not know is an error, never a character that means itself.
struct RegexParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    /// Groups within groups; a repetition at most so often.
    private static let maximumDepth = 16
    private static let maximumCount = 255

    init(_ pattern: String) {
        scalars = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(ChannelRegex.SyntaxError) -> RegexNode {
        _ = take("^")
        let node = try alternatives()
        if next == "$", index == scalars.count - 1 { index += 1 }
        guard index == scalars.count else { throw error("unexpected \(scalars[index])") }
        return node
    }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private func error(_ text: String) -> ChannelRegex.SyntaxError {
        ChannelRegex.SyntaxError(text: text, offset: index)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    // MARK: The grammar

    private mutating func alternatives() throws(ChannelRegex.SyntaxError) -> RegexNode {
        var nodes = [try sequence()]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
    }

    private mutating func sequence() throws(ChannelRegex.SyntaxError) -> RegexNode {
        var nodes: [RegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")", !(scalar == "$" && index == scalars.count - 1) {
            nodes.append(try repeated())
        }
        return .sequence(nodes)
    }

    private mutating func repeated() throws(ChannelRegex.SyntaxError) -> RegexNode {
        let node = try atom()
        guard let (least, most) = try count() else { return node }
        // Which of several matches is taken makes no difference when the whole must match.
        _ = take("?")
        if let next, "*+?{".unicodeScalars.contains(next) { throw error("a repetition of a repetition") }
        return .repeated(node, from: least, to: most)
    }

    private mutating func count() throws(ChannelRegex.SyntaxError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        guard let least = try number() else { throw error("a number is missing") }
        var most: Int? = least
        if take(",") { most = try number() }
        guard take("}") else { throw error("} is missing") }
        if let most, most < least { throw error("the count ends before it begins") }
        return (least, most)
    }

    private mutating func number() throws(ChannelRegex.SyntaxError) -> Int? {
        var value: Int?
        while let digit = next, ("0"..."9").contains(digit) {
            value = (value ?? 0) * 10 + Int(digit.value - 48)
            guard let value, value <= Self.maximumCount else { throw error("a count over \(Self.maximumCount)") }
            index += 1
        }
        return value
    }

    private mutating func atom() throws(ChannelRegex.SyntaxError) -> RegexNode {
        guard let scalar = next else { throw error("something is missing") }
        switch scalar {
        case "(": return try group()
        case "[": return .scalar(try characterClass())
        case "\\": return .scalar(try escape())
        case ".":
            index += 1
            return .scalar(.any)
        case "*", "+", "?", "{", "}", "]", "^", "$": throw error("unexpected \(scalar)")
        default:
            index += 1
            return .scalar(.one(scalar))
        }
    }

    private mutating func group() throws(ChannelRegex.SyntaxError) -> RegexNode {
        index += 1
        if take("?"), !take(":") { throw error("an unknown kind of group") }
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("groups too deep") }
        defer { depth -= 1 }
        let node = try alternatives()
        guard take(")") else { throw error(") is missing") }
        return node
    }

    private mutating func escape() throws(ChannelRegex.SyntaxError) -> ScalarSet {
        index += 1
        guard let scalar = next else { throw error("something is missing after \\") }
        let set: ScalarSet
        switch scalar {
        case "d": set = .digits
        case "D": set = ScalarSet.digits.inverted
        case "w": set = .word
        case "W": set = ScalarSet.word.inverted
        case "s": set = .space
        case "S": set = ScalarSet.space.inverted
        case "0"..."9", "a"..."z", "A"..."Z": throw error("unknown \\\(scalar)")
        default: set = .one(scalar)
        }
        index += 1
        return set
    }

    // MARK: Classes

    private mutating func characterClass() throws(ChannelRegex.SyntaxError) -> ScalarSet {
        index += 1
        var set = ScalarSet(ranges: [], isInverted: take("^"))
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            set.ranges += try member()
        }
        index += 1
        return set
    }

    /// A character, a range, or a class like `\d`.
    private mutating func member() throws(ChannelRegex.SyntaxError) -> [ClosedRange<Unicode.Scalar>] {
        let first = try classScalar()
        guard first.count == 1, let low = first.first, low.lowerBound == low.upperBound else { return first }
        guard next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else { return first }
        index += 1
        let last = try classScalar()
        guard last.count == 1, let high = last.first, high.lowerBound == high.upperBound else { throw error("a range ends with a class") }
        guard low.lowerBound <= high.upperBound else { throw error("a range ends before it begins") }
        return [low.lowerBound...high.upperBound]
    }

    private mutating func classScalar() throws(ChannelRegex.SyntaxError) -> [ClosedRange<Unicode.Scalar>] {
        guard let scalar = next else { throw error("] is missing") }
        guard scalar != "[" else { throw error("a class in a class; \\[ is the character") }
        guard scalar == "\\" else {
            index += 1
            return [scalar...scalar]
        }
        let set = try escape()
        guard !set.isInverted else { throw error("an inverted class in a class") }
        return set.ranges
    }
}
