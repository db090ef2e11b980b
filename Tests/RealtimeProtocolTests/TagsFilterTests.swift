// Filters by tags: protocol §1.9.

import RealtimeProtocol
import Testing
import WebSocketTesting

@Suite("Filters: protocol §1.9")
struct TagsFilterTests {
    typealias Node = Wire.FilterNode

    private static func leaf(_ key: String, _ comparison: String, _ value: String = "", _ values: [String] = []) -> Node {
        Node(key: key, comparison: comparison, value: value, values: values)
    }

    private static func join(_ op: String, _ nodes: Node...) -> Node { Node(op: op, nodes: nodes) }

    private static func matches(_ node: Node, _ tags: [String: String]) throws(TagsFilter.Failure) -> Bool {
        try TagsFilter(node).matches(tags)
    }

    private static func refuse(_ node: Node, _ failure: TagsFilter.Failure, at location: SourceLocation = #_sourceLocation) {
        #expect(throws: failure, sourceLocation: location) { try TagsFilter(node) }
    }

    /// A comparison, its value, and for each of four tags whether it holds; the last tag is missing.
    static let comparisonsOfText: [(String, String, [Bool])] = [
        ("eq", "abc", [true, false, false, false]), ("neq", "abc", [false, true, true, true]),
        ("sw", "ab", [true, true, false, false]), ("ew", "bc", [true, false, true, false]), ("ct", "b", [true, true, true, false]),
    ]

    @Test("texts", arguments: comparisonsOfText)
    func texts(comparison: String, value: String, expected: [Bool]) throws {
        let tags: [[String: String]] = [["k": "abc"], ["k": "abd"], ["k": "xbc"], ["other": "abc"]]
        #expect(try tags.map { try Self.matches(Self.leaf("k", comparison, value), $0) } == expected)
        #expect(try tags.map { try Self.matches(Self.join("not", Self.leaf("k", comparison, value)), $0) } == expected.map { !$0 })
        // Longer than the tag, and longer than any.
        #expect(try Self.matches(Self.leaf("k", comparison, "abcabc"), ["k": "abc"]) == (comparison == "neq"))
    }

    @Test("lists and existence")
    func lists() throws {
        let isIn = Self.leaf("k", "in", "", ["a", "b", ""]), isNotIn = Self.leaf("k", "nin", "", ["a", "b", ""])
        for (tags, isThere): ([String: String], Bool) in [
            (["k": "a"], true), (["k": "b"], true), (["k": ""], true), (["k": "c"], false), ([:], false),
        ] {
            #expect(try Self.matches(isIn, tags) == isThere)
            #expect(try Self.matches(isNotIn, tags) == !isThere)
            #expect(try Self.matches(Self.leaf("k", "ex"), tags) == !tags.isEmpty)
            #expect(try Self.matches(Self.leaf("k", "nex"), tags) == tags.isEmpty)
        }
        #expect(try Self.matches(Self.leaf("", "nex"), [:]))
    }

    @Test("numbers are compared as decimals, however they are written")
    func numbers() throws {
        let ascending: [[String]] = [
            ["-1000000000000000000000000000000"], ["-10.5", "-010.50"], ["-10"], ["-0.1"], ["0", "-0", "+0.00", "000"],
            ["0.0000000000000000000000000000001"], ["0.1", "0.10"], ["0.11"], ["1", "+1", "1.0", "01"], ["9"], ["10", "10.000"],
            ["18446744073709551616"], ["18446744073709551616.5"],
        ]
        for (low, lows) in ascending.enumerated() {
            for (high, highs) in ascending.enumerated() {
                for left in lows {
                    for right in highs {
                        func holds(_ comparison: String) throws -> Bool { try Self.matches(Self.leaf("k", comparison, right), ["k": left]) }
                        #expect(try holds("lt") == (low < high), "\(left) < \(right)")
                        #expect(try holds("lte") == (low <= high))
                        #expect(try holds("gt") == (low > high))
                        #expect(try holds("gte") == (low >= high))
                    }
                }
            }
        }
    }

    @Test(
        "what is no number is neither less nor greater",
        arguments: [
            "", "a", "1a", "1.", ".5", "-", "+", "1e5", "1 ", " 1", "0x1", "1.2.3", "--1", "١", "NaN", String(repeating: "1", count: 201),
        ])
    func noNumbers(text: String) throws {
        for comparison in ["lt", "lte", "gt", "gte"] {
            #expect(try !Self.matches(Self.leaf("k", comparison, "1"), ["k": text]))
            if !text.isEmpty { #expect(try !Self.matches(Self.leaf("k", comparison, text), ["k": "1"])) }
            #expect(try !Self.matches(Self.leaf("k", comparison, "1"), [:]))
        }
    }

    @Test("texts are compared by their bytes")
    func bytes() throws {
        let composed = "\u{e9}", decomposed = "e\u{301}"
        #expect(composed == decomposed)
        #expect(try !Self.matches(Self.leaf("k", "eq", composed), ["k": decomposed]))
        #expect(try Self.matches(Self.leaf("k", "neq", composed), ["k": decomposed]))
        #expect(try Self.matches(Self.leaf("k", "sw", "e"), ["k": decomposed]))
        #expect(try TagsFilter(Self.leaf("k", "eq", composed)) != TagsFilter(Self.leaf("k", "eq", decomposed)))
    }

    @Test("what is no filter")
    func invalid() {
        Self.refuse(Node(), .wrongValues)
        Self.refuse(Self.leaf("k", "", "v"), .unknownOperator(""))
        Self.refuse(Self.leaf("k", "equals", "v"), .unknownOperator("equals"))
        Self.refuse(Self.join("xor", Self.leaf("k", "ex")), .unknownOperator("xor"))
        for op in ["and", "or", "not", "xor"] { Self.refuse(Self.join(op), .wrongNumberOfNodes) }
        Self.refuse(Self.join("not", Self.leaf("k", "ex"), Self.leaf("l", "ex")), .wrongNumberOfNodes)
        Self.refuse(Node(key: "k", comparison: "ex", nodes: [Self.leaf("k", "ex")]), .wrongNumberOfNodes)
        for comparison in ["eq", "neq", "sw", "ew", "ct", "lt", "lte", "gt", "gte"] {
            Self.refuse(Self.leaf("k", comparison), .wrongValues)
            Self.refuse(Self.leaf("k", comparison, "v", ["v"]), .wrongValues)
            Self.refuse(Self.leaf("", comparison, "1"), .missingKey)
        }
        for comparison in ["in", "nin"] {
            Self.refuse(Self.leaf("k", comparison), .wrongValues)
            Self.refuse(Self.leaf("k", comparison, "v", ["v"]), .wrongValues)
            Self.refuse(Self.leaf("", comparison, "", ["v"]), .missingKey)
        }
        for comparison in ["ex", "nex"] {
            Self.refuse(Self.leaf("k", comparison, "v"), .wrongValues)
            Self.refuse(Self.leaf("k", comparison, "", ["v"]), .wrongValues)
        }
    }

    @Test("limits: nodes, values, depth")
    func limits() throws {
        let one = Self.leaf("k", "ex")
        func deep(_ depth: Int) -> Node { (0..<depth).reduce(one) { node, _ in Self.join("not", node) } }
        #expect(throws: Never.self) { try TagsFilter(deep(8)) }
        Self.refuse(deep(9), .overLimit)
        Self.refuse(deep(5_000), .overLimit)
        let wide = Node(op: "or", nodes: [Node](repeating: one, count: 127))
        #expect(try TagsFilter(wide).matches(["k": ""]))
        Self.refuse(Node(op: "or", nodes: [Node](repeating: one, count: 128)), .overLimit)
        Self.refuse(Node(op: "or", nodes: [Node](repeating: one, count: 100_000)), .overLimit)
        #expect(throws: Never.self) { try TagsFilter(Self.leaf("k", "in", "", [String](repeating: "v", count: 127))) }
        Self.refuse(Self.leaf("k", "in", "", [String](repeating: "v", count: 128)), .overLimit)
        let three = TagsFilter.Limits(maxDepth: 1, maxNodes: 3)
        #expect(throws: Never.self) { try TagsFilter(Self.join("and", one, one), limits: three) }
        #expect(throws: TagsFilter.Failure.overLimit) { try TagsFilter(Self.join("and", one, one, one), limits: three) }
    }

    @Test("equal filters are equal, and the same to a hub")
    func equality() throws {
        func node(_ value: String) -> Node {
            Self.join("and", Self.leaf("k", "eq", value), Self.join("or", Self.leaf("a", "ex"), Self.leaf("b", "ex")))
        }
        #expect(try TagsFilter(node("1")) == TagsFilter(node("1")))
        #expect(try TagsFilter(node("1")).hashValue == TagsFilter(node("1")).hashValue)
        #expect(try TagsFilter(node("1")) != TagsFilter(node("2")))
        #expect(try TagsFilter(Self.join("not", Self.join("not", node("1")))) == TagsFilter(node("1")))
        #expect(
            try TagsFilter(Self.join("and", Self.leaf("a", "ex"), Self.leaf("b", "ex")))
                != TagsFilter(Self.join("or", Self.leaf("a", "ex"), Self.leaf("b", "ex"))))
    }

    // MARK: The obvious evaluation

    /// What a filter says by the definition, recursively.
    private static func slow(_ node: Node, _ tags: [String: String]) -> Bool {
        switch node.op {
        case "and": node.nodes.allSatisfy { slow($0, tags) }
        case "or": node.nodes.contains { slow($0, tags) }
        case "not": !node.nodes.contains { slow($0, tags) }
        default: node.comparison == "ex" ? tags[node.key] != nil : tags[node.key] == node.value
        }
    }

    private static func random(_ random: inout SeededRandom, depth: Int) -> Node {
        let keys = ["a", "b", "c", "d"]
        if depth == 0 || Int.random(in: 0..<3, using: &random) == 0 {
            let key = keys.randomElement(using: &random) ?? "a"
            return Bool.random(using: &random) ? leaf(key, "ex") : leaf(key, "eq", "1")
        }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return join("not", self.random(&random, depth: depth - 1))
        case let op:
            let nodes = (0..<Int.random(in: 1...3, using: &random)).map { _ in self.random(&random, depth: depth - 1) }
            return Node(op: op == 1 ? "and" : "or", nodes: nodes)
        }
    }

    @Test("random filters say what the definition says, for every combination of tags")
    func definition() throws {
        let combinations = (0..<81).map { number -> [String: String] in
            var rest = number
            var tags: [String: String] = [:]
            for key in ["a", "b", "c", "d"] {
                if rest % 3 > 0 { tags[key] = "\(rest % 3)" }
                rest /= 3
            }
            return tags
        }
        for seed in UInt64(0)..<400 {
            var random = SeededRandom(seed: seed)
            let node = Self.random(&random, depth: 4)
            let filter = try TagsFilter(node, limits: TagsFilter.Limits(maxDepth: 8, maxNodes: 1_000))
            #expect(combinations.allSatisfy { filter.matches($0) == Self.slow(node, $0) }, "seed \(seed)")
        }
    }
}
