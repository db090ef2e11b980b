/// A rule was broken.
public struct ContractViolation: Error, Hashable, CustomStringConvertible {
    /// The rule, in words.
    public var rule: String
    /// What was seen, and what should have been.
    public var text: String

    public var description: String { "\(rule): \(text)" }
}

/// What a rule checks with. The rule's name is added by whoever runs it.
struct Expectation {
    let rule: String

    func equal<Value: Equatable>(_ seen: Value, _ wanted: Value, _ what: String) throws(ContractViolation) {
        if seen != wanted { throw ContractViolation(rule: rule, text: "\(what): is \(seen), should be \(wanted)") }
    }

    func that(_ holds: Bool, _ what: String) throws(ContractViolation) {
        if !holds { throw ContractViolation(rule: rule, text: "\(what): is not so") }
    }
}
