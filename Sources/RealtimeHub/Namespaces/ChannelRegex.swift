// Strategy: Thompson's. The expression becomes a small program, and all its possible states go through the name together, character by
// character. So the time is at most the length of the name times the length of the program, whatever a client calls its channel; an
// engine that tries one possibility after the other can be kept busy for hours by a name of fifty characters.

/// A regular expression that the whole of a channel's name must match.
///
/// Characters, `.`, classes (`[a-z0-9_-]`, `[^:]`, `\d`, `\w`, `\s`), groups, `|`, and `*`, `+`, `?`, `{2,5}`. `^` at the beginning and `$` at
/// the end say nothing more: the match is always of the whole.
public struct ChannelRegex: Hashable, Sendable {
    /// What is wrong with an expression, and where: the number of characters before it.
    public struct SyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
        public var text: String
        public var offset: Int

        public var description: String { "\(text), at character \(offset)" }
    }

    /// The expression as it was written.
    public let pattern: String
    private let program: [Instruction]

    public init(_ pattern: String) throws(SyntaxError) {
        var parser = RegexParser(pattern)
        var compiler = RegexCompiler()
        compiler.emit(try parser.parse())
        guard compiler.program.count < RegexCompiler.limit else { throw SyntaxError(text: "too large", offset: 0) }
        self.pattern = pattern
        self.program = compiler.program + [.match]
    }

    init(pattern: String, _ node: RegexNode) throws(SyntaxError) {
        var compiler = RegexCompiler()
        compiler.emit(node)
        guard compiler.program.count < RegexCompiler.limit else { throw SyntaxError(text: "too large", offset: 0) }
        self.pattern = pattern
        self.program = compiler.program + [.match]
    }

    /// Two are equal if they are written alike.
    public static func == (one: ChannelRegex, other: ChannelRegex) -> Bool { one.pattern == other.pattern }
    public func hash(into hasher: inout Hasher) { hasher.combine(pattern) }

    /// Whether the whole text matches.
    public func matches(_ text: some StringProtocol) -> Bool {
        var states = StateSet(count: program.count)
        var next = StateSet(count: program.count)
        add(0, to: &states)
        for scalar in text.unicodeScalars {
            next.removeAll()
            for state in states.members {
                if case .scalar(let set) = program[state], set.contains(scalar) { add(state + 1, to: &next) }
            }
            if next.members.isEmpty { return false }
            swap(&states, &next)
        }
        return states.members.contains(program.count - 1)
    }

    /// Adds a state with all that can be reached from it without reading.
    private func add(_ start: Int, to states: inout StateSet) {
        var waiting = [start]
        while let state = waiting.popLast() {
            guard states.insert(state) else { continue }
            switch program[state] {
            case .jump(let target): waiting.append(target)
            case .split(let one, let other): waiting += [one, other]
            case .scalar, .match: break
            }
        }
    }

    enum Instruction: Sendable {
        /// Reads one, and goes on with the next instruction.
        case scalar(ScalarSet)
        case jump(Int)
        /// Goes on with both.
        case split(Int, Int)
        case match
    }

    private struct StateSet {
        private var isMember: [Bool]
        private(set) var members: [Int] = []

        init(count: Int) { isMember = Array(repeating: false, count: count) }

        mutating func insert(_ state: Int) -> Bool {
            if isMember[state] { return false }
            isMember[state] = true
            members.append(state)
            return true
        }

        mutating func removeAll() {
            for state in members { isMember[state] = false }
            members.removeAll(keepingCapacity: true)
        }
    }
}

/// Some characters.
struct ScalarSet: Hashable, Sendable {
    var ranges: [ClosedRange<Unicode.Scalar>]
    var isInverted = false

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } != isInverted }

    static let any = ScalarSet(ranges: [], isInverted: true)
    static let digits = ScalarSet(ranges: ["0"..."9"])
    static let word = ScalarSet(ranges: ["a"..."z", "A"..."Z", "0"..."9", "_"..."_"])
    static let space = ScalarSet(ranges: [" "..." ", "\t"..."\r"])

    static func one(_ scalar: Unicode.Scalar) -> ScalarSet { ScalarSet(ranges: [scalar...scalar]) }

    var inverted: ScalarSet { ScalarSet(ranges: ranges, isInverted: !isInverted) }
}

/// An expression as a tree.
indirect enum RegexNode {
    case scalar(ScalarSet)
    case sequence([RegexNode])
    case alternatives([RegexNode])
    case repeated(RegexNode, from: Int, to: Int?)
}

/// Makes the program.
struct RegexCompiler {
    /// So many instructions at most.
    static let limit = 2000

    private(set) var program: [ChannelRegex.Instruction] = []

    mutating func emit(_ node: RegexNode) {
        // Too large already: a repetition of repetitions must not take all memory first.
        guard program.count < Self.limit else { return }
        switch node {
        case .scalar(let set): program.append(.scalar(set))
        case .sequence(let nodes): for node in nodes { emit(node) }
        case .alternatives(let nodes): emitAlternatives(nodes[...])
        case .repeated(let node, let least, let most): emitRepeated(node, least, most)
        }
    }

    private mutating func emitAlternatives(_ nodes: ArraySlice<RegexNode>) {
        guard let first = nodes.first else { return }
        let split = program.count
        if nodes.count > 1 { program.append(.jump(0)) }
        emit(first)
        guard nodes.count > 1 else { return }
        let jump = program.count
        program.append(.jump(0))
        program[split] = .split(split + 1, program.count)
        emitAlternatives(nodes.dropFirst())
        program[jump] = .jump(program.count)
    }

    private mutating func emitRepeated(_ node: RegexNode, _ least: Int, _ most: Int?) {
        for _ in 0..<least { emit(node) }
        guard let most else { return emitLoop(node) }
        // Each of the rest may be the end.
        var splits: [Int] = []
        for _ in least..<most where program.count < Self.limit {
            splits.append(program.count)
            program.append(.jump(0))
            emit(node)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
    }

    private mutating func emitLoop(_ node: RegexNode) {
        let split = program.count
        program.append(.jump(0))
        emit(node)
        program.append(.jump(split))
        program[split] = .split(split + 1, program.count)
    }
}
