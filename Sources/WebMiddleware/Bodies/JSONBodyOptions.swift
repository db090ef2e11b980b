/// What a body may be.
public struct JSONBodyOptions: Hashable, Sendable {
    /// So many bytes at most; 413 beyond. Default 1 MiB.
    public var maxBytes = 1 << 20
    /// So deep at most: lists and objects within each other; 400 beyond. Default 32.
    public var maxDepth = 32

    /// The defaults.
    public init() {}
}

/// What is left to check when a body has the right form: how long, how much, what with what.
///
/// ```swift
/// struct Order: Decodable, Validatable {
///     let name: String
///     let items: [Item]
///
///     func validate(_ fields: inout FieldChecks) {
///         fields.check(!name.isEmpty, "name", "must not be empty")
///         fields.check(items.count <= 100, "items", "must have at most 100")
///         fields.each(items, "items")
///     }
/// }
/// ```
public protocol Validatable {
    /// Says all that is wrong, not only the first of it: a form shows it at once.
    func validate(_ fields: inout FieldChecks)
}

/// Collects what is wrong with the fields of a body.
public struct FieldChecks: Sendable {
    /// More are not kept.
    static let maxProblems = 100

    /// What is wrong.
    public private(set) var problems: [FieldProblem] = []
    private var path: [String] = []

    init() {}

    /// Something must be so.
    ///
    /// - Parameters:
    ///   - holds: whether it is.
    ///   - field: the field's name; empty: the whole.
    ///   - detail: what is wrong otherwise, such as "must not be empty".
    public mutating func check(_ holds: Bool, _ field: String = "", _ detail: @autoclosure () -> String) {
        guard !holds, problems.count < Self.maxProblems else { return }
        problems.append(FieldProblem(field.isEmpty ? path : path + [field], detail()))
    }

    /// Checks an object within.
    public mutating func within(_ field: String, _ checks: (inout FieldChecks) -> Void) {
        path.append(field)
        checks(&self)
        path.removeLast()
    }

    /// Checks a value within by its own rules.
    public mutating func nested(_ value: some Validatable, _ field: String) {
        within(field) { value.validate(&$0) }
    }

    /// Checks each element of a list by its own rules.
    public mutating func each(_ values: [some Validatable], _ field: String) {
        within(field) { fields in
            for (index, value) in values.enumerated() where fields.problems.count < Self.maxProblems { fields.nested(value, "\(index)") }
        }
    }
}
