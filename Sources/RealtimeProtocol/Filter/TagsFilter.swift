// Strategy: operators exist in the tree alone. Compiled, a filter is a list of comparisons, each of which knows where to go on when it is true and
// where when it is false: to another one, or to the verdict. `not` swaps the two. So nothing recurses and nothing is evaluated that does not count.
// The list is made from the last comparison to the first, because a comparison has to know the one after it.

/// Which publications a subscriber wants, by their tags (protocol §1.9).
///
/// Equal filters are equal as values, so a hub can ask one for all of its subscribers.
///
/// ```swift
/// let filter = try TagsFilter(node)
/// if filter.matches(publication.tags) { … }
/// ```
public struct TagsFilter: Hashable, Sendable {
    /// What a filter may cost.
    public struct Limits: Hashable, Sendable {
        /// Operators inside one another.
        public var maxDepth: Int
        /// Nodes, and values of `in` and `nin`, together.
        public var maxNodes: Int

        /// Limits of one's own.
        public init(maxDepth: Int = 8, maxNodes: Int = 128) {
            self.maxDepth = maxDepth
            self.maxNodes = maxNodes
        }
    }

    /// Why a filter is none: such a subscription is answered with error 107.
    public enum Failure: Error, Hashable, Sendable {
        /// An operator, or a comparison, of another name.
        case unknownOperator(String)
        /// `and` and `or` need a node, `not` has exactly one.
        case wrongNumberOfNodes
        /// A comparison of no tag.
        case missingKey
        /// A comparison that lacks `val` or `vals`, or has the one it has no use for.
        case wrongValues
        /// More than the limits allow.
        case overLimit
    }

    /// Where to go on: the place of a comparison, or a verdict.
    private typealias Label = Int
    private static let accept: Label = -1
    private static let reject: Label = -2

    private struct Step: Hashable, Sendable {
        var test: TagTest
        var whenTrue: Label
        var whenFalse: Label
    }

    /// From the last to the first.
    private var steps: [Step] = []

    /// Compiles a filter.
    public init(_ node: Wire.FilterNode, limits: Limits = Limits()) throws(Failure) {
        var waiting = [Waiting(node: node, depth: 0, whenTrue: .to(Self.accept), whenFalse: .to(Self.reject))]
        var nodes = 0
        while let next = waiting.popLast() {
            nodes &+= 1 &+ next.node.values.count
            guard nodes <= limits.maxNodes, next.depth <= limits.maxDepth else { throw .overLimit }
            let whenTrue = label(next.whenTrue), whenFalse = label(next.whenFalse)
            if next.node.op.isEmpty {
                steps.append(Step(test: try TagTest(next.node), whenTrue: whenTrue, whenFalse: whenFalse))
            } else {
                guard next.node.nodes.count <= limits.maxNodes else { throw .overLimit }
                waiting += try Self.children(of: next, whenTrue, whenFalse)
            }
        }
    }

    /// Whether a publication with these tags is wanted.
    public func matches(_ tags: [String: String]) -> Bool {
        var label = steps.count &- 1
        while steps.indices.contains(label) {
            let step = steps[label]
            label = step.test.holds(for: tags) ? step.whenTrue : step.whenFalse
        }
        return label == Self.accept
    }

    /// A node that is still to be compiled. Of the nodes of an operator the last is taken first.
    private struct Waiting {
        var node: Wire.FilterNode
        var depth: Int
        var whenTrue: Target
        var whenFalse: Target
    }

    private enum Target {
        case to(Label)
        /// To the comparison that will have been compiled just before.
        case next
    }

    private func label(_ target: Target) -> Label {
        switch target {
        case .to(let label): label
        case .next: steps.count &- 1
        }
    }

    private static func children(of parent: Waiting, _ whenTrue: Label, _ whenFalse: Label) throws(Failure) -> [Waiting] {
        let nodes = parent.node.nodes
        guard !nodes.isEmpty else { throw .wrongNumberOfNodes }
        func child(_ node: Wire.FilterNode, _ whenTrue: Target, _ whenFalse: Target) -> Waiting {
            Waiting(node: node, depth: parent.depth &+ 1, whenTrue: whenTrue, whenFalse: whenFalse)
        }
        switch parent.node.op {
        case "and":
            return nodes.dropLast().map { child($0, .next, .to(whenFalse)) }
                + nodes.suffix(1).map { child($0, .to(whenTrue), .to(whenFalse)) }
        case "or":
            return nodes.dropLast().map { child($0, .to(whenTrue), .next) }
                + nodes.suffix(1).map { child($0, .to(whenTrue), .to(whenFalse)) }
        case "not":
            guard nodes.count == 1 else { throw .wrongNumberOfNodes }
            return nodes.map { child($0, .to(whenFalse), .to(whenTrue)) }
        default:
            throw .unknownOperator(parent.node.op)
        }
    }
}
